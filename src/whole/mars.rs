use super::step::{Phases, WholeOptimizer};
use crate::check;
use crate::error::Error;
use crate::optim::{Adam, AdamDirection, Slot};
use crate::real::Real;
use crate::rule::{Direction, Measure, Penalty, Rule, Switch};
use crate::sum::Sum;

hyper_parameters! {
    /// AdamW on gradients whose variance is reduced by the change since the last step.
    ///
    /// ```text
    /// c ← g + γ · β1/(1−β1) · (g − g₋)            g₋ the last gradient; c ← g in the first step
    /// c ← c / max(1, ‖c‖)                         over the tensor
    /// p ← p − lr · (m̂ / (√v̂ + eps) + wd · p)     m̂ and v̂ of c, as in Adam
    /// ```
    ///
    /// Source: Yuan, Liu, Wu, Zhou & Gu, "MARS: Unleashing the Power of Variance Reduction for Training Large Models", 2024,
    /// arXiv 2411.10438; the form with AdamW, as `timm.optim.Mars` has it. timm steps tensors of one dimension by AdamW.
    /// State: m (`exp_avg`), v (`exp_avg_sq`) and g₋ (`last_grad`), zeros at the start. Sum: of c².
    pub struct Mars {
        lr: f64 in NonNegative = 3e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.99,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-8,
        /// How much of the change counts.
        gamma: f64 in NonNegative = 0.025,
        /// Weight decay, beside the step.
        weight_decay: f64 in NonNegative = 0.0,
    }
}

impl WholeOptimizer<3, 1> for Mars {
    type Clock = u64;
    type Phases = MarsRule;
    const SLOTS: [Slot<Self>; 3] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq"), Slot::signed("last_grad")];

    fn phases(&self, t: u64, _: &mut u64) -> Result<MarsRule, Error> {
        let Mars { lr, beta1, beta2, eps, gamma, weight_decay } = *self;
        Ok(MarsRule {
            correction: Correction { factor: if t == 1 { 0.0 } else { (gamma * beta1 / (1.0 - beta1)) as f32 } },
            scale: 1.0,
            adam: AdamDirection::new(&Adam { lr, beta1, beta2, eps, ..Adam::DEFAULT }, t)?,
            decay: Penalty::new(check::product("weight_decay", weight_decay, lr)?),
        })
    }
}

/// What [`Mars`] adds to the gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Correction {
    factor: f32,
}

/// The two phases of [`Mars`], and its rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarsRule {
    correction: Correction,
    scale: f32,
    adam: AdamDirection,
    decay: Penalty,
}

impl Correction {
    #[inline(always)]
    fn of<R: Real>(&self, g: R, last: R) -> R {
        g + R::splat(self.factor) * (g - last)
    }
}

impl Measure<3, 1> for Correction {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [_, _, last]: [R; 3]) -> [[R; 2]; 1] {
        let c = self.of(g, last);
        [[c, c]]
    }
}

impl Rule<3> for MarsRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m, v, last]: [R; 3]) -> (R, [R; 3]) {
        let c = R::splat(self.scale) * self.correction.of(g, last);
        let (update, [m, v]) = self.adam.lane(c, [m, v]);
        (p - self.decay.add_to(update, p), [m, v, g])
    }

    #[inline(always)]
    fn fades(&self) -> [bool; 3] {
        let [m, v] = self.adam.fades();
        [m, v, false]
    }
}

impl Phases<3, 1> for MarsRule {
    type Memory = ();
    type Measure = Correction;
    type Update = MarsRule;

    fn measure(&self, (): &()) -> Correction {
        self.correction
    }

    fn update(&self, [squares]: &[Sum; 1], (): &mut ()) -> MarsRule {
        let norm = squares.root();
        MarsRule { scale: if norm <= 1.0 { 1.0 } else { (1.0 / norm) as f32 }, ..*self }
    }
}
