use super::{Optimizer, next_step};
use crate::{Adapter, Error, Objective, Real, Rule, check};

/// Gradient descent: batch, stochastic and mini-batch are the same update on other samples.
///
/// ```text
/// p ← p − lr · g
/// ```
///
/// Source: Robbins & Monro, "A Stochastic Approximation Method", 1951; Cauchy 1847 for the full gradient.
/// No state. The default is the textbooks' `lr` of 0.01; PyTorch's is 0.001.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Learning rate, at least 0. Default 0.01.
    pub lr: f64,
    /// Coupled L2 penalty: `g + weight_decay · p`. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for Sgd {
    fn default() -> Self {
        Sgd { lr: 0.01, weight_decay: 0.0, maximize: false }
    }
}

impl Sgd {
    /// `torch.optim.SGD`: lr 0.001.
    pub fn torch() -> Self {
        Sgd { lr: 1e-3, ..Sgd::default() }
    }

    /// `keras.optimizers.SGD`: lr 0.01, the default.
    pub fn keras() -> Self {
        Sgd::default()
    }

    /// The textbooks' gradient descent: lr 0.01, the default.
    pub fn textbook() -> Self {
        Sgd::default()
    }
}

/// One step of [`Sgd`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdRule {
    objective: Objective,
    lr: f32,
}

impl Optimizer<0> for Sgd {
    type Clock = u64;
    type Rule = SgdRule;

    fn tick(&self, clock: &mut u64) -> Result<SgdRule, Error> {
        let step = next_step(*clock)?;
        let rule = SgdRule {
            lr: check::non_negative("lr", self.lr)? as f32,
            objective: Objective::new(self.maximize, self.weight_decay)?,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<0> for SgdRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(SgdRule { objective: self.objective.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, []: [R; 0]) -> (R, [R; 0]) {
        let g = self.objective.grad(p, g);
        (p - R::splat(self.lr) * g, [])
    }
}
