use crate::check;
use crate::error::Error;
use crate::range::Range;
use crate::real::Real;

/// An exponential moving average `a ← β·a + (1−β)·x`, the moments of most optimizers.
///
/// β rounded to f32 is off by up to 3e-8, and the average accumulates that error for `1/(1−β)` steps: after 20,000 steps
/// of random gradients a second moment is off by 1.3e-5 at β = .999 and by 1.1e-4 at .9999. So β is the product of two
/// f32, which reduces the errors to 1.0e-6 and 3.5e-6.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ema {
    beta: f32,
    correction: f32,
    weight: f32,
}

impl Ema {
    /// An average with decay rate `beta`, in [0, 1). An error calls the rate `name`.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] where `beta` is out of range, [`Error::Coefficient`] where it is too small for f32.
    #[inline]
    pub fn new(name: &'static str, beta: f64) -> Result<Self, Error> {
        check::field(name, beta, Range::Fraction)?;
        Ok(Ema::unchecked(beta))
    }

    #[inline]
    pub(crate) fn unchecked(beta: f64) -> Self {
        let correction = correction(beta);
        Ema { beta: (beta / correction) as f32 + 0.0, correction: correction as f32, weight: (1.0 - beta) as f32 }
    }

    /// A decaying sum `a ← β·a + x`.
    #[inline]
    pub(crate) fn summing(beta: f64) -> Self {
        Ema { weight: 1.0, ..Ema::unchecked(beta) }
    }

    /// The average after it has seen `x`.
    #[inline(always)]
    pub fn of<R: Real>(&self, average: R, x: R) -> R {
        average * R::splat(self.beta) * R::splat(self.correction) + R::splat(self.weight) * x
    }
}

/// A number `1 + jε`, ε = 2⁻²⁴ and j even, such that β divided by it is almost exactly an f32.
///
/// Write β as `1 − (s+f)ε` with `s` whole. `1 − (s+j)ε` is an f32, and its product with `1 + jε` is
/// `1 − sε − j(j+s)ε²`, which is β where `j(j+s)ε = f`. `f` is chosen between 1 and 2, because a small j would round all
/// averages of about the same size in the same direction. Below ½ an average forgets faster than errors add up, and the
/// correction is 1.
#[inline]
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
