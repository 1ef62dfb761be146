use super::chain::Then;
use super::checked::{at_most, length, rate};
use super::curve::{between, cosine, mix};
use super::linear::Linear;
use crate::check;
use crate::error::Error;
use crate::range::Range;

/// Half a period of the cosine, from one rate to another.
///
/// ```text
/// end + (start − end) · (1 + cos πx)/2,   x = t/steps
/// ```
///
/// Source: Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2016, arXiv 1608.03983.
///
/// | preset | after the end |
/// |---|---|
/// | [`Cosine::new`] | keeps the last rate |
/// | [`Cosine::optax`], `optax.cosine_decay_schedule`, optax 0.2.8 | keeps the last rate |
/// | [`Cosine::torch`], `torch.optim.lr_scheduler.CosineAnnealingLR`, PyTorch 2.15 | goes back up, and down again |
///
/// With an exponent other than 1, optax's is a [`CosinePower`](super::CosinePower).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct Cosine {
    pub(super) start: f64,
    pub(super) end: f64,
    steps: u64,
    oscillates: bool,
}

impl Cosine {
    /// From `start` at step 0 to `end` at step `steps`, which is at least 1. The rate then stays at `end`.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a rate that is no finite f32 of at least 0 or for 0 steps, [`Error::Coefficient`] for a
    /// rate that f32 turns into 0.
    pub const fn new(start: f64, end: f64, steps: u64) -> Result<Self, Error> {
        Cosine { start, end, steps, oscillates: false }.checked()
    }

    /// `torch.optim.lr_scheduler.CosineAnnealingLR` on a learning rate `lr`. `eta_min` is 0 by default. After `t_max` steps
    /// it rises again for as many steps: the period is `2·t_max`. To keep the last rate, use [`Cosine::new`].
    ///
    /// # Errors
    /// Those of [`Cosine::new`], which names the arguments `start`, `steps` and `end`.
    pub const fn torch(lr: f64, t_max: u64, eta_min: f64) -> Result<Self, Error> {
        Cosine { start: lr, end: eta_min, steps: t_max, oscillates: true }.checked()
    }

    /// `optax.cosine_decay_schedule`: the last rate is `alpha · init_value`, with `alpha` in [0, 1], by default 0.
    ///
    /// # Errors
    /// Those of [`Cosine::new`], which names the arguments `start` and `steps`, and [`Error::HyperParameter`] for `alpha`
    /// out of its range.
    pub const fn optax(init_value: f64, decay_steps: u64, alpha: f64) -> Result<Self, Error> {
        check_all!(check::field("alpha", alpha, Range::Share));
        Cosine { start: init_value, end: alpha * init_value, steps: decay_steps, oscillates: false }.checked()
    }

    /// A line from `start` at step 0 to `peak` at step `warmup`, and then [`Cosine::new`] to `end` at step `steps`. With a
    /// `warmup` of 0 there is no line.
    ///
    /// Source: `optax.warmup_cosine_decay_schedule`, optax 0.2.8, with `steps` for its `decay_steps`; with a start and an end
    /// of 0, `transformers.get_cosine_schedule_with_warmup`.
    ///
    /// # Errors
    /// Those of [`Cosine::new`], and [`Error::Above`] for a `warmup` that is not below `steps`.
    pub const fn with_warmup(
        start: f64,
        peak: f64,
        end: f64,
        warmup: u64,
        steps: u64,
    ) -> Result<Then<Linear, Self>, Error> {
        let most = steps.saturating_sub(1);
        check_all!(
            length("steps", steps),
            rate("start", start),
            rate("peak", peak),
            rate("end", end),
            at_most("warmup", warmup as f64, "steps − 1", most as f64),
        );
        match (Linear::rise(start, peak, warmup), Cosine::new(peak, end, steps.saturating_sub(warmup))) {
            (Ok(first), Ok(next)) => Ok(Then { first, boundary: warmup, next }),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    const fn checked(self) -> Result<Self, Error> {
        check_all!(rate("start", self.start), rate("end", self.end), length("steps", self.steps),);
        Ok(self)
    }

    fn rate(&self, step: u64) -> f64 {
        mix(self.end, self.start, self.left(step))
    }

    /// The part of the way that is left, from 1 to 0.
    pub(super) fn left(&self, step: u64) -> f64 {
        let done = match (self.oscillates, step.checked_div(self.steps), step.checked_rem(self.steps)) {
            (true, Some(half_periods), Some(done)) if half_periods % 2 == 0 => done,
            (true, _, Some(done)) => self.steps.saturating_sub(done),
            _ => step,
        };
        between(1.0, 0.0, done as f64, self.steps as f64, cosine)
    }
}

schedule!(Cosine);
