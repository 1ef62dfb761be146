use super::checked::{length, rate};
use super::curve::{between, cosine};
use crate::error::Error;

/// Cosine decay that starts again at the first rate after each cycle, and never ends.
///
/// ```text
/// end + (start − end) · (1 + cos(π·u/n))/2
/// n = t_0·t_multⁱ       the length of cycle i, from 0
/// u                     the steps since the cycle began, 0 to n − 1
/// ```
///
/// The rate never reaches `end`: where it would, the next cycle begins.
///
/// Source: Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2016, arXiv 1608.03983;
/// `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`, PyTorch 2.15. `optax.sgdr_schedule`, optax 0.2.8, is a chain of
/// [`Cosine::with_warmup`](super::Cosine::with_warmup).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct CosineRestarts {
    start: f64,
    end: f64,
    t_0: u64,
    t_mult: u64,
}

impl CosineRestarts {
    /// Cycles from `start` toward `end`. The first has `t_0` steps, and each further one is `t_mult` times as long as
    /// the one before. Both are at least 1. torch's defaults are a `t_mult` of 1 and an end, `eta_min`, of 0.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a rate that is no finite f32 of at least 0 or for a length or a factor of 0,
    /// [`Error::Coefficient`] for a rate that f32 turns into 0.
    pub const fn new(start: f64, end: f64, t_0: u64, t_mult: u64) -> Result<Self, Error> {
        CosineRestarts { start, end, t_0, t_mult }.checked()
    }

    const fn checked(self) -> Result<Self, Error> {
        check_all!(
            rate("start", self.start),
            rate("end", self.end),
            length("t_0", self.t_0),
            length("t_mult", self.t_mult),
        );
        Ok(self)
    }

    fn rate(&self, step: u64) -> f64 {
        let (mut done, mut cycle) = (step, self.t_0);
        if self.t_mult <= 1 {
            done = step.checked_rem(cycle).unwrap_or(0);
        } else {
            // Cycles at least double, so that there are at most 64.
            while done >= cycle && cycle > 0 {
                done -= cycle;
                cycle = cycle.saturating_mul(self.t_mult);
            }
        }
        between(self.start, self.end, done as f64, cycle as f64, cosine)
    }
}

schedule!(CosineRestarts);
