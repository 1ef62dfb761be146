use crate::error::Error;
use crate::math::{self, Coefficient, Ema, LEAST_ROOT, TINY};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Adam whose update is between that of the moments and that of the gradient alone.
    ///
    /// ```text
    /// m ← m + (1−β1)/(1−β1ᵗ) · (g − m)          moments that are corrected as they are averaged
    /// v ← v + (1−β2)/(1−β2ᵗ) · (g² − v)
    /// p ← p − lr · (ν1·m + (1−ν1)·g) / (√(ν2·v + (1−ν2)·g²) + eps)
    /// ```
    ///
    /// Source: Ma & Yarats, "Quasi-hyperbolic momentum and Adam for deep learning", 2018, arXiv 1810.06801.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start. With ν1 and ν2 of 1 it is Adam.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    ///
    /// | preset | nu1 | nu2 |
    /// |---|---|---|
    /// | [`QhAdam::paper`], the default and the authors' package | 0.7 | 1 |
    /// | [`QhAdam::pytorch_optimizer`] | 1 | 1 |
    pub struct QhAdam {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// How much the first moment counts.
        nu1: f64 in Share = 0.7,
        /// How much the second moment counts.
        nu2: f64 in Share = 1.0,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-8,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// The paper's and the authors' package, the default.
        paper = {};
        /// `pytorch_optimizer.QHAdam`.
        pytorch_optimizer = { nu1: 1.0, };
    }
}

impl Optimizer<2> for QhAdam {
    type Clock = u64;
    type Rule = DecayedDescent<QhAdamDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let direction = QhAdamDirection {
            first: Ema::corrected(self.beta1, t),
            second: Ema::corrected(self.beta2, t),
            // Toward the moments from the gradient, and from the nearer end.
            mean: Ema::of_weight(Coefficient::new(self.nu1)),
            square: Ema::of_weight(Coefficient::new(self.nu2)),
            eps: math::rounded(self.eps).max(LEAST_ROOT),
            lr: math::rounded(self.lr),
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

/// Adam's update with a part of the gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QhAdamDirection {
    first: Ema,
    second: Ema,
    mean: Ema,
    square: Ema,
    eps: f32,
    lr: f32,
}

impl Direction<2> for QhAdamDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let squared = g * g;
        let (m, v) = (self.first.of(m, g), self.second.of(v, squared));
        let (mean, square) = (self.mean.of(g, m), self.square.of(squared, v));
        (R::splat(self.lr) * (mean / (square.sqrt() + R::splat(self.eps))), [m, v])
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        [TINY, self.second.held_below()]
    }
}
