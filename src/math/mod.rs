//! Building blocks of formulas: averages, the root of a second moment, interpolation, a cube root, powers.
//!
//! Each is a small `Copy` value that holds its coefficients, made once a step, and methods that are generic over
//! [`Real`](crate::Real). Rules of your own can use them.

mod coefficient;
mod cube_root;
mod ema;
mod epsilon;
mod factor;
mod lerp;
mod power;
mod ratio;
mod rectification;
mod root;
mod rounding;
mod second_moment;
mod sum;
mod sums;

pub use coefficient::Coefficient;
pub use cube_root::cube_root;
pub use ema::{DecayingSum, Ema};
pub use epsilon::Epsilon;
pub(crate) use epsilon::{LEAST, LEAST_ROOT};
pub use factor::Factor;
pub use lerp::Lerp;
pub use power::Power;
pub(crate) use ratio::{quotient, trust_ratio};
pub use rectification::rectification;
pub(crate) use root::{divide, sqrt};
pub(crate) use rounding::{coefficient, rounded, stored};
pub use second_moment::{SecondMoment, variance};
pub use sum::Sum;
pub use sums::Sums;

/// What is added where nothing is: `x + −0` is x for every x, also for −0, so a compiler drops the addition.
pub(crate) const NOTHING: f32 = -0.0;

/// Whether a number is that. Compared as integers.
#[inline(always)]
pub(crate) const fn is_nothing(x: f32) -> bool {
    x.to_bits() == NOTHING.to_bits()
}

/// 2⁻¹¹⁴, the magnitude below which state that fades is stored as zero: see [`Rule::fades_below`](crate::rule::Rule::fades_below).
///
/// Its product with `1 − β` is a normal number for decay rates up to .9997.
pub const TINY: f32 = f32::MIN_POSITIVE * 4096.0;

/// Whether a number is neither NaN nor infinite: of its bits, since comparing f64 is software on microcontrollers.
#[inline]
pub(crate) const fn is_finite(x: f64) -> bool {
    x.to_bits() << 1 < f64::INFINITY.to_bits() << 1
}

/// Whether a number is NaN.
#[inline]
pub(crate) const fn is_nan(x: f64) -> bool {
    x.to_bits() << 1 > f64::INFINITY.to_bits() << 1
}

/// `1 − βᵗ`: the total weight of what a moving average has seen after `t` steps, if it started at zero.
#[inline]
pub const fn bias_correction(beta: f64, t: u64) -> Coefficient {
    Coefficient::new(beta).complement_of_power(t)
}
