use super::checked::{length, rate};
use super::curve::{between, linear, mix};
use crate::check;
use crate::error::Error;
use crate::range::Range;

/// The rate rises and falls between two rates along straight lines, without an end.
///
/// ```text
/// base + (peak − base) · height · amplitude
/// height       rises from 0 to 1 in `up` steps and falls back to 0 in `down` steps, again and again
/// ```
///
/// Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2015, arXiv 1506.01186;
/// `torch.optim.lr_scheduler.CyclicLR`, PyTorch 2.15.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct Cyclic {
    base: f64,
    peak: f64,
    up: u64,
    down: u64,
    amplitude: Amplitude,
}

/// How the triangles of [`Cyclic`] shrink.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Amplitude {
    /// Not at all, the default: 1.
    #[default]
    Triangular,
    /// To half with each cycle: 2^−c in cycle c, from 0.
    Triangular2,
    /// By this factor with each step, in [0, 1]: gammaᵗ.
    ExpRange(f64),
}

impl Cyclic {
    /// From `base` at step 0 up to `peak` in `up` steps and back in `down` steps, both at least 1. In torch they are
    /// `step_size_up` and `step_size_down`, by default 2,000.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a rate that is no finite f32 of at least 0, for 0 steps or for a `gamma` that is not
    /// in [0, 1], [`Error::Coefficient`] for a number that f32 turns into 0.
    pub const fn new(base: f64, peak: f64, up: u64, down: u64, amplitude: Amplitude) -> Result<Self, Error> {
        Cyclic { base, peak, up, down, amplitude }.checked()
    }

    const fn checked(self) -> Result<Self, Error> {
        check_all!(rate("base", self.base), rate("peak", self.peak), length("up", self.up), length("down", self.down));
        if let Amplitude::ExpRange(gamma) = self.amplitude {
            check_all!(check::field("gamma", gamma, Range::Share));
        }
        Ok(self)
    }

    fn rate(&self, step: u64) -> f64 {
        // A cycle that is longer than all steps does not end.
        let period = self.up.checked_add(self.down);
        let cycle = period.and_then(|period| step.checked_div(period)).unwrap_or(0);
        let done = period.and_then(|period| step.checked_rem(period)).unwrap_or(step);
        let height = match done.checked_sub(self.up) {
            None => between(0.0, 1.0, done as f64, self.up as f64, linear),
            Some(done) => between(1.0, 0.0, done as f64, self.down as f64, linear),
        };
        let amplitude = match self.amplitude {
            Amplitude::Triangular => 1.0,
            Amplitude::Triangular2 => libm::pow(0.5, cycle as f64),
            Amplitude::ExpRange(gamma) => libm::pow(gamma, step as f64),
        };
        mix(self.base, self.peak, height * amplitude)
    }
}

schedule!(Cyclic);
