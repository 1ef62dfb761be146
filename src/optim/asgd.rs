use super::{Optimizer, next_step};
use crate::average::Average;
use crate::{Adapter, Error, Objective, Real, Rule, check};

/// Averaged stochastic gradient descent: a falling rate, and the average of the parameters on the side.
///
/// ```text
/// η = lr / (1 + λ·lr·(t−1))^α;  μ = 1/max(1, t−1−t0)
/// p ← p − η·λ·p − η·g
/// a ← p where μ = 1, else a + μ·(p − a)
/// ```
///
/// Source: Polyak & Juditsky, "Acceleration of stochastic approximation by averaging", 1992, in the form of
/// `torch.optim.ASGD`, whose values are the defaults.
/// State: `[a]`, the averaged parameters to evaluate with; any value at the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asgd {
    /// Learning rate, at least 0. Default 0.01.
    pub lr: f64,
    /// Decay λ of the parameters and of the rate, at least 0. Default 1e-4.
    pub lambda: f64,
    /// Power α of the rate's fall, at least 0. Default 0.75.
    pub alpha: f64,
    /// The step at which averaging starts, at least 0. Default 1e6.
    pub t0: f64,
    /// Coupled L2 penalty: `g + weight_decay · p`. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for Asgd {
    fn default() -> Self {
        Asgd { lr: 0.01, lambda: 1e-4, alpha: 0.75, t0: 1e6, weight_decay: 0.0, maximize: false }
    }
}

impl Asgd {
    /// `torch.optim.ASGD`, the default.
    pub fn torch() -> Self {
        Asgd::default()
    }
}

/// One step of [`Asgd`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AsgdRule {
    objective: Objective,
    eta: f32,
    decay: f32,
    average: Average,
}

impl Optimizer<1> for Asgd {
    type Clock = u64;
    type Rule = AsgdRule;

    fn tick(&self, clock: &mut u64) -> Result<AsgdRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::non_negative("lr", self.lr)?;
        let lambda = check::non_negative("lambda", self.lambda)?;
        let alpha = check::non_negative("alpha", self.alpha)?;
        let t0 = check::non_negative("t0", self.t0)?;
        let done = (step - 1) as f64;
        let eta = lr / libm::pow(1.0 + lambda * lr * done, alpha);
        let rule = AsgdRule {
            objective: Objective::new(self.maximize, self.weight_decay)?,
            eta: eta as f32,
            decay: check::coefficient("lambda", eta * lambda)?,
            average: Average::with_weight(1.0 / (done - t0).max(1.0)),
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<1> for AsgdRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(AsgdRule { objective: self.objective.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [a]: [R; 1]) -> (R, [R; 1]) {
        let g = self.objective.grad(p, g);
        let p = p - (R::splat(self.decay) * p + R::splat(self.eta) * g);
        (p, [self.average.of(a, p)])
    }
}
