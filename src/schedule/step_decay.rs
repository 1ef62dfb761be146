use super::checked::{length, rate};
use crate::check;
use crate::error::Error;
use crate::range::Range;

/// The rate is multiplied by a factor every `period` steps.
///
/// ```text
/// lr · gamma^⌊t/period⌋
/// ```
///
/// Source: `torch.optim.lr_scheduler.StepLR`, PyTorch 2.15, with `step_size` for `period`. torch multiplies again and again,
/// so that its rates differ from this formula by roundings. In optax 0.2.8 it is `exponential_decay` with a staircase:
/// [`Exponential::optax`](super::Exponential::optax).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct StepDecay {
    lr: f64,
    gamma: f64,
    period: u64,
}

impl StepDecay {
    /// Starts at `lr` and multiplies by `gamma`, above 0, every `period` steps, at least 1. torch's default of `gamma` is 0.1.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a rate that is no finite f32 of at least 0, for a `gamma` that is no finite f32 above 0
    /// or for a period of 0, [`Error::Coefficient`] for a number that f32 turns into 0.
    pub const fn new(lr: f64, period: u64, gamma: f64) -> Result<Self, Error> {
        StepDecay { lr, gamma, period }.checked()
    }

    const fn checked(self) -> Result<Self, Error> {
        check_all!(
            rate("lr", self.lr),
            length("period", self.period),
            check::field("gamma", self.gamma, Range::Positive),
        );
        Ok(self)
    }

    fn rate(&self, step: u64) -> f64 {
        self.lr * libm::pow(self.gamma, step.checked_div(self.period).unwrap_or(0) as f64)
    }
}

schedule!(StepDecay);
