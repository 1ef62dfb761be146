use super::{Optimizer, fill, next_step};
use crate::{Adapter, Error, Objective, Real, Rule, check};

/// Resilient backpropagation, for full batches: only the sign of a gradient counts, and each element has its own step.
///
/// ```text
/// s = sign(g)·sign(g₋)
/// η ← clamp(η · (etaplus where s > 0, etaminus where s < 0, 1 where s = 0), step_min, step_max)
/// g ← 0 where s < 0
/// p ← p − η · sign(g);  g₋ ← g
/// ```
///
/// Source: Riedmiller & Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm",
/// 1993. State: `[g₋, η]`; η starts at `lr`: fill it with [`Optimizer::init`].
///
/// The default is `torch.optim.Rprop`. PyTorch takes the sign of `g·g₋`, which is zero where the product underflows.
///
/// | preset | the move of step t |
/// |---|---|
/// | [`Rprop::torch`], the default | is made at t |
/// | [`Rprop::optax`] | is made at t+1, unless the sign changes there: `p ← p − η₋·sign(g₋)` where s ≥ 0 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rprop {
    /// The first step size of every element, at least 0. Default 0.01.
    pub lr: f64,
    /// Shrinks the step after a change of sign, in [0, 1). Default 0.5.
    pub etaminus: f64,
    /// Grows the step where the sign stays, at least 1. Default 1.2.
    pub etaplus: f64,
    /// The smallest step, at least 0. Default 1e-6.
    pub step_min: f64,
    /// The largest step, at least `step_min`. Default 50.
    pub step_max: f64,
    /// Makes each move one step late, as optax does. Default false.
    pub delayed: bool,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for Rprop {
    fn default() -> Self {
        Rprop { lr: 0.01, etaminus: 0.5, etaplus: 1.2, step_min: 1e-6, step_max: 50.0, delayed: false, maximize: false }
    }
}

impl Rprop {
    /// `torch.optim.Rprop`, the default.
    pub fn torch() -> Self {
        Rprop::default()
    }

    /// `optax.rprop`: each move is made one step late.
    pub fn optax() -> Self {
        Rprop { delayed: true, ..Rprop::default() }
    }
}

/// One step of [`Rprop`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RpropRule {
    objective: Objective,
    etaminus: f32,
    etaplus: f32,
    step_min: f32,
    step_max: f32,
    delayed: bool,
}

impl Optimizer<2> for Rprop {
    type Clock = u64;
    type Rule = RpropRule;

    fn tick(&self, clock: &mut u64) -> Result<RpropRule, Error> {
        let step = next_step(*clock)?;
        check::non_negative("lr", self.lr)?;
        let step_min = check::non_negative("step_min", self.step_min)?;
        let rule = RpropRule {
            objective: Objective::new(self.maximize, 0.0)?,
            etaminus: check::fraction("etaminus", self.etaminus)? as f32,
            etaplus: check::at_least("etaplus", self.etaplus, 1.0)? as f32,
            step_min: step_min as f32,
            step_max: check::at_least("step_max", self.step_max, step_min)? as f32,
            delayed: self.delayed,
        };
        *clock = step;
        Ok(rule)
    }

    fn init(&self, params: &[f32], state: [&mut [f32]; 2]) -> Result<(), Error> {
        fill(params, state, [0.0, check::non_negative("lr", self.lr)? as f32])
    }
}

impl Rule<2> for RpropRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(RpropRule { objective: self.objective.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [last, size]: [R; 2]) -> (R, [R; 2]) {
        let g = self.objective.grad(p, g);
        let zero = R::splat(0.0);
        let agreement = g.sign() * last.sign();
        let (kept, changed) = (zero.lt(agreement), agreement.lt(zero));
        let factor = R::select(changed, R::splat(self.etaminus), R::splat(1.0));
        let factor = R::select(kept, R::splat(self.etaplus), factor);
        let grown = (size * factor).max(R::splat(self.step_min)).min(R::splat(self.step_max));
        let update = if self.delayed { size * last.sign() } else { grown * g.sign() };
        (p - R::select(changed, zero, update), [R::select(changed, zero, g), grown])
    }
}
