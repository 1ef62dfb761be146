use super::checked::{length, rate};
use super::curve::{between, linear};
use crate::check;
use crate::error::Error;
use crate::range::Range;

/// A straight line from one rate to another, up or down. It keeps the last rate after its end.
///
/// ```text
/// start + (end − start) · min(max(t − begin, 0), steps) / steps
/// ```
///
/// | preset | |
/// |---|---|
/// | [`Linear::torch`], `torch.optim.lr_scheduler.LinearLR`, PyTorch 2.15 | the rates are factors of a learning rate |
/// | [`Linear::optax`], `optax.linear_schedule`, optax 0.2.8 | waits at the first rate for `transition_begin` steps |
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct Linear {
    start: f64,
    end: f64,
    steps: u64,
    begin: u64,
}

impl Linear {
    /// From `start` at step 0 to `end` at step `steps`, at least 1.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a rate that is no finite f32 of at least 0 or for 0 steps, [`Error::Coefficient`] for a
    /// rate that f32 turns into 0.
    pub const fn new(start: f64, end: f64, steps: u64) -> Result<Self, Error> {
        Linear { start, end, steps, begin: 0 }.checked()
    }

    /// `torch.optim.lr_scheduler.LinearLR` on a learning rate `lr`: from `lr · start_factor` to `lr · end_factor`. Its
    /// defaults are 1/3, 1 and 5 steps. Factors are in [0, 1].
    ///
    /// # Errors
    /// Those of [`Linear::new`], and [`Error::HyperParameter`] for a factor out of its range.
    pub const fn torch(lr: f64, start_factor: f64, end_factor: f64, total_iters: u64) -> Result<Self, Error> {
        check_all!(
            rate("lr", lr),
            check::field("start_factor", start_factor, Range::Share),
            check::field("end_factor", end_factor, Range::Share),
        );
        Linear::new(lr * start_factor, lr * end_factor, total_iters)
    }

    /// `optax.linear_schedule`: `transition_begin` steps at `init_value`, by default 0, then `transition_steps` steps to
    /// `end_value`. optax takes 0 steps for a constant rate, which is an error here.
    ///
    /// # Errors
    /// Those of [`Linear::new`], which names the arguments `start`, `end` and `steps`.
    pub const fn optax(
        init_value: f64,
        end_value: f64,
        transition_steps: u64,
        transition_begin: u64,
    ) -> Result<Self, Error> {
        Linear { start: init_value, end: end_value, steps: transition_steps, begin: transition_begin }.checked()
    }

    /// A warm-up, which a chain leaves out if it has 0 steps.
    pub(super) const fn rise(start: f64, end: f64, steps: u64) -> Result<Self, Error> {
        Linear::new(start, end, if steps == 0 { 1 } else { steps })
    }

    const fn checked(self) -> Result<Self, Error> {
        check_all!(rate("start", self.start), rate("end", self.end), length("steps", self.steps));
        Ok(self)
    }

    fn rate(&self, step: u64) -> f64 {
        between(self.start, self.end, step.saturating_sub(self.begin) as f64, self.steps as f64, linear)
    }
}

schedule!(Linear);
