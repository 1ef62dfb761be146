use super::checked::{length, rate};
use super::curve::{between, linear};
use crate::check;
use crate::error::Error;
use crate::range::Range;

/// A linear warm-up, and then a decay with the root of the step.
///
/// ```text
/// start + (peak − start) · t/warmup   for t < warmup
/// peak · √(warmup/t)                  from there on
/// ```
///
/// | preset | |
/// |---|---|
/// | [`InverseSqrt::new`] with a `start` of 0 | `transformers.get_inverse_sqrt_schedule`, without `timescale` |
/// | [`InverseSqrt::new`] with a `start` of 1e-7 | fairseq's `inverse_sqrt`, whose start is `warmup_init_lr` |
/// | [`InverseSqrt::new`] with a `start` of `peak` | `1/√max(t, warmup)` of T5: Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer", 2019, arXiv 1910.10683; `peak` is `1/√warmup` |
/// | [`InverseSqrt::noam`] | steps count from 1: Vaswani et al., "Attention Is All You Need", 2017, arXiv 1706.03762 |
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct InverseSqrt {
    start: f64,
    peak: f64,
    warmup: u64,
    /// The number of the first step.
    first: u64,
}

impl InverseSqrt {
    /// From `start` at step 0 to `peak` at step `warmup`, at least 1. The rate is half of the peak at `4·warmup`.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a rate that is no finite f32 of at least 0 or for a warm-up of 0, [`Error::Coefficient`]
    /// for a rate that f32 turns into 0.
    pub const fn new(start: f64, peak: f64, warmup: u64) -> Result<Self, Error> {
        InverseSqrt { start, peak, warmup, first: 0 }.checked()
    }

    /// The schedule of the Transformer, `factor · d_model^−½ · min(s^−½, s·warmup^−1.5)` for s = t + 1. `d_model`, the width
    /// of the model, and `warmup` are at least 1; the paper has 512 and 4,000 and a `factor` of 1.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a `factor` that is no finite f32 of at least 0 or for a width or a warm-up of 0,
    /// [`Error::Coefficient`] where f32 turns the factor or the peak into 0.
    pub fn noam(factor: f64, d_model: u64, warmup: u64) -> Result<Self, Error> {
        check::field("factor", factor, Range::NonNegative)?;
        length("d_model", d_model)?;
        length("warmup", warmup)?;
        let peak = factor / crate::math::sqrt(d_model as f64 * warmup as f64);
        InverseSqrt { start: 0.0, peak, warmup, first: 1 }.checked()
    }

    const fn checked(self) -> Result<Self, Error> {
        check_all!(rate("start", self.start), rate("peak", self.peak), length("warmup", self.warmup));
        Ok(self)
    }

    fn rate(&self, step: u64) -> f64 {
        let step = step.saturating_add(self.first);
        let (done, warmup) = (step as f64, self.warmup as f64);
        if step < self.warmup {
            between(self.start, self.peak, done, warmup, linear)
        } else {
            self.peak * crate::math::sqrt(warmup / done)
        }
    }
}

schedule!(InverseSqrt);
