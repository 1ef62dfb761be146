use super::{Optimizer, next_step};
use crate::rule::DecoupledDecay;
use crate::{Adapter, Ema, Error, Objective, Real, Rule, check};

/// Evolved sign momentum: every element moves by exactly `lr`.
///
/// ```text
/// p ← p − lr · (sign(β1·m + (1−β1)·g) + wd · p)        sign(0) = 0
/// m ← β2·m + (1−β2)·g
/// ```
///
/// Source: Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, arXiv 2302.06675.
/// State: `[m]`, zeros at the start.
///
/// | preset | lr | weight_decay |
/// |---|---|---|
/// | [`Lion::paper`], the default | 1e-4 | 0 |
/// | [`Lion::optax`] | 1e-4 (optax has no default) | 1e-3 |
/// | [`Lion::keras`] | 1e-3 | 0 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lion {
    /// Learning rate, at least 0. Default 1e-4.
    pub lr: f64,
    /// Weight of the moment in the step, in [0, 1). Default 0.9.
    pub beta1: f64,
    /// Decay rate of the moment, in [0, 1). Default 0.99.
    pub beta2: f64,
    /// Decoupled decay: p shrinks by `lr · weight_decay` of itself each step. At least 0. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending; the decay still shrinks. Default false.
    pub maximize: bool,
}

impl Default for Lion {
    fn default() -> Self {
        Lion { lr: 1e-4, beta1: 0.9, beta2: 0.99, weight_decay: 0.0, maximize: false }
    }
}

impl Lion {
    /// The paper's, the default.
    pub fn paper() -> Self {
        Lion::default()
    }

    /// `optax.lion`: decay 1e-3.
    pub fn optax() -> Self {
        Lion { weight_decay: 1e-3, ..Lion::default() }
    }

    /// `keras.optimizers.Lion`: lr 1e-3.
    pub fn keras() -> Self {
        Lion { lr: 1e-3, ..Lion::default() }
    }
}

/// One step of [`Lion`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LionRule {
    objective: Objective,
    decay: DecoupledDecay,
    step: Ema,
    moment: Ema,
    lr: f32,
}

impl Optimizer<1> for Lion {
    type Clock = u64;
    type Rule = LionRule;

    fn tick(&self, clock: &mut u64) -> Result<LionRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::non_negative("lr", self.lr)?;
        let rule = LionRule {
            objective: Objective::new(self.maximize, 0.0)?,
            decay: DecoupledDecay::of_step(lr, self.weight_decay)?,
            step: Ema::new("beta1", self.beta1)?,
            moment: Ema::new("beta2", self.beta2)?,
            lr: lr as f32,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<1> for LionRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(LionRule { objective: self.objective.plain::<false>()?, decay: self.decay.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m]: [R; 1]) -> (R, [R; 1]) {
        let g = self.objective.grad(p, g);
        let update = R::splat(self.lr) * self.step.of(m, g).sign();
        let m = self.moment.of(m, g);
        (p - self.decay.add_to(update, p), [m.flush_below(f32::MIN_POSITIVE)])
    }
}
