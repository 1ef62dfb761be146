use super::{Optimizer, next_step};
use crate::rule::DecoupledDecay;
use crate::simd::{self, Streams};
use crate::{Adapter, Backend, Ema, Error, Objective, Real, Rule, check};

/// Second-order clipped steps: the gradient's average over the Hessian's diagonal, at most `lr` an element.
///
/// ```text
/// m ← β1·m + (1−β1)·g
/// p ← p − lr · (clamp(m / max(γ·h, eps), ±1) + wd·p)
/// every k steps, from the caller's estimate ĥ:  h ← β2·h + (1−β2)·ĥ
/// ```
///
/// Source: Liu, Li, Hall, Liang & Ma, "Sophia: A Scalable Stochastic Second-order Optimizer for Language Model
/// Pre-training", 2023, arXiv 2305.14342. State: `[m, h]`, zeros at the start.
///
/// The caller estimates the diagonal (Hutchinson, or Gauss-Newton-Bartlett from sampled labels), every ten steps or
/// so, and passes it to [`Sophia::update_hessian`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sophia {
    /// Learning rate, at least 0. Default 0.001.
    pub lr: f64,
    /// Decay rate of the gradient's average, in [0, 1). Default 0.965.
    pub beta1: f64,
    /// Decay rate of the Hessian's average, in [0, 1). Default 0.99.
    pub beta2: f64,
    /// Factor γ of the Hessian, at least 0. Default 0.01.
    pub gamma: f64,
    /// The least denominator, at least 0. Default 1e-8.
    pub eps: f64,
    /// Decoupled decay: p shrinks by `lr · weight_decay` of itself each step. At least 0. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending; the decay still shrinks. Default false.
    pub maximize: bool,
}

impl Default for Sophia {
    fn default() -> Self {
        Sophia { lr: 1e-3, beta1: 0.965, beta2: 0.99, gamma: 0.01, eps: 1e-8, weight_decay: 0.0, maximize: false }
    }
}

impl Sophia {
    /// `optax.contrib.sophia`: decay 1e-4.
    pub fn optax() -> Self {
        Sophia { weight_decay: 1e-4, ..Sophia::default() }
    }

    /// Averages a new estimate of the Hessian's diagonal into h, the second state slot.
    ///
    /// # Errors
    /// [`Error::Length`] where the estimate (named as the gradients) is not as long as h,
    /// [`Error::HyperParameter`] for a `beta2` out of range. Nothing has been written then.
    pub fn update_hessian(&self, h: &mut [f32], estimate: &[f32]) -> Result<(), Error> {
        let rule = HessianRule { average: Ema::new("beta2", self.beta2)? };
        simd::run(Backend::active(), &rule, Streams::new(h, estimate, [])?)
    }
}

#[derive(Clone, Copy)]
struct HessianRule {
    average: Ema,
}

impl Rule<0> for HessianRule {
    #[inline(always)]
    fn lane<R: Real>(&self, h: R, estimate: R, []: [R; 0]) -> (R, [R; 0]) {
        (self.average.of(h, estimate).flush_below(f32::MIN_POSITIVE), [])
    }
}

/// One step of [`Sophia`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SophiaRule {
    objective: Objective,
    decay: DecoupledDecay,
    average: Ema,
    gamma: f32,
    eps: f32,
    lr: f32,
}

impl Optimizer<2> for Sophia {
    type Clock = u64;
    type Rule = SophiaRule;

    fn tick(&self, clock: &mut u64) -> Result<SophiaRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::non_negative("lr", self.lr)?;
        check::fraction("beta2", self.beta2)?;
        let rule = SophiaRule {
            objective: Objective::new(self.maximize, 0.0)?,
            decay: DecoupledDecay::of_step(lr, self.weight_decay)?,
            average: Ema::new("beta1", self.beta1)?,
            gamma: check::non_negative("gamma", self.gamma)? as f32,
            eps: check::non_negative("eps", self.eps)? as f32,
            lr: lr as f32,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<2> for SophiaRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(SophiaRule { objective: self.objective.plain::<false>()?, decay: self.decay.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m, h]: [R; 2]) -> (R, [R; 2]) {
        let g = self.objective.grad(p, g);
        let m = self.average.of(m, g);
        let ratio = m / (R::splat(self.gamma) * h).max(R::splat(self.eps));
        let clipped = ratio.max(R::splat(-1.0)).min(R::splat(1.0));
        let p = p - self.decay.add_to(R::splat(self.lr) * clipped, p);
        (p, [m.flush_below(f32::MIN_POSITIVE), h])
    }
}
