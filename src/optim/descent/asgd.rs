use crate::check;
use crate::error::Error;
use crate::math::{AtEnd, Coefficient, Interpolate, Lerp};
use crate::optim::{
    clock::{Clock, ClockData},
    decay::{DecayForm, decay},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::range::Range;
use crate::real::Real;
use crate::rule::{Loss, On, Penalty, Rule, Switch, Visitor};

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

/// What [`Asgd`] remembers between steps.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct AsgdClock {
    /// Steps done.
    pub step: u64,
    /// Rate η of the next step; 0 before the first, whose rate is `lr`.
    pub eta: f64,
    /// Weight μ of the parameters in the next step's average, 1 at the start.
    pub mu: f64,
}

impl AsgdClock {
    /// The clock before the first step.
    pub const fn new() -> Self {
        AsgdClock { step: 0, eta: 0.0, mu: 1.0 }
    }

    /// Refuses what no run can reach in `done` steps.
    fn check(&self, done: u64) -> Result<(), Error> {
        let (eta, mu) =
            if done == 0 { (Range::Exactly(0.0), Range::Exactly(1.0)) } else { (Range::NonNegative, Range::Share) };
        check::clock("eta", self.eta, eta)?;
        check::clock("mu", self.mu, mu)
    }
}

impl Default for AsgdClock {
    fn default() -> Self {
        AsgdClock::new()
    }
}

impl Clock for AsgdClock {
    const START: Self = AsgdClock::new();
    const VALUES: &'static [&'static str] = &["eta", "mu"];

    fn step(&mut self) -> &mut u64 {
        &mut self.step
    }

    fn save(&self) -> ClockData {
        ClockData { step: self.step, values: [self.eta, self.mu] }
    }

    fn load(&ClockData { step, values: [eta, mu] }: &ClockData) -> Self {
        AsgdClock { step, eta, mu }
    }
}

impl Optimizer<1> for Asgd {
    type Clock = AsgdClock;
    type Rule = Loss<AsgdRule>;
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
            eta: check::coefficient("lr", self.lr, Coefficient::new(eta))?,
            decay: Penalty::new(check::coefficient("lambda", self.lambda, Coefficient::new(eta * self.lambda))?),
            average: Lerp::new(mu),
        };
        Ok(Loss::new(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, rule))
    }
}

/// One step of [`Asgd`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AsgdRule<L = Lerp, P = Penalty> {
    eta: f32,
    decay: P,
    average: L,
}

impl<L: Interpolate, P: Switch> Rule<1> for AsgdRule<L, P> {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [a]: [R; 1]) -> (R, [R; 1]) {
        let p = p - self.decay.add_to(R::splat(self.eta) * g, p);
        (p, [self.average.between(a, p)])
    }

    /// Before `t0` the average is a copy of p, and is not read.
    #[inline(always)]
    fn form<V: Visitor<1>>(&self, visitor: V) -> V::Output {
        let AsgdRule { eta, average, .. } = *self;
        match (self.decay.factor().map(On::new), average.inner()) {
            (Some(decay), Some(average)) => visitor.visit(AsgdRule { eta, decay, average }),
            (Some(decay), None) => visitor.visit(AsgdRule { eta, decay, average: AtEnd }),
            (None, _) => visitor.general(),
        }
    }
}
