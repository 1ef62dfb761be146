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
    #[inline]
    pub const fn new(factor: f64) -> Self {
        const LARGE: f64 = f32::from_bits(0x7F00_0000) as f64; // 2¹²⁷
        let magnitude = factor.abs();
        let rounded = factor as f32;
        if magnitude > f32::MAX as f64 && magnitude < f64::INFINITY {
            let second = (factor / LARGE) as f32;
            // Beyond 2²⁵⁵ it is the largest factor.
            let second = if second.abs() <= f32::MAX { second } else { f32::MAX.copysign(second) };
            Factor { first: LARGE as f32, second }
        } else if magnitude < f32::MIN_POSITIVE as f64 && magnitude > 0.0 {
            Factor { first: (factor / f32::MIN_POSITIVE as f64) as f32, second: f32::MIN_POSITIVE }
        } else {
            Factor { first: rounded, second: 1.0 }
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

    /// Whether it is neither NaN nor infinite.
    pub const fn is_finite(self) -> bool {
        self.first.is_finite() && self.second.is_finite()
    }
}
