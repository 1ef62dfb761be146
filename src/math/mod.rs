//! Building blocks of formulas: averages, the root of a second moment, interpolation, a cube root.
//!
//! Each is a small `Copy` value that holds its coefficients, made once a step, and methods that are generic over
//! [`Real`]. Rules of your own can use them.

mod cube_root;
mod ema;
mod epsilon;
mod lerp;
mod second_moment;

pub use cube_root::cube_root;
pub use ema::Ema;
pub use epsilon::{Both, Epsilon, Inside, Outside};
pub use lerp::{AtEnd, Inner, Interpolate, Lerp};
pub use second_moment::SecondMoment;

use crate::real::Real;

/// Zero for a subnormal number, else the number itself: what a signed moment is stored as. Otherwise a moment whose
/// gradients stay zero would remain subnormal for ever, and every later step would pay for that.
#[inline(always)]
pub fn flush<R: Real>(x: R) -> R {
    x.flush_below(f32::MIN_POSITIVE)
}

/// `1 − βᵗ`: the total weight of what a moving average has seen after `t` steps, if it started at zero.
#[inline]
pub fn bias_correction(beta: f64, t: u64) -> f64 {
    1.0 - libm::pow(beta, t as f64)
}
