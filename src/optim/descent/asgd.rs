use crate::check;
use crate::error::Error;
use crate::math::{self, Coefficient, Lerp};
use crate::optim::{
    decay::{DecayForm, decay},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::range::Range;
use crate::real::Real;
use crate::rule::{Decayed, Penalty, Rule};

hyper_parameters! {
    /// Averaged stochastic gradient descent: a falling rate, and the average of the parameters in a slot.
    ///
    /// ```text
    /// p ← p − η·λ·p − η·g            η = lr and μ = 1 at t = 1
    /// a ← a + μ·(p − a)
    /// η ← lr / (1 + λ·lr·t)^α;  μ ← 1/max(1, t−t0)        for the next step
    /// ```
    ///
    /// Source: Polyak & Juditsky, "Acceleration of stochastic approximation by averaging", 1992, in the form of
    /// `torch.optim.ASGD`, whose values are the defaults.
    /// A step moves by the rate that the step before it has computed, so a schedule of `lr` acts one step late, as in PyTorch.
    ///
    /// State: a (`ax`), the averaged parameters to evaluate with; any value at the start, since μ is 1 in the first step.
    /// The clock holds η and μ.
    pub struct Asgd {
        lr: f64 in NonNegative = 0.01,
        /// Decay λ of the parameters and of the rate.
        lambda: f64 in NonNegative = 1e-4,
        /// Power α of the rate's fall.
        alpha: f64 in NonNegative = 0.75,
        /// The step at which averaging starts.
        t0: f64 in NonNegative = 1e6,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `torch.optim.ASGD`, the default.
        torch = {};
    }
}

clock! {
    /// What [`Asgd`] remembers between steps.
    pub struct AsgdClock {
        /// Rate η of the next step; 0 before the first, whose rate is `lr`.
        eta in NonNegative = 0.0,
        /// Weight μ of the parameters in the next step's average, 1 at the start.
        mu in NonNegative = 1.0,
    }
}

impl AsgdClock {
    /// Refuses what no run can reach in `done` steps.
    fn check(&self, done: u64) -> Result<(), Error> {
        let (eta, mu) =
            if done == 0 { (Range::Exactly(0.0), Range::Exactly(1.0)) } else { (Range::NonNegative, Range::Share) };
        check::clock("eta", self.eta, eta)?;
        check::clock("mu", self.mu, mu)
    }
}

impl Optimizer<1> for Asgd {
    type Clock = AsgdClock;
    type Rule = Decayed<AsgdRule>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("ax")];

    #[inline]
    fn rule(&self, t: u64, clock: &mut AsgdClock) -> Result<Self::Rule, Error> {
        clock.check(t - 1)?;
        let AsgdClock { eta, mu, .. } = *clock;
        let eta = if t == 1 { self.lr } else { eta };
        let done = t as f64;
        clock.eta = self.lr / libm::pow(1.0 + self.lambda * self.lr * done, self.alpha);
        clock.mu = 1.0 / (done - self.t0).max(1.0);
        let rule = AsgdRule {
            eta: math::coefficient("lr", self.lr, Coefficient::new(eta))?,
            decay: Penalty::new(math::coefficient("lambda", self.lambda, Coefficient::new(eta * self.lambda))?),
            average: Lerp::new(mu),
        };
        Ok(Decayed::new(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, rule))
    }
}

/// One step of [`Asgd`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AsgdRule {
    eta: f32,
    decay: Penalty,
    average: Lerp,
}

impl Rule<1> for AsgdRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [a]: [R; 1]) -> (R, [R; 1]) {
        let p = p - self.decay.add_to(R::splat(self.eta) * g, p);
        (p, [self.average.between(a, p)])
    }

    const FORMS: u8 = 2;

    /// Before `t0` the average is a copy of p, and is not read.
    #[inline(always)]
    fn in_form(self, form: u8) -> Option<Self> {
        let average = if form == 0 { self.average.inside() } else { self.average.at_end() };
        Some(AsgdRule { decay: self.decay.on()?, average: average?, ..self })
    }
}
