use super::{Optimizer, next_step};
use crate::{Adapter, Error, Objective, Real, Rule, check};

/// Nesterov's accelerated gradient as textbooks and Keras write it, seen from the look-ahead point.
///
/// ```text
/// p ← p + μ²·v − (1+μ)·lr·g        with the old v
/// v ← μ·v − lr·g
/// ```
///
/// Source: Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k²)", 1983, in the
/// form of Bengio et al., "Advances in optimizing recurrent networks", 2012, arXiv 1212.0901.
/// State: `[v]`, zeros at the start.
///
/// PyTorch's form is [`Momentum`](super::Momentum) with `nesterov`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nesterov {
    /// Learning rate, at least 0. Default 0.01.
    pub lr: f64,
    /// Momentum μ, in [0, 1). Default 0.9.
    pub momentum: f64,
    /// Coupled L2 penalty: `g + weight_decay · p`. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for Nesterov {
    fn default() -> Self {
        Nesterov { lr: 0.01, momentum: 0.9, weight_decay: 0.0, maximize: false }
    }
}

impl Nesterov {
    /// The textbooks' form, the default.
    pub fn textbook() -> Self {
        Nesterov::default()
    }

    /// `keras.optimizers.SGD(momentum=0.9, nesterov=True)`, the same form and values.
    pub fn keras() -> Self {
        Nesterov::default()
    }
}

/// One step of [`Nesterov`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NesterovRule {
    objective: Objective,
    lr: f32,
    momentum: f32,
    momentum_squared: f32,
    lookahead_lr: f32,
}

impl Optimizer<1> for Nesterov {
    type Clock = u64;
    type Rule = NesterovRule;

    fn tick(&self, clock: &mut u64) -> Result<NesterovRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::non_negative("lr", self.lr)?;
        let momentum = check::fraction("momentum", self.momentum)?;
        let rule = NesterovRule {
            objective: Objective::new(self.maximize, self.weight_decay)?,
            lr: lr as f32,
            momentum: momentum as f32,
            momentum_squared: (momentum * momentum) as f32,
            lookahead_lr: check::coefficient("lr", (1.0 + momentum) * lr)?,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<1> for NesterovRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(NesterovRule { objective: self.objective.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [v]: [R; 1]) -> (R, [R; 1]) {
        let g = self.objective.grad(p, g);
        let p = p + (R::splat(self.momentum_squared) * v - R::splat(self.lookahead_lr) * g);
        let v = R::splat(self.momentum) * v - R::splat(self.lr) * g;
        (p, [v.flush_below(f32::MIN_POSITIVE)])
    }
}
