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
pub use ema::{Average, DecayingSum, Ema, SlowEma, SlowSum};
pub use epsilon::{Both, Epsilon, Inside, Outside};
pub use lerp::{AtEnd, Inner, Interpolate, Lerp};
pub use second_moment::SecondMoment;

/// The least power of two whose product with `weight` is a normal number, for a `weight` of at most 1: below it, a
/// product of the two may be subnormal.
#[inline(always)]
pub(crate) const fn floor(weight: f32) -> f32 {
    const EXPONENT: u32 = f32::INFINITY.to_bits();
    /// Twice the exponent of 1, and one more for the smallest normal number.
    const SUM: u32 = 128 << 23;
    f32::from_bits(SUM - (weight.to_bits() & EXPONENT))
}

/// `1 − βᵗ`: the total weight of what a moving average has seen after `t` steps, if it started at zero.
#[inline]
pub fn bias_correction(beta: f64, t: u64) -> f64 {
    1.0 - power(beta, t)
}

/// `baseⁿ` by repeated squaring, for a `base` in [0, 1]: a fraction of the code and time of a power function.
///
/// Each product is off by 2⁻⁵³ of itself at most, and a square doubles what it takes over, so the power is off by about
/// `n · 2⁻⁵³` of itself. As `n · baseⁿ` is below `1/(1 − base)`, the weight `1 − βᵗ` is off by less than the rounding of β to
/// f64 changes it.
#[inline]
pub(crate) fn power(base: f64, mut n: u64) -> f64 {
    let (mut power, mut square) = (1.0, base);
    loop {
        if n & 1 == 1 {
            power *= square;
        }
        n >>= 1;
        if n == 0 {
            return power;
        }
        square *= square;
    }
}
