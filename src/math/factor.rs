use super::{Coefficient, is_finite, is_nan};
use crate::real::Real;

/// A factor that depends on data, such as a ratio of norms, and may be beyond the range of f32 although its products are not.
///
/// It is kept as two f32 whose product is the factor. For a factor that is a normal f32 the second one is 1, so the product with
/// x is that of the factor rounded to f32. Others are cut at a power of two in the order that loses no digit of x: a large one
/// first makes x larger, a small one makes x smaller last. Factors from 2⁻²⁵² to 2²⁵⁵ have 24 bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factor {
    first: f32,
    second: f32,
}

impl Factor {
    /// 0.
    pub const ZERO: Self = Factor { first: 0.0, second: 1.0 };
    /// 1.
    pub const ONE: Self = Factor { first: 1.0, second: 1.0 };

    /// The factor, rounded to 24 bits. NaN and infinities stay.
    ///
    /// In integers, since f64 is software on microcontrollers.
    pub const fn new(factor: f64) -> Self {
        const LARGE: f32 = f32::from_bits(0x7F00_0000); // 2¹²⁷
        let magnitude = Coefficient::new(factor);
        let sign = (factor.to_bits() >> 63 << 31) as u32;
        if is_nan(factor) {
            Factor { first: f32::NAN, second: 1.0 }
        } else if magnitude.is_below(-126) && !magnitude.is_zero() {
            Factor { first: with_sign(magnitude.scaled(126).to_f32(), sign), second: f32::MIN_POSITIVE }
        } else if magnitude.is_below(127) {
            Factor { first: with_sign(magnitude.to_f32(), sign), second: 1.0 }
        } else {
            let second = magnitude.scaled(-127).to_f32();
            // Beyond 2²⁵⁵ it is the largest factor.
            let second = if is_finite(factor) && second == f32::INFINITY { f32::MAX } else { second };
            Factor { first: LARGE, second: with_sign(second, sign) }
        }
    }

    /// The product with `x`.
    #[inline(always)]
    pub fn times<R: Real>(self, x: R) -> R {
        R::splat(self.second) * (R::splat(self.first) * x)
    }

    /// The factor as it is after rounding.
    pub const fn to_f64(self) -> f64 {
        self.first as f64 * self.second as f64
    }

    /// Whether every product with it is 0 or NaN.
    pub const fn is_zero(self) -> bool {
        self.first == 0.0
    }
}

/// A magnitude with the bit of a sign.
const fn with_sign(magnitude: f32, sign: u32) -> f32 {
    f32::from_bits(magnitude.to_bits() | sign)
}
