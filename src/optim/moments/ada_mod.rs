use crate::error::Error;
use crate::math::{self, Coefficient, Ema, LEAST_ROOT, TINY, bias_correction};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Adam whose step sizes are bounded by their own average.
    ///
    /// ```text
    /// m ← β1·m + (1−β1)·g
    /// v ← β2·v + (1−β2)·g²
    /// η ← lr · √(1−β2ᵗ)/(1−β1ᵗ) / (√v + eps)
    /// s ← β3·s + (1−β3)·η
    /// p ← p − min(η, s) · m
    /// ```
    ///
    /// Source: Ding et al., "An Adaptive and Momental Bound Method for Stochastic Learning", 2019, arXiv 1910.12249.
    /// State: m (`exp_avg`), v (`exp_avg_sq`) and s (`exp_avg_lr`), zeros at the start.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    ///
    /// | preset | beta2 |
    /// |---|---|
    /// | [`AdaMod::paper`], the default | 0.999 |
    /// | [`AdaMod::pytorch_optimizer`] | 0.99 |
    pub struct AdaMod {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Decay rate of the average of step sizes.
        beta3: f64 in Fraction = 0.9999,
        /// Added to the root of v, which is not corrected.
        eps: f64 in NonNegative = 1e-8,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
    }
    presets {
        /// The paper's, the default.
        paper = {};
        /// `pytorch_optimizer.AdaMod`.
        pytorch_optimizer = { beta2: 0.99, };
    }
}

impl Optimizer<3> for AdaMod {
    type Clock = u64;
    type Rule = DecayedDescent<AdaModDirection>;
    const SLOTS: [Slot<Self>; 3] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq"), Slot::squares("exp_avg_lr")];

    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let lr = Coefficient::new(self.lr);
        let (seen1, seen2) = (bias_correction(self.beta1, t), bias_correction(self.beta2, t));
        let scale = lr * seen2.sqrt() / seen1;
        let eps = math::rounded(self.eps).max(LEAST_ROOT);
        // The size of a step where v is 0.
        math::coefficient("lr", self.lr, scale / Coefficient::new(eps as f64))?;
        let direction = AdaModDirection {
            first: Ema::unchecked(self.beta1),
            second: Ema::unchecked(self.beta2),
            sizes: Ema::unchecked(self.beta3),
            scale: math::coefficient("lr", self.lr, scale)?,
            eps,
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, lr)?, direction))
    }
}

/// The moment times a bounded step size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaModDirection {
    first: Ema,
    second: Ema,
    sizes: Ema,
    scale: f32,
    eps: f32,
}

impl Direction<3> for AdaModDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v, s]: [R; 3]) -> (R, [R; 3]) {
        let (m, v) = (self.first.of(m, g), self.second.of(v, g * g));
        let size = R::splat(self.scale) / (v.sqrt() + R::splat(self.eps));
        let s = self.sizes.of(s, size);
        // NaN of either is NaN: a size that is NaN has made s so.
        (s.min(size) * m, [m, v, s])
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 3] {
        [TINY, self.second.held_below(), 0.0]
    }
}
