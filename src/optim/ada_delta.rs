use super::second_moment::{Epsilon, SecondMoment};
use super::{Optimizer, next_step};
use crate::{Adapter, Error, Objective, Real, Rule, check};

/// Steps in the parameters' own units, with no learning rate to choose.
///
/// ```text
/// v ← ρ·v + (1−ρ)·g²
/// δ = √(u + eps) / √(v + eps) · g
/// u ← ρ·u + (1−ρ)·δ²
/// p ← p − lr · δ
/// ```
///
/// Source: Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, arXiv 1212.5701.
/// State: `[v, u]`, zeros at the start.
///
/// | preset | lr | rho | eps |
/// |---|---|---|---|
/// | [`AdaDelta::torch`], the default; `optax.adadelta` | 1 | 0.9 | 1e-6 |
/// | [`AdaDelta::keras`] | 0.001 | 0.95 | 1e-7 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaDelta {
    /// Factor of the step, at least 0. Default 1.
    pub lr: f64,
    /// Decay rate of both averages, in [0, 1). Default 0.9.
    pub rho: f64,
    /// Added inside both roots, at least 0. Default 1e-6.
    pub eps: f64,
    /// Coupled L2 penalty: `g + weight_decay · p`. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for AdaDelta {
    fn default() -> Self {
        AdaDelta { lr: 1.0, rho: 0.9, eps: 1e-6, weight_decay: 0.0, maximize: false }
    }
}

impl AdaDelta {
    /// `torch.optim.Adadelta`, the default.
    pub fn torch() -> Self {
        AdaDelta::default()
    }

    /// `keras.optimizers.Adadelta`: lr 0.001, rho 0.95, eps 1e-7.
    pub fn keras() -> Self {
        AdaDelta { lr: 1e-3, rho: 0.95, eps: 1e-7, ..AdaDelta::default() }
    }
}

/// One step of [`AdaDelta`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaDeltaRule {
    objective: Objective,
    square: SecondMoment,
    lr: f32,
}

impl Optimizer<2> for AdaDelta {
    type Clock = u64;
    type Rule = AdaDeltaRule;

    fn tick(&self, clock: &mut u64) -> Result<AdaDeltaRule, Error> {
        let step = next_step(*clock)?;
        check::non_negative("eps", self.eps)?;
        let rule = AdaDeltaRule {
            objective: Objective::new(self.maximize, self.weight_decay)?,
            square: SecondMoment::new("rho", self.rho, Epsilon { eps: 0.0, eps_root: self.eps, hat: false }, 1.0)?,
            lr: check::non_negative("lr", self.lr)? as f32,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<2> for AdaDeltaRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(AdaDeltaRule { objective: self.objective.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [v, u]: [R; 2]) -> (R, [R; 2]) {
        let g = self.objective.grad(p, g);
        let v = self.square.of(v, g);
        let delta = self.square.root(u) / self.square.root(v) * g;
        let u = self.square.of(u, delta);
        (p - R::splat(self.lr) * delta, [self.square.stored(v), self.square.stored(u)])
    }
}
