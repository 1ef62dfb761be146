//! Averages of the weights on the side, to evaluate with: fused into the step by [`Rule::then`] or as a pass of their
//! own.
//!
//! ```
//! use gradstep::{Adam, Optimizer, Rule, average::WeightEma};
//!
//! let (adam, ema) = (Adam::default(), WeightEma { decay: 0.99 });
//! let (mut clock, mut ema_clock) = (0, 0);
//! let (mut w, grads) = ([1.0; 4], [0.5; 4]);
//! let (mut m, mut v, mut averaged) = ([0.0; 4], [0.0; 4], [0.0; 4]);
//! for _ in 0..3 {
//!     let (rule, average) = (adam.tick(&mut clock)?, ema.tick(&mut ema_clock)?);
//!     rule.then(average).apply(&mut w, &grads, [&mut m, &mut v, &mut averaged])?;
//! }
//! assert!(w[0] < averaged[0] && averaged[0] < 1.0);
//! # Ok::<(), gradstep::Error>(())
//! ```

use crate::optim::next_step;
use crate::rule::Follower;
use crate::simd::{self, Streams};
use crate::{Backend, Error, Real, Rule, check};

/// Exponential moving average of the weights: `a ← decay·a + (1−decay)·p`, and `a ← p` the first time.
///
/// Source: Polyak & Juditsky 1992; `torch.optim.swa_utils` with `get_ema_multi_avg_fn`, timm's `ModelEmaV2`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightEma {
    /// Decay rate, in [0, 1). Default 0.999, PyTorch's.
    pub decay: f64,
}

impl Default for WeightEma {
    fn default() -> Self {
        WeightEma { decay: 0.999 }
    }
}

impl WeightEma {
    /// Counts one more set of weights. The clock starts at 0.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a decay out of range, [`Error::ClockOverflow`]. The clock has not moved then.
    pub fn tick(&self, clock: &mut u64) -> Result<Average, Error> {
        let decay = check::fraction("decay", self.decay)?;
        let seen = next_step(*clock)?;
        *clock = seen;
        Ok(Average::with_weight(if seen == 1 { 1.0 } else { 1.0 - decay }))
    }
}

/// Stochastic weight averaging: the mean of all sets of weights that it was shown, usually one an epoch.
///
/// Source: Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", 2018,
/// arXiv 1803.05407; `torch.optim.swa_utils.AveragedModel`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swa;

impl Swa {
    /// Counts one more set of weights. The clock starts at 0.
    ///
    /// # Errors
    /// [`Error::ClockOverflow`]. The clock has not moved then.
    pub fn tick(&self, clock: &mut u64) -> Result<Average, Error> {
        let seen = next_step(*clock)?;
        *clock = seen;
        Ok(Average::with_weight(1.0 / seen as f64))
    }
}

/// One update of an average: `a ← a + weight·(p − a)`, or `a ← p` where the weight is 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Average {
    weight: f32,
}

impl Average {
    pub(crate) fn with_weight(weight: f64) -> Self {
        Average { weight: weight as f32 }
    }

    /// Shows the weights to the average, in a pass of its own.
    ///
    /// # Errors
    /// [`Error::Length`] where the weights (named as the gradients) are not as long as the average. Nothing has been
    /// written then.
    pub fn apply(&self, average: &mut [f32], params: &[f32]) -> Result<(), Error> {
        simd::run(Backend::active(), self, Streams::new(average, params, [])?)
    }

    /// The average after seeing `p`. An average of nothing yet may hold anything, NaN too.
    #[inline(always)]
    pub(crate) fn of<R: Real>(&self, average: R, p: R) -> R {
        let some_stays = R::splat(self.weight).lt(R::splat(1.0));
        R::select(some_stays, toward(average, p, self.weight), p)
    }
}

impl Follower for Average {
    #[inline(always)]
    fn follow<R: Real>(&self, p: R, average: R) -> (R, R) {
        (p, self.of(average, p))
    }
}

impl Rule<0> for Average {
    #[inline(always)]
    fn lane<R: Real>(&self, average: R, p: R, []: [R; 0]) -> (R, [R; 0]) {
        (self.of(average, p), [])
    }
}

/// The point a part of the way from one number to another.
#[inline(always)]
pub(crate) fn toward<R: Real>(from: R, to: R, weight: f32) -> R {
    from + R::splat(weight) * (to - from)
}
