use super::checked::{length, rate};
use crate::check;
use crate::error::Error;
use crate::range::Range;

/// The rate is multiplied by the same factor every `steps` steps, gradually or at once.
///
/// ```text
/// lr · decay^x,   x = max(t − begin, 0)/steps, or ⌊x⌋ with a staircase
/// ```
///
/// The rate does not pass its limit: it is at least `end_value` if the factor is below 1, and at most `end_value` otherwise.
///
/// | preset | |
/// |---|---|
/// | [`Exponential::torch`], `torch.optim.lr_scheduler.ExponentialLR`, PyTorch 2.15 | one factor for each step, no limit |
/// | [`Exponential::optax`], `optax.exponential_decay`, optax 0.2.8 | all settings |
///
/// torch multiplies again and again, so that its rates differ from this formula by roundings.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct Exponential {
    lr: f64,
    decay: f64,
    steps: u64,
    begin: u64,
    staircase: bool,
    limit: f64,
}

impl Exponential {
    /// `torch.optim.lr_scheduler.ExponentialLR` on a learning rate `lr`: each step multiplies it by `gamma`, above 0.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a rate that is no finite f32 of at least 0 or for a `gamma` that is no finite f32
    /// above 0, [`Error::Coefficient`] for a number that f32 turns into 0.
    pub const fn torch(lr: f64, gamma: f64) -> Result<Self, Error> {
        check_all!(check::field("gamma", gamma, Range::Positive));
        Exponential::optax(lr, 1, gamma, 0, false, None)
    }

    /// `optax.exponential_decay`: `transition_begin` steps at `init_value`, and then a factor of `decay_rate`, above 0, for
    /// every `transition_steps` steps, at least 1. With `staircase` the rate changes at their end alone. optax's defaults
    /// are 0, false and no `end_value`. optax takes 0 steps or a factor of 0 for a constant rate, which is an error here.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a rate that is no finite f32 of at least 0, for a `decay_rate` that is no finite f32 above
    /// 0 or for 0 steps, [`Error::Coefficient`] for a number that f32 turns into 0. `init_value` is called `lr` there.
    pub const fn optax(
        init_value: f64,
        transition_steps: u64,
        decay_rate: f64,
        transition_begin: u64,
        staircase: bool,
        end_value: Option<f64>,
    ) -> Result<Self, Error> {
        let limit = match end_value {
            Some(limit) => limit,
            None if decay_rate < 1.0 => 0.0,
            None => f32::MAX as f64,
        };
        let (steps, begin) = (transition_steps, transition_begin);
        Exponential { lr: init_value, decay: decay_rate, steps, begin, staircase, limit }.checked()
    }

    const fn checked(self) -> Result<Self, Error> {
        check_all!(
            rate("lr", self.lr),
            check::field("decay_rate", self.decay, Range::Positive),
            length("transition_steps", self.steps),
            rate("end_value", self.limit),
        );
        Ok(self)
    }

    fn rate(&self, step: u64) -> f64 {
        let done = step.saturating_sub(self.begin);
        let x = match self.staircase {
            true => done.checked_div(self.steps).unwrap_or(0) as f64,
            false => done as f64 / self.steps as f64,
        };
        let rate = self.lr * libm::pow(self.decay, x);
        let is_past = if self.decay < 1.0 { rate < self.limit } else { rate > self.limit };
        if is_past { self.limit } else { rate }
    }
}

schedule!(Exponential);
