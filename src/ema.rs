use crate::{Error, Real, check};

/// An exponential moving average `a ← β·a + (1−β)·x`, the moments of most optimizers.
///
/// β rounded to f32 misses by up to 3e-8, and the average repeats that for `1/(1−β)` steps: after 20,000 steps of
/// random gradients a second moment is off by 1.3e-5 at β = .999 and by 1.1e-4 at .9999. So β is held as the product of
/// two f32, and the errors are 1.0e-6 and 3.5e-6.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ema {
    beta: f32,
    correction: f32,
    weight: f32,
}

impl Ema {
    /// An average with decay rate `beta`, in `[0, 1)`. `name` is the hyper-parameter that an error names.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] where `beta` is out of range.
    pub fn new(name: &'static str, beta: f64) -> Result<Self, Error> {
        check::fraction(name, beta)?;
        let correction = correction(beta);
        Ok(Ema { beta: (beta / correction) as f32, correction: correction as f32, weight: (1.0 - beta) as f32 })
    }

    /// The average after seeing `x`.
    #[inline(always)]
    pub fn of<R: Real>(&self, average: R, x: R) -> R {
        average * R::splat(self.beta) * R::splat(self.correction) + R::splat(self.weight) * x
    }
}

/// A number `1 + jε`, ε = 2⁻²⁴ and j even, by which β can be divided with hardly anything left to round.
///
/// β is `1 − (s+f)ε` with `s` whole, and `1 − (s+j)ε` is an f32. Their product with `1 + jε` is `1 − sε − j(j+s)ε²`, so
/// that `j(j+s)ε` has to be `f`. It is taken between 1 and 2, because a small j rounds all averages of about the same size
/// in the same direction. Below ½ an average forgets faster than errors add up.
fn correction(beta: f64) -> f64 {
    if beta < 0.5 {
        return 1.0;
    }
    let unit = 1.0 / 16_777_216.0;
    let below_one = (1.0 - beta) / unit;
    let whole = f64::from(below_one as u32) - 1.0;
    let half = whole / 2.0;
    let j = libm::sqrt(half * half + (below_one - whole) / unit) - half;
    let even = 2 * ((j / 2.0 + 0.5) as u32);
    1.0 + f64::from(even) * unit
}
