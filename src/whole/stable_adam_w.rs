use super::step::{Phases, WholeOptimizer};
use crate::check;
use crate::error::Error;
use crate::math::bias_correction;
use crate::optim::Slot;
use crate::real::Real;
use crate::rule::{Measure, Penalty, Rule, Switch};
use crate::sum::Sum;

hyper_parameters! {
    /// AdamW whose learning rate falls where gradients are larger than their second moment expects.
    ///
    /// ```text
    /// m ← m + (1−β1)/(1−β1ᵗ) · (g − m)          moments that are corrected as they are averaged
    /// v ← v + (1−β2)/(1−β2ᵗ) · (g² − v)
    /// rms ← √mean(g² / max(v, eps²))              over the tensor
    /// η ← lr / max(1, rms)
    /// p ← p − η · wd · p − η · m / (√v + eps)
    /// ```
    ///
    /// Source: Wortsman et al., "Stable and low-precision training for large-scale vision-language models", 2023,
    /// arXiv 2304.13013; the defaults are those of `pytorch_optimizer.StableAdamW`.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start. Sum: of g² / max(v, eps²).
    pub struct StableAdamW {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.99,
        /// Added to the root, and the least root in the sum.
        eps: f64 in Positive = 1e-8,
        /// Weight decay, beside the step.
        weight_decay: f64 in NonNegative = 0.01,
    }
}

impl WholeOptimizer<2, 1> for StableAdamW {
    type Clock = u64;
    type Phases = StableAdamWPhases;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    fn phases(&self, t: u64, _: &mut u64) -> Result<StableAdamWPhases, Error> {
        let weight = |beta: f64| ((1.0 - beta) / bias_correction(beta, t).to_f64()) as f32;
        let moments =
            StableMoments { weight1: weight(self.beta1), weight2: weight(self.beta2), eps: check::rounded(self.eps) };
        Ok(StableAdamWPhases { moments, hyper: *self })
    }
}

/// The two phases of [`StableAdamW`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StableAdamWPhases {
    moments: StableMoments,
    hyper: StableAdamW,
}

/// The moments of [`StableAdamW`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StableMoments {
    weight1: f32,
    weight2: f32,
    eps: f32,
}

/// The rule of [`StableAdamW`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StableAdamWRule {
    moments: StableMoments,
    decay: Penalty,
    lr: f32,
}

impl StableMoments {
    #[inline(always)]
    fn second<R: Real>(&self, g: R, v: R) -> R {
        v + R::splat(self.weight2) * (g * g - v)
    }
}

impl Measure<2, 1> for StableMoments {
    /// With the root, since the square of eps underflows.
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [_, v]: [R; 2]) -> [[R; 2]; 1] {
        let surprise = g / self.second(g, v).sqrt().max(R::splat(self.eps));
        [[surprise, surprise]]
    }
}

impl Rule<2> for StableAdamWRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let m = m + R::splat(self.moments.weight1) * (g - m);
        let v = self.moments.second(g, v);
        let update = R::splat(self.lr) * (m / (v.sqrt() + R::splat(self.moments.eps)));
        (p - self.decay.add_to(update, p), [m, v])
    }

    #[inline(always)]
    fn fades(&self) -> [bool; 2] {
        [true, false]
    }
}

impl Phases<2, 1> for StableAdamWPhases {
    type Memory = ();
    type Measure = StableMoments;
    type Update = StableAdamWRule;

    fn measure(&self, (): &()) -> StableMoments {
        self.moments
    }

    fn update(&self, [surprise]: &[Sum; 1], (): &mut ()) -> StableAdamWRule {
        let rms = libm::sqrt(surprise.mean());
        let lr = if rms <= 1.0 { self.hyper.lr } else { self.hyper.lr / rms };
        let decay = Penalty::new((lr * self.hyper.weight_decay) as f32);
        StableAdamWRule { moments: self.moments, decay, lr: lr as f32 }
    }
}
