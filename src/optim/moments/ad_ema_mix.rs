use crate::error::Error;
use crate::math::{self, Coefficient, Ema, SecondMoment, TINY, bias_correction};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Adam with a second, much slower average of the gradients mixed in.
    ///
    /// ```text
    /// m1 ← β1·m1 + (1−β1)·g;  m2 ← β3·m2 + (1−β3)·g;  v ← β2·v + (1−β2)·g²
    /// p ← p − lr · [(m̂1 + α·m2) / (√v̂ + eps) + wd·p]
    /// ```
    ///
    /// With a warm-up of T steps, α grows linearly to its value and β3 from β1 so that its half-life grows linearly.
    ///
    /// Source: Pagliardini, Ablin & Grangier, "The AdEMAMix Optimizer: Better, Faster, Older", 2024, arXiv 2409.03137.
    /// The default is `optax.contrib.ademamix`'s: no warm-up.
    /// State: m1 (`exp_avg`), m2 (`exp_avg_slow`) and v (`exp_avg_sq`), zeros at the start.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    pub struct AdEmaMix {
        lr: f64 in NonNegative = 1e-3,
        /// Decay rate of the fast average.
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Decay rate of the slow average.
        beta3: f64 in Fraction = 0.9999,
        /// Weight α of the slow average.
        alpha: f64 in NonNegative = 5.0,
        /// Added to the root. At 0: see [limits](crate::optim#limits).
        eps: f64 in NonNegative = 1e-8,
        /// Added to v̂ inside the root.
        eps_root: f64 in NonNegative = 0.0,
        /// Steps over which α warms up; 0 for none.
        alpha_warmup: u64 = 0,
        /// Steps over which β3 warms up; 0 for none.
        beta3_warmup: u64 = 0,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
    }
    presets {
        /// `optax.contrib.ademamix`, the default.
        optax = {};
    }
}

impl AdEmaMix {
    fn alpha_at(&self, t: u64) -> Coefficient {
        let alpha = Coefficient::new(self.alpha);
        if t < self.alpha_warmup { alpha * Coefficient::from(t) / Coefficient::from(self.alpha_warmup) } else { alpha }
    }

    fn beta3_at(&self, t: u64) -> f64 {
        if t >= self.beta3_warmup || self.beta1 == 0.0 || self.beta3 == 0.0 {
            return self.beta3;
        }
        let (start, end) = (libm::log(self.beta1), libm::log(self.beta3));
        let done = t as f64 / self.beta3_warmup as f64;
        libm::exp(start * end / ((1.0 - done) * end + done * start)).min(self.beta3)
    }
}

impl Optimizer<3> for AdEmaMix {
    type Clock = u64;
    type Rule = DecayedDescent<AdEmaMixDirection>;
    const SLOTS: [Slot<Self>; 3] = [Slot::signed("exp_avg"), Slot::signed("exp_avg_slow"), Slot::squares("exp_avg_sq")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let (lr, seen2) = (Coefficient::new(self.lr), bias_correction(self.beta2, t));
        let scale = lr * seen2.sqrt();
        let direction = AdEmaMixDirection {
            fast: Ema::unchecked(self.beta1),
            slow: Ema::unchecked(self.beta3_at(t)),
            second: SecondMoment::both(self.beta2, self.eps, self.eps_root, false, seen2)?,
            fast_scale: math::coefficient("lr", self.lr, scale / bias_correction(self.beta1, t))?,
            slow_scale: math::coefficient("alpha", self.alpha, scale * self.alpha_at(t))?,
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, lr)?, direction))
    }
}

/// Adam's update from a fast and a slow average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdEmaMixDirection {
    fast: Ema,
    slow: Ema,
    second: SecondMoment,
    fast_scale: f32,
    slow_scale: f32,
}

impl Direction<3> for AdEmaMixDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [fast, slow, v]: [R; 3]) -> (R, [R; 3]) {
        let fast = self.fast.of(fast, g);
        let slow = self.slow.of(slow, g);
        let v = self.second.of(v, g);
        let mix = R::splat(self.fast_scale) * fast + R::splat(self.slow_scale) * slow;
        (mix / self.second.root(v), [fast, slow, v])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        Some(AdEmaMixDirection {
            fast: self.fast.slow()?,
            slow: self.slow.slow()?,
            second: self.second.usual()?,
            ..self
        })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 3] {
        [TINY, TINY, self.second.fades_below()]
    }
}
