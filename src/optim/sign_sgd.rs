use super::{Optimizer, next_step};
use crate::{Adapter, Ema, Error, Objective, Real, Rule, check};

/// Every element moves by exactly `lr`, whatever the size of its gradient.
///
/// ```text
/// p ← p − lr · sign(g)        sign(0) = 0
/// ```
///
/// Source: Bernstein, Wang, Azizzadenesheli & Anandkumar, "signSGD: Compressed Optimisation for Non-Convex Problems",
/// 2018, arXiv 1802.04434; `optax.sign_sgd`. No state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignSgd {
    /// Learning rate, at least 0. Default 0.001.
    pub lr: f64,
    /// Coupled L2 penalty: `g + weight_decay · p` before the sign. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for SignSgd {
    fn default() -> Self {
        SignSgd { lr: 1e-3, weight_decay: 0.0, maximize: false }
    }
}

impl SignSgd {
    /// `optax.sign_sgd`, the default.
    pub fn optax() -> Self {
        SignSgd::default()
    }
}

/// One step of [`SignSgd`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignSgdRule {
    objective: Objective,
    lr: f32,
}

impl Optimizer<0> for SignSgd {
    type Clock = u64;
    type Rule = SignSgdRule;

    fn tick(&self, clock: &mut u64) -> Result<SignSgdRule, Error> {
        let step = next_step(*clock)?;
        let rule = SignSgdRule {
            objective: Objective::new(self.maximize, self.weight_decay)?,
            lr: check::non_negative("lr", self.lr)? as f32,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<0> for SignSgdRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(SignSgdRule { objective: self.objective.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, []: [R; 0]) -> (R, [R; 0]) {
        (p - R::splat(self.lr) * self.objective.grad(p, g).sign(), [])
    }
}

/// [`SignSgd`] with momentum.
///
/// ```text
/// m ← β·m + (1−β)·g
/// p ← p − lr · sign(m)        sign(0) = 0
/// ```
///
/// Source: the same paper. State: `[m]`, zeros at the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signum {
    /// Learning rate, at least 0. Default 0.001.
    pub lr: f64,
    /// Decay rate β of the moment, in [0, 1). Default 0.9.
    pub beta: f64,
    /// Coupled L2 penalty: `g + weight_decay · p`. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for Signum {
    fn default() -> Self {
        Signum { lr: 1e-3, beta: 0.9, weight_decay: 0.0, maximize: false }
    }
}

/// One step of [`Signum`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignumRule {
    objective: Objective,
    moment: Ema,
    lr: f32,
}

impl Optimizer<1> for Signum {
    type Clock = u64;
    type Rule = SignumRule;

    fn tick(&self, clock: &mut u64) -> Result<SignumRule, Error> {
        let step = next_step(*clock)?;
        let rule = SignumRule {
            objective: Objective::new(self.maximize, self.weight_decay)?,
            moment: Ema::new("beta", self.beta)?,
            lr: check::non_negative("lr", self.lr)? as f32,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<1> for SignumRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(SignumRule { objective: self.objective.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m]: [R; 1]) -> (R, [R; 1]) {
        let m = self.moment.of(m, self.objective.grad(p, g));
        (p - R::splat(self.lr) * m.sign(), [m.flush_below(f32::MIN_POSITIVE)])
    }
}
