use super::adam::AdamDirection;
use super::{Adam, Optimizer, next_step};
use crate::rule::DecoupledDecay;
use crate::{Adapter, Error, Objective, Real, Rule};

/// Adam's magnitude in the gradient's direction.
///
/// ```text
/// u = m̂ / (√v̂ + eps), as in Adam
/// p ← p − lr · (sign(g)·|u| + wd·p)        sign(0) = 0
/// ```
///
/// Source: Cao, Li & Song, "Grams: Gradient Descent with Adaptive Momentum Scaling", 2024, arXiv 2412.17107.
/// State: `[m, v]`, zeros at the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grams {
    /// Learning rate, at least 0. Default 0.001.
    pub lr: f64,
    /// Decay rate of the first moment, in [0, 1). Default 0.9.
    pub beta1: f64,
    /// Decay rate of the second moment, in [0, 1). Default 0.999.
    pub beta2: f64,
    /// Added to the root, at least 0. Default 1e-8.
    pub eps: f64,
    /// Decoupled decay: p shrinks by `lr · weight_decay` of itself each step. At least 0. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending; the decay still shrinks. Default false.
    pub maximize: bool,
}

impl Default for Grams {
    fn default() -> Self {
        Grams { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0, maximize: false }
    }
}

/// One step of [`Grams`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GramsRule {
    objective: Objective,
    direction: AdamDirection,
    decay: DecoupledDecay,
}

impl Optimizer<2> for Grams {
    type Clock = u64;
    type Rule = GramsRule;

    fn tick(&self, clock: &mut u64) -> Result<GramsRule, Error> {
        let step = next_step(*clock)?;
        let Grams { lr, beta1, beta2, eps, .. } = *self;
        let rule = GramsRule {
            objective: Objective::new(self.maximize, 0.0)?,
            direction: AdamDirection::new(&Adam { lr, beta1, beta2, eps, ..Adam::default() }, step)?,
            decay: DecoupledDecay::of_step(lr, self.weight_decay)?,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<2> for GramsRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(GramsRule {
            objective: self.objective.plain::<false>()?,
            decay: self.decay.plain::<DECAYS>()?,
            direction: self.direction.plain()?,
        })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, moments: [R; 2]) -> (R, [R; 2]) {
        let g = self.objective.grad(p, g);
        let (update, moments) = self.direction.of(g, moments);
        (p - self.decay.add_to(g.sign() * update.abs(), p), moments)
    }
}
