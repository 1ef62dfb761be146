use super::second_moment::{Epsilon, SecondMoment};
use super::{Optimizer, next_step};
use crate::rule::DecoupledDecay;
use crate::{Adapter, Ema, Error, Objective, Real, Rule, check};

/// Adam that normalises by the last step's second moment before it averages: it converges for any β2.
///
/// ```text
/// t = 1:  v ← g², and nothing else
/// after:  u = clamp(g / max(√v, eps), ±(t−1)^¼)
///         m ← β1·m + (1−β1)·u
///         p ← p − lr·m
///         v ← β2·v + (1−β2)·g²
/// ```
///
/// Source: Taniguchi et al., "ADOPT: Modified Adam Can Converge with Any β2 with the Optimal Rate", 2024,
/// arXiv 2411.02853. State: `[m, v]`, zeros at the start. The default is the paper's and `optax.contrib.adopt`'s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adopt {
    /// Learning rate, at least 0. Default 0.001.
    pub lr: f64,
    /// Decay rate of the first moment, in [0, 1). Default 0.9.
    pub beta1: f64,
    /// Decay rate of the second moment, in [0, 1). Default 0.9999.
    pub beta2: f64,
    /// The least denominator, at least 0. Default 1e-6.
    pub eps: f64,
    /// Clips u, as the paper's later version does. Default true.
    pub clip: bool,
    /// Decoupled decay: p shrinks by `lr · weight_decay` of itself each step after the first. At least 0. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending; the decay still shrinks. Default false.
    pub maximize: bool,
}

impl Default for Adopt {
    fn default() -> Self {
        Adopt { lr: 1e-3, beta1: 0.9, beta2: 0.9999, eps: 1e-6, clip: true, weight_decay: 0.0, maximize: false }
    }
}

impl Adopt {
    /// `optax.contrib.adopt`, the default.
    pub fn optax() -> Self {
        Adopt::default()
    }
}

/// One step of [`Adopt`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdoptRule {
    objective: Objective,
    decay: DecoupledDecay,
    first: Ema,
    second: SecondMoment,
    lr: f32,
    eps: f32,
    clip: f32,
}

impl Optimizer<2> for Adopt {
    type Clock = u64;
    type Rule = AdoptRule;

    fn tick(&self, clock: &mut u64) -> Result<AdoptRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::non_negative("lr", self.lr)?;
        check::fraction("beta2", self.beta2)?;
        check::non_negative("eps", self.eps)?;
        // The first step fills v and moves nothing: u is finite, clipped to zero.
        let filling = step == 1;
        let (beta2, eps) = if filling { (0.0, 1.0) } else { (self.beta2, self.eps) };
        let clip = libm::sqrt(libm::sqrt((step - 1) as f64));
        let rule = AdoptRule {
            objective: Objective::new(self.maximize, 0.0)?,
            decay: DecoupledDecay::of_step(if filling { 0.0 } else { lr }, self.weight_decay)?,
            first: Ema::new("beta1", self.beta1)?,
            second: SecondMoment::new("beta2", beta2, Epsilon::outside(eps), 1.0)?,
            lr: lr as f32,
            eps: eps as f32,
            clip: if self.clip || filling { clip as f32 } else { f32::INFINITY },
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<2> for AdoptRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(AdoptRule { objective: self.objective.plain::<false>()?, decay: self.decay.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let g = self.objective.grad(p, g);
        let u = g / v.sqrt().max(R::splat(self.eps));
        let u = u.max(R::splat(-self.clip)).min(R::splat(self.clip));
        let (m, v) = (self.first.of(m, u), self.second.of(v, g));
        let p = p - self.decay.add_to(R::splat(self.lr) * m, p);
        (p, [m.flush_below(f32::MIN_POSITIVE), self.second.stored(v)])
    }
}
