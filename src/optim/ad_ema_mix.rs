use super::second_moment::{Epsilon, SecondMoment};
use super::{Optimizer, bias_correction, next_step};
use crate::rule::DecoupledDecay;
use crate::{Adapter, Ema, Error, Objective, Real, Rule, check};

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
/// State: `[m1, m2, v]`, zeros at the start. The default is `optax.contrib.ademamix`'s: no warm-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdEmaMix {
    /// Learning rate, at least 0. Default 0.001.
    pub lr: f64,
    /// Decay rate of the fast average, in [0, 1). Default 0.9.
    pub beta1: f64,
    /// Decay rate of the second moment, in [0, 1). Default 0.999.
    pub beta2: f64,
    /// Decay rate of the slow average, in [0, 1). Default 0.9999.
    pub beta3: f64,
    /// Weight α of the slow average, at least 0. Default 5.
    pub alpha: f64,
    /// Added to the root, at least 0. Default 1e-8.
    pub eps: f64,
    /// Steps over which α warms up; 0 for none, the default.
    pub alpha_warmup: u64,
    /// Steps over which β3 warms up; 0 for none, the default.
    pub beta3_warmup: u64,
    /// Decoupled decay: p shrinks by `lr · weight_decay` of itself each step. At least 0. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending; the decay still shrinks. Default false.
    pub maximize: bool,
}

impl Default for AdEmaMix {
    fn default() -> Self {
        AdEmaMix {
            lr: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            beta3: 0.9999,
            alpha: 5.0,
            eps: 1e-8,
            alpha_warmup: 0,
            beta3_warmup: 0,
            weight_decay: 0.0,
            maximize: false,
        }
    }
}

impl AdEmaMix {
    /// `optax.contrib.ademamix`, the default.
    pub fn optax() -> Self {
        AdEmaMix::default()
    }

    fn alpha_at(&self, step: u64) -> f64 {
        if step < self.alpha_warmup { self.alpha * (step as f64 / self.alpha_warmup as f64) } else { self.alpha }
    }

    fn beta3_at(&self, step: u64) -> f64 {
        if step >= self.beta3_warmup || self.beta1 == 0.0 || self.beta3 == 0.0 {
            return self.beta3;
        }
        let (start, end) = (libm::log(self.beta1), libm::log(self.beta3));
        let done = step as f64 / self.beta3_warmup as f64;
        libm::exp(start * end / ((1.0 - done) * end + done * start)).min(self.beta3)
    }
}

/// One step of [`AdEmaMix`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdEmaMixRule {
    objective: Objective,
    decay: DecoupledDecay,
    fast: Ema,
    slow: Ema,
    second: SecondMoment,
    fast_scale: f32,
    slow_scale: f32,
}

impl Optimizer<3> for AdEmaMix {
    type Clock = u64;
    type Rule = AdEmaMixRule;

    fn tick(&self, clock: &mut u64) -> Result<AdEmaMixRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::non_negative("lr", self.lr)?;
        check::non_negative("alpha", self.alpha)?;
        check::fraction("beta3", self.beta3)?;
        let (fast, seen2) = (Ema::new("beta1", self.beta1)?, bias_correction(self.beta2, step));
        let scale = lr * libm::sqrt(seen2);
        let rule = AdEmaMixRule {
            objective: Objective::new(self.maximize, 0.0)?,
            decay: DecoupledDecay::of_step(lr, self.weight_decay)?,
            fast,
            slow: Ema::new("beta3", self.beta3_at(step))?,
            second: SecondMoment::new("beta2", self.beta2, Epsilon::outside(self.eps), seen2)?,
            fast_scale: check::coefficient("lr", scale / bias_correction(self.beta1, step))?,
            slow_scale: check::coefficient("alpha", scale * self.alpha_at(step))?,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<3> for AdEmaMixRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(AdEmaMixRule {
            objective: self.objective.plain::<false>()?,
            decay: self.decay.plain::<DECAYS>()?,
            second: self.second.plain()?,
            ..self
        })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [fast, slow, v]: [R; 3]) -> (R, [R; 3]) {
        let g = self.objective.grad(p, g);
        let fast = self.fast.of(fast, g);
        let slow = self.slow.of(slow, g);
        let v = self.second.of(v, g);
        let mix = R::splat(self.fast_scale) * fast + R::splat(self.slow_scale) * slow;
        let p = p - self.decay.add_to(mix / self.second.root(v), p);
        (p, [fast.flush_below(f32::MIN_POSITIVE), slow.flush_below(f32::MIN_POSITIVE), self.second.stored(v)])
    }
}
