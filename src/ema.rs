use crate::{Error, Real, check};

/// An exponential moving average `a ← β·a + (1−β)·x`, the moments of most optimizers.
///
/// β rounded to f32 misses by up to 3e-8, and the average repeats that for `1/(1−β)` steps: after 20,000 steps of
/// random gradients a second moment is off by 1.3e-5 at β = .999 and by 1.1e-4 at .9999. So β is held as the sum of
/// two f32, and the errors are 8e-7 and 3e-6.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ema {
    beta: f32,
    beta_low: f32,
    weight: f32,
}

impl Ema {
    /// An average with decay rate `beta`, in `[0, 1)`. `name` is the hyper-parameter that an error names.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] where `beta` is out of range.
    pub fn new(name: &'static str, beta: f64) -> Result<Self, Error> {
        check::fraction(name, beta)?;
        // The high part is the next f32 below β, never β itself: both parts are positive, so that an average at
        // infinity stays there instead of turning into ∞ − ∞ or 0 · ∞.
        let mut high = beta as f32;
        if f64::from(high) >= beta {
            high = high.next_down().max(0.0);
        }
        Ok(Ema { beta: high, beta_low: (beta - f64::from(high)) as f32, weight: (1.0 - beta) as f32 })
    }

    /// The average after seeing `x`.
    #[inline(always)]
    pub fn of<R: Real>(&self, average: R, x: R) -> R {
        R::splat(self.beta) * average + (R::splat(self.weight) * x + R::splat(self.beta_low) * average)
    }
}
