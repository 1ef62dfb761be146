//! Building blocks of formulas: averages, the root of a second moment, interpolation, a cube root.
//!
//! Each is a small `Copy` value that holds its coefficients, made once a step, and methods that are generic over
//! [`Real`](crate::Real). Rules of your own can use them.

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

/// 2⁻¹¹⁴, the magnitude below which state that fades is stored as zero: see [`Rule::fades`](crate::rule::Rule::fades).
///
/// Its product with `1 − β` is a normal number for decay rates up to .9997.
pub const TINY: f32 = f32::MIN_POSITIVE * 4096.0;

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
