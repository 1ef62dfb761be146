use crate::check;
use crate::error::Error;
use crate::math::{AtEnd, Coefficient, Interpolate, Lerp};
use crate::optim::{optimizer::Optimizer, slot::Slot};
use crate::real::Real;
use crate::rule::{Loss, Rule, Visitor};

hyper_parameters! {
    /// Averaged stochastic gradient descent: a falling rate, and the average of the parameters in a slot.
    ///
    /// ```text
    /// η = lr / (1 + λ·lr·(t−1))^α;  μ = 1/max(1, t−1−t0)
    /// p ← p − η·λ·p − η·g
    /// a ← a + μ·(p − a)
    /// ```
    ///
    /// Source: Polyak & Juditsky, "Acceleration of stochastic approximation by averaging", 1992, in the form of
    /// `torch.optim.ASGD`, whose values are the defaults.
    /// State: a (`ax`), the averaged parameters to evaluate with; any value at the start, since μ is 1 in the first step.
    pub struct Asgd {
        lr: f64 in NonNegative = 0.01,
        /// Decay λ of the parameters and of the rate.
        lambda: f64 in NonNegative = 1e-4,
        /// Power α of the rate's fall.
        alpha: f64 in NonNegative = 0.75,
        /// The step at which averaging starts.
        t0: f64 in NonNegative = 1e6,
        /// Coupled L2 penalty: `g + weight_decay · p`.
        weight_decay: f64 in NonNegative = 0.0,
        maximize: bool = false,
    }
    presets {
        /// `torch.optim.ASGD`, the default.
        torch = {};
    }
}

impl Optimizer<1> for Asgd {
    type Clock = u64;
    type Rule = Loss<AsgdRule>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("ax")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let done = (t - 1) as f64;
        let eta = self.lr / libm::pow(1.0 + self.lambda * self.lr * done, self.alpha);
        let rule = AsgdRule {
            eta: check::coefficient("lr", self.lr, Coefficient::new(eta))?,
            decay: check::coefficient("lambda", self.lambda, Coefficient::new(eta * self.lambda))?,
            average: Lerp::new(1.0 / (done - self.t0).max(1.0)),
        };
        Ok(Loss::penalized(self.maximize, self.weight_decay, rule))
    }
}

/// One step of [`Asgd`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AsgdRule<L = Lerp> {
    eta: f32,
    decay: f32,
    average: L,
}

impl<L: Interpolate> Rule<1> for AsgdRule<L> {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [a]: [R; 1]) -> (R, [R; 1]) {
        let p = p - (R::splat(self.decay) * p + R::splat(self.eta) * g);
        (p, [self.average.between(a, p)])
    }

    /// Before `t0` the average is a copy of p, and is not read.
    #[inline(always)]
    fn form<V: Visitor<1>>(&self, visitor: V) -> V::Output {
        let AsgdRule { eta, decay, average } = *self;
        match average.inner() {
            Some(average) => visitor.visit(AsgdRule { eta, decay, average }),
            None => visitor.visit(AsgdRule { eta, decay, average: AtEnd }),
        }
    }
}
