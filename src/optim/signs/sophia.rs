use crate::error::{Error, Slice};
use crate::math::{self, Coefficient, Ema, LEAST, TINY, bias_correction};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction, Rule};
use crate::run::{Wrong, pass};

hyper_parameters! {
    /// Second-order clipped steps: the gradient's average over the Hessian's diagonal, at most `lr` an element.
    ///
    /// ```text
    /// m ← β1·m + (1−β1)·g
    /// p ← p − lr · (clamp(m / max(γ·h, eps), ±clip) + wd·p)
    /// every k steps, from the caller's estimate ĥ:  h ← β2·h + (1−β2)·ĥ
    /// ```
    ///
    /// Source: Liu, Li, Hall, Liang & Ma, "Sophia: A Scalable Stochastic Second-order Optimizer for Language Model
    /// Pre-training", 2023, arXiv 2305.14342.
    /// State: m (`exp_avg`) and h (`hessian`), zeros at the start. A step only reads h.
    ///
    /// The caller estimates the diagonal (Hutchinson, or Gauss-Newton-Bartlett from sampled labels), every ten steps or
    /// so, and passes it to [`Sophia::update_hessian`].
    pub struct Sophia {
        /// Learning rate. The default is this crate's, as optax has none and the authors' depends on the model.
        lr: f64 in NonNegative = 1e-3,
        /// Decay rate of the gradient's average.
        beta1: f64 in Fraction = 0.965,
        /// Decay rate of the Hessian's average.
        beta2: f64 in Fraction = 0.99,
        /// Factor γ of the Hessian.
        gamma: f64 in NonNegative = 0.01,
        /// The smallest denominator.
        eps: f64 in NonNegative = 1e-8,
        /// The largest step, in units of `lr`.
        clip: f64 in NonNegative = 1.0,
        /// Divides m by `1−β1ᵗ`, as optax does and the authors do not.
        bias_correction: bool = false,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
    }
    presets {
        /// `optax.contrib.sophia`: decay 1e-4, and m̂ in place of m.
        optax = { weight_decay: 1e-4, bias_correction: true, };
    }
}

impl Sophia {
    /// Averages a new estimate of the Hessian's diagonal into h, the second state slot.
    ///
    /// # Errors
    /// [`Error::Length`] where the estimate is not as long as h, [`Error::HyperParameter`] for a `beta2` out of range,
    /// [`Error::Coefficient`] for one too small for f32. Nothing has been written then.
    pub fn update_hessian(&self, h: &mut [f32], estimate: &[f32]) -> Result<(), Error> {
        let rule = HessianRule { average: Ema::new("beta2", self.beta2)? };
        pass(rule, h, estimate, Wrong::Input(Slice::Estimate))
    }
}

#[derive(Clone, Copy)]
struct HessianRule {
    average: Ema,
}

impl Rule<0> for HessianRule {
    #[inline(always)]
    fn lane<R: Real>(&self, h: R, estimate: R, []: [R; 0]) -> (R, [R; 0]) {
        (self.average.of(h, estimate).flush_below(TINY), [])
    }
}

impl Optimizer<2> for Sophia {
    type Clock = u64;
    type Rule = DecayedDescent<SophiaDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::signed("hessian").read_only()];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        // m/seen over a divisor is m over seen times the divisor.
        let seen = if self.bias_correction { bias_correction(self.beta1, t) } else { Coefficient::ONE };
        let direction = SophiaDirection {
            average: Ema::unchecked(self.beta1),
            gamma: math::coefficient("gamma", self.gamma, Coefficient::new(self.gamma) * seen)?,
            // The divisor must be above 0.
            eps: math::coefficient("eps", self.eps, Coefficient::new(self.eps) * seen)?.max(LEAST),
            clip: math::rounded(self.clip),
            lr: math::rounded(self.lr),
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

/// Sophia's update from a gradient, the moment and the Hessian's diagonal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SophiaDirection {
    average: Ema,
    gamma: f32,
    eps: f32,
    clip: f32,
    lr: f32,
}

impl Direction<2> for SophiaDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, h]: [R; 2]) -> (R, [R; 2]) {
        let m = self.average.of(m, g);
        let ratio = m / (R::splat(self.gamma) * h).max(R::splat(self.eps));
        let clipped = ratio.max(R::splat(-self.clip)).min(R::splat(self.clip));
        (R::splat(self.lr) * clipped, [m, h])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        Some(SophiaDirection { average: self.average.slow()?, ..self })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        [TINY, 0.0]
    }
}
