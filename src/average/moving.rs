use crate::check;
use crate::error::{Error, Slice};
use crate::range::Range;
use crate::rule::{Average, CompensatedAverage};
use crate::run::{Step, Wrong, pass};

/// Exponential moving average of the weights: `a ← decay·a + (1−decay)·p`.
///
/// Source: Polyak & Juditsky 1992. Libraries differ in what the average starts from:
///
/// | preset | decay | start |
/// |---|---|---|
/// | [`WeightEma::torch`], `torch.optim.swa_utils` with `get_ema_multi_avg_fn`, the default | 0.999 | the first weights that it sees: `a ← p` at t = 1 |
/// | [`WeightEma::timm`], `timm.utils.ModelEmaV3` | 0.9999 | the weights before training, which you copy into the average. An average from a checkpoint goes on at any clock |
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct WeightEma {
    /// Decay rate. In [0, 1]. With 1, where the momentum schedules of BYOL and DINO end, the average does not change.
    /// Default 0.999.
    pub decay: f64,
    /// Whether you have copied the weights before training into the average. If not, the first weights replace what the
    /// average holds. Default false.
    pub from_initial: bool,
}

impl WeightEma {
    /// The default, as a constant.
    pub const DEFAULT: Self = WeightEma { decay: 0.999, from_initial: false };

    /// PyTorch's, the default.
    pub const fn torch() -> Self {
        WeightEma::DEFAULT
    }

    /// timm's: decay 0.9999, from the weights before training.
    pub const fn timm() -> Self {
        WeightEma { decay: 0.9999, from_initial: true }
    }

    /// Counts one more set of weights. The clock starts at 0.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a decay out of range, [`Error::ClockOverflow`]. The clock has not advanced then.
    pub fn tick(&self, clock: &mut u64) -> Result<Average, Error> {
        check::field("decay", self.decay, Range::Share)?;
        let seen = check::next_step(*clock)?;
        *clock = seen;
        let replaces = seen == 1 && !self.from_initial;
        Ok(Average::with_weight(if replaces { 1.0 } else { 1.0 - self.decay }))
    }
}

impl Default for WeightEma {
    fn default() -> Self {
        WeightEma::DEFAULT
    }
}

/// Stochastic weight averaging: the mean of all sets of weights that it has seen, usually one set an epoch.
///
/// Source: Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", 2018,
/// arXiv 1803.05407; `torch.optim.swa_utils.AveragedModel`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swa;

impl Swa {
    /// Counts one more set of weights. The clock starts at 0.
    ///
    /// # Errors
    /// [`Error::ClockOverflow`]. The clock has not advanced then.
    pub fn tick(&self, clock: &mut u64) -> Result<Average, Error> {
        let seen = check::next_step(*clock)?;
        *clock = seen;
        Ok(Average::with_weight(1.0 / seen as f64))
    }
}

impl Average {
    /// Updates the average with the weights, in a pass over both slices.
    ///
    /// # Errors
    /// [`Error::Length`] where the average is not as long as the weights. Nothing has been written then.
    pub fn apply(&self, average: &mut [f32], params: &[f32]) -> Result<(), Error> {
        pass(*self, average, params, Wrong::Buffer(Slice::Average))
    }
}

impl CompensatedAverage {
    /// Updates the average and its compensation with the weights, in a pass over the three slices. The compensation is
    /// the part that rounding takes off the average.
    ///
    /// # Errors
    /// [`Error::Length`] where the average or the compensation is not as long as the weights. Nothing has been written then.
    pub fn apply(&self, average: &mut [f32], compensation: &mut [f32], params: &[f32]) -> Result<(), Error> {
        for (slice, found) in [(Slice::Average, average.len()), (Slice::Compensation, compensation.len())] {
            if found != params.len() {
                return Err(Error::Length { slice, expected: params.len(), found });
            }
        }
        Step::of(*self).apply(average, params, [compensation])
    }
}
