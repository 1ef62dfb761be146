use super::second_moment::{Epsilon, SecondMoment};
use super::{Optimizer, bias_correction, next_step};
use crate::rule::DecoupledDecay;
use crate::{Adapter, Ema, Error, Objective, Real, Rule, check};

/// Adam that divides by how far gradients stray from their average.
///
/// ```text
/// m ← β1·m + (1−β1)·g
/// s ← β2·s + (1−β2)·(g−m)² + eps_root        with the new m
/// p ← p − lr · m̂ / (√ŝ + eps)
/// ```
///
/// Source: Zhuang et al., "AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients", 2020,
/// arXiv 2010.07468. State: `[m, s]`, zeros at the start; `eps_root` accumulates in s.
///
/// The default is `optax.adabelief` and the paper's; Keras and timm add options that are other optimizers here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaBelief {
    /// Learning rate, at least 0. Default 0.001.
    pub lr: f64,
    /// Decay rate of the first moment, in [0, 1). Default 0.9.
    pub beta1: f64,
    /// Decay rate of s, in [0, 1). Default 0.999.
    pub beta2: f64,
    /// Added to the root, at least 0. Default 1e-16.
    pub eps: f64,
    /// Added to s at every step, at least 0. Default 1e-16.
    pub eps_root: f64,
    /// Decoupled decay: p shrinks by `lr · weight_decay` of itself each step. At least 0. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for AdaBelief {
    fn default() -> Self {
        AdaBelief {
            lr: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-16,
            eps_root: 1e-16,
            weight_decay: 0.0,
            maximize: false,
        }
    }
}

impl AdaBelief {
    /// `optax.adabelief`, the default.
    pub fn optax() -> Self {
        AdaBelief::default()
    }
}

/// One step of [`AdaBelief`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaBeliefRule {
    objective: Objective,
    decay: DecoupledDecay,
    beta1: f32,
    first: Ema,
    spread: SecondMoment,
    eps_root: f32,
    scale: f32,
}

impl Optimizer<2> for AdaBelief {
    type Clock = u64;
    type Rule = AdaBeliefRule;

    fn tick(&self, clock: &mut u64) -> Result<AdaBeliefRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::non_negative("lr", self.lr)?;
        let (first, seen2) = (Ema::new("beta1", self.beta1)?, bias_correction(self.beta2, step));
        let rule = AdaBeliefRule {
            objective: Objective::new(self.maximize, 0.0)?,
            decay: DecoupledDecay::of_step(lr, self.weight_decay)?,
            beta1: self.beta1 as f32,
            first,
            spread: SecondMoment::new("beta2", self.beta2, Epsilon::outside(self.eps), seen2)?,
            eps_root: check::non_negative("eps_root", self.eps_root)? as f32,
            scale: check::coefficient("lr", lr * libm::sqrt(seen2) / bias_correction(self.beta1, step))?,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<2> for AdaBeliefRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(AdaBeliefRule {
            objective: self.objective.plain::<false>()?,
            decay: self.decay.plain::<DECAYS>()?,
            spread: self.spread.plain()?,
            ..self
        })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m, s]: [R; 2]) -> (R, [R; 2]) {
        let g = self.objective.grad(p, g);
        // g less the new average, from the old one: the new one has been rounded and the difference would show it.
        let surprise = R::splat(self.beta1) * (g - m);
        let m = self.first.of(m, g);
        let s = self.spread.of(s, surprise) + R::splat(self.eps_root);
        let update = R::splat(self.scale) * (m / self.spread.root(s));
        let p = p - self.decay.add_to(update, p);
        (p, [m.flush_below(f32::MIN_POSITIVE), self.spread.stored(s)])
    }
}
