use super::{Optimizer, next_step};
use crate::{Adapter, Error, Objective, Real, Rule, check};

/// Momentum as PyTorch writes it, with the learning rate outside the buffer.
///
/// ```text
/// b ← g at t = 1, then b ← μ·b + (1−dampening)·g
/// p ← p − lr · b, or p ← p − lr · (g + μ·b) with nesterov
/// ```
///
/// Source: Polyak 1964; Sutskever, Martens, Dahl & Hinton, "On the importance of initialization and momentum in deep
/// learning", 2013, as in `torch.optim.SGD`.
/// State: `[b]`, zeros at the start.
///
/// It differs from [`HeavyBall`](super::HeavyBall) and [`Nesterov`](super::Nesterov), the textbooks' forms, as soon as
/// `lr` changes: here the new rate applies to earlier gradients too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Momentum {
    /// Learning rate, at least 0. Default 0.01.
    pub lr: f64,
    /// Momentum μ, in [0, 1). Default 0.9.
    pub momentum: f64,
    /// Takes this fraction off each gradient after the first, in [0, 1]. Default 0.
    ///
    /// PyTorch refuses nesterov with dampening; here they combine as the formula says.
    pub dampening: f64,
    /// Steps from the look-ahead point. Default false.
    pub nesterov: bool,
    /// Coupled L2 penalty: `g + weight_decay · p`. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for Momentum {
    fn default() -> Self {
        Momentum { lr: 0.01, momentum: 0.9, dampening: 0.0, nesterov: false, weight_decay: 0.0, maximize: false }
    }
}

impl Momentum {
    /// `torch.optim.SGD(momentum=0.9)`: lr 0.001.
    pub fn torch() -> Self {
        Momentum { lr: 1e-3, ..Momentum::default() }
    }
}

/// One step of [`Momentum`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MomentumRule {
    objective: Objective,
    lr: f32,
    momentum: f32,
    share: f32,
    nesterov: bool,
}

impl Optimizer<1> for Momentum {
    type Clock = u64;
    type Rule = MomentumRule;

    fn tick(&self, clock: &mut u64) -> Result<MomentumRule, Error> {
        let step = next_step(*clock)?;
        let dampening = check::at_most_one("dampening", self.dampening)?;
        let rule = MomentumRule {
            objective: Objective::new(self.maximize, self.weight_decay)?,
            lr: check::non_negative("lr", self.lr)? as f32,
            momentum: check::fraction("momentum", self.momentum)? as f32,
            share: if step == 1 { 1.0 } else { (1.0 - dampening) as f32 },
            nesterov: self.nesterov,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<1> for MomentumRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(MomentumRule { objective: self.objective.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [b]: [R; 1]) -> (R, [R; 1]) {
        let g = self.objective.grad(p, g);
        let momentum = R::splat(self.momentum);
        let b = momentum * b + R::splat(self.share) * g;
        let direction = if self.nesterov { g + momentum * b } else { b };
        (p - R::splat(self.lr) * direction, [b.flush_below(f32::MIN_POSITIVE)])
    }
}
