//! Building blocks of formulas: averages, the root of a second moment, interpolation, a cube root, powers.
//!
//! Each is a small `Copy` value that holds its coefficients, made once a step, and methods that are generic over
//! [`Real`](crate::Real). Rules of your own can use them.

mod coefficient;
mod cube_root;
mod ema;
mod epsilon;
mod lerp;
mod power;
mod rectification;
mod second_moment;
mod sum;

pub use coefficient::Coefficient;
pub use cube_root::cube_root;
pub use ema::{Average, DecayingSum, Ema, SlowEma, SlowSum};
pub use epsilon::{Both, Epsilon, Inside, Outside};
pub(crate) use epsilon::{LEAST, LEAST_ROOT};
pub use lerp::{AtEnd, Inner, Interpolate, Lerp};
pub use power::{Exponent, Half, Power};
pub use rectification::rectification;
pub use second_moment::{SecondMoment, variance};
pub use sum::Sum;

/// 2⁻¹¹⁴, the magnitude below which state that fades is stored as zero: see [`Rule::fades`](crate::rule::Rule::fades).
///
/// Its product with `1 − β` is a normal number for decay rates up to .9997.
pub const TINY: f32 = f32::MIN_POSITIVE * 4096.0;

/// `1 − βᵗ`: the total weight of what a moving average has seen after `t` steps, if it started at zero.
#[inline]
pub const fn bias_correction(beta: f64, t: u64) -> Coefficient {
    Coefficient::new(beta).complement_of_power(t)
}
