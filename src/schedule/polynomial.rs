use super::checked::{length, rate};
use super::curve::{between, linear, mix};
use crate::check;
use crate::error::Error;
use crate::range::Range;

/// The rate goes from one value to another with a power of the remaining steps. It keeps the last rate after its end.
///
/// ```text
/// end + (start − end) · (1 − x)^power,   x = min(max(t − begin, 0), steps) / steps
/// ```
///
/// | preset | |
/// |---|---|
/// | [`Polynomial::torch`], `torch.optim.lr_scheduler.PolynomialLR`, PyTorch 2.15 | ends at 0 |
/// | [`Polynomial::optax`], `optax.polynomial_schedule`, optax 0.2.8 | waits at the first rate for `transition_begin` steps |
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct Polynomial {
    start: f64,
    end: f64,
    power: f64,
    steps: u64,
    begin: u64,
}

impl Polynomial {
    /// From `start` at step 0 to `end` at step `steps`, at least 1. The power is above 0; with 1 it is [`Linear`](super::Linear).
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a rate that is no finite f32 of at least 0, for a power that is no finite f32 above 0 or
    /// for 0 steps, [`Error::Coefficient`] for a rate or a power that f32 turns into 0.
    pub const fn new(start: f64, end: f64, power: f64, steps: u64) -> Result<Self, Error> {
        Polynomial { start, end, power, steps, begin: 0 }.checked()
    }

    /// `torch.optim.lr_scheduler.PolynomialLR` on a learning rate `lr`. Its defaults are 5 steps and a power of 1.
    ///
    /// # Errors
    /// Those of [`Polynomial::new`], which names the arguments `start`, `power` and `steps`.
    pub const fn torch(lr: f64, total_iters: u64, power: f64) -> Result<Self, Error> {
        Polynomial::new(lr, 0.0, power, total_iters)
    }

    /// `optax.polynomial_schedule`: `transition_begin` steps at `init_value`, by default 0, then `transition_steps` steps to
    /// `end_value`. optax takes 0 steps for a constant rate, which is an error here.
    ///
    /// # Errors
    /// Those of [`Polynomial::new`], which names the arguments `start`, `end`, `power` and `steps`.
    pub const fn optax(
        init_value: f64,
        end_value: f64,
        power: f64,
        transition_steps: u64,
        transition_begin: u64,
    ) -> Result<Self, Error> {
        Polynomial { start: init_value, end: end_value, power, steps: transition_steps, begin: transition_begin }
            .checked()
    }

    const fn checked(self) -> Result<Self, Error> {
        check_all!(
            rate("start", self.start),
            rate("end", self.end),
            check::field("power", self.power, Range::Positive),
            length("steps", self.steps),
        );
        Ok(self)
    }

    fn rate(&self, step: u64) -> f64 {
        let left = between(1.0, 0.0, step.saturating_sub(self.begin) as f64, self.steps as f64, linear);
        mix(self.end, self.start, libm::pow(left, self.power))
    }
}

schedule!(Polynomial);
