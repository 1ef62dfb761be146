use super::checked::{length, rate};
use super::curve::{between, cosine, linear, mix};
use crate::error::Error;

/// A linear warm-up, a constant rate, and a decay at the end. It keeps the last rate after its end.
///
/// ```text
/// start + (peak − start) · t/warmup        for `warmup` steps
/// peak                                     for `stable` steps
/// peak + (end − peak) · shape(u/decay)     for `decay` steps, u = t − warmup − stable
/// ```
///
/// Source: Hu et al., "MiniCPM: Unveiling the Potential of Small Language Models with Scalable Training Strategies", 2024,
/// arXiv 2404.06395; the shapes of the decay from Hägele et al., "Scaling Laws and Compute-Optimal Training Beyond Fixed
/// Training Durations", 2024, arXiv 2405.18392. As in `transformers.get_wsd_schedule`, the warm-up usually starts at 0.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct WarmupStableDecay {
    start: f64,
    peak: f64,
    end: f64,
    warmup: u64,
    stable: u64,
    decay: u64,
    shape: DecayShape,
}

/// The shape of the decay of [`WarmupStableDecay`]: how much of the way to the last rate is done after the part x of
/// its steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum DecayShape {
    /// x, the default.
    #[default]
    Linear,
    /// √x, which Hägele et al. call 1−sqrt: fast at first, slow at the end.
    OneMinusSqrt,
    /// (1 − cos πx)/2.
    Cosine,
}

impl WarmupStableDecay {
    /// From `start` at step 0 to `peak` in `warmup` steps, then `stable` steps at `peak`, then to `end` in `decay`
    /// steps. `decay` is at least 1; `warmup` and `stable` may be 0.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a rate that is no finite f32 of at least 0 or for a decay of 0 steps,
    /// [`Error::Coefficient`] for a rate that f32 turns into 0.
    pub const fn new(
        start: f64,
        peak: f64,
        end: f64,
        warmup: u64,
        stable: u64,
        decay: u64,
        shape: DecayShape,
    ) -> Result<Self, Error> {
        WarmupStableDecay { start, peak, end, warmup, stable, decay, shape }.checked()
    }

    const fn checked(self) -> Result<Self, Error> {
        check_all!(
            rate("start", self.start),
            rate("peak", self.peak),
            rate("end", self.end),
            length("decay", self.decay)
        );
        Ok(self)
    }

    fn rate(&self, step: u64) -> f64 {
        let &WarmupStableDecay { start, peak, end, warmup, stable, .. } = self;
        if step < warmup {
            return between(start, peak, step as f64, warmup as f64, linear);
        }
        let (done, steps) = (step.saturating_sub(warmup).saturating_sub(stable) as f64, self.decay as f64);
        match self.shape {
            DecayShape::Linear => between(peak, end, done, steps, linear),
            DecayShape::OneMinusSqrt => mix(peak, end, crate::math::sqrt(done / steps)),
            DecayShape::Cosine => between(peak, end, done, steps, cosine),
        }
    }
}

schedule!(WarmupStableDecay);
