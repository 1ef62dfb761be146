use super::{Optimizer, next_step};
use crate::{Adapter, Error, Objective, Real, Rule, check};

/// Momentum as textbooks and Keras write it, with the learning rate inside the buffer.
///
/// ```text
/// v ← μ·v − lr·g
/// p ← p + v
/// ```
///
/// Source: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
/// State: `[v]`, zeros at the start.
///
/// It differs from [`Momentum`](super::Momentum), PyTorch's form, as soon as `lr` changes: here earlier gradients keep
/// the rate that they came with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeavyBall {
    /// Learning rate, at least 0. Default 0.01.
    pub lr: f64,
    /// Momentum μ, in [0, 1). Default 0.9.
    pub momentum: f64,
    /// Coupled L2 penalty: `g + weight_decay · p`. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for HeavyBall {
    fn default() -> Self {
        HeavyBall { lr: 0.01, momentum: 0.9, weight_decay: 0.0, maximize: false }
    }
}

impl HeavyBall {
    /// The textbooks' momentum, the default.
    pub fn textbook() -> Self {
        HeavyBall::default()
    }

    /// `keras.optimizers.SGD(momentum=0.9)`, the same form and values.
    pub fn keras() -> Self {
        HeavyBall::default()
    }
}

/// One step of [`HeavyBall`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeavyBallRule {
    objective: Objective,
    lr: f32,
    momentum: f32,
}

impl Optimizer<1> for HeavyBall {
    type Clock = u64;
    type Rule = HeavyBallRule;

    fn tick(&self, clock: &mut u64) -> Result<HeavyBallRule, Error> {
        let step = next_step(*clock)?;
        let rule = HeavyBallRule {
            lr: check::non_negative("lr", self.lr)? as f32,
            momentum: check::fraction("momentum", self.momentum)? as f32,
            objective: Objective::new(self.maximize, self.weight_decay)?,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<1> for HeavyBallRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(HeavyBallRule { objective: self.objective.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [v]: [R; 1]) -> (R, [R; 1]) {
        let g = self.objective.grad(p, g);
        let v = R::splat(self.momentum) * v - R::splat(self.lr) * g;
        (p + v, [v.flush_below(f32::MIN_POSITIVE)])
    }
}
