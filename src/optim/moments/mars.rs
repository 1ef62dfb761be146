use super::adam::{Adam, AdamDirection};
use crate::error::Error;
use crate::math::{self, Coefficient, Factor};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction, Found, Pass, Passes, Scope, Terms};

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
    /// State: m (`exp_avg`), v (`exp_avg_sq`) and g₋ (`last_grad`), zeros at the start. Looks at each tensor: the
    /// sum of c².
    pub struct Mars {
        lr: f64 in NonNegative = 3e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.99,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-8,
        /// How much of the change counts.
        gamma: f64 in NonNegative = 0.025,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
    }
}

impl Optimizer<3> for Mars {
    type Clock = u64;
    type Rule = DecayedDescent<MarsDirection>;
    const SLOTS: [Slot<Self>; 3] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq"), Slot::signed("last_grad")];

    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let Mars { lr, beta1, beta2, eps, gamma, weight_decay, decay_form, maximize } = *self;
        let change = Coefficient::new(beta1) / Coefficient::new(beta1).complement() * Coefficient::new(gamma);
        let of_change = math::coefficient("gamma", gamma, change)?;
        let direction = MarsDirection {
            of_change: if t == 1 { 0.0 } else { of_change },
            scale: Factor::ONE,
            adam: AdamDirection::new(&Adam { lr, beta1, beta2, eps, ..Adam::DEFAULT }, t)?,
        };
        Ok(descent(maximize, decay(decay_form, weight_decay, Coefficient::new(lr))?, direction))
    }
}

/// Adam's update from a gradient with its change since the last step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarsDirection {
    of_change: f32,
    scale: Factor,
    adam: AdamDirection,
}

impl MarsDirection {
    /// c before its norm is bounded.
    #[inline(always)]
    fn corrected<R: Real>(&self, g: R, last: R) -> R {
        g + R::splat(self.of_change) * (g - last)
    }
}

impl Direction<3> for MarsDirection {
    const PASSES: Passes = Passes::of(Pass::over(Scope::Tensor, 1));

    #[inline(always)]
    fn terms<R: Real>(&self, _: usize, _: R, g: R, [_, _, last]: [R; 3]) -> Terms<R> {
        let c = self.corrected(g, last);
        Terms::of([[c, c]])
    }

    #[inline]
    fn found(&mut self, _: usize, found: &mut Found<3>) {
        let [norm, ..] = found.sums.map(crate::math::sqrt);
        self.scale = if norm <= 1.0 { Factor::ONE } else { Factor::new(1.0 / norm) };
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m, v, last]: [R; 3]) -> (R, [R; 3]) {
        let c = self.scale.times(self.corrected(g, last));
        let (update, [m, v]) = self.adam.lane(p, c, [m, v]);
        (update, [m, v, g])
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 3] {
        let [m, v] = self.adam.fades_below();
        [m, v, 0.0]
    }
}
