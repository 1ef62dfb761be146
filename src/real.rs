//! The arithmetic vocabulary of formulas.

use core::ops::{Add, Div, Mul, Neg, Sub};

/// The arithmetic that a formula may use, on one element or on a vector of them.
///
/// Every operation is exact (`neg`, `abs`, comparison, selection, the start of a cube root) or correctly rounded
/// (`+ − × ÷ √`), so a formula gives the same bits on every backend. A formula cannot see memory, position or vector
/// width. The trait is sealed.
pub trait Real:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + sealed::Sealed
{
    /// The outcome of a comparison, element by element.
    type Mask: Copy;

    /// The same number in every element.
    fn splat(value: f32) -> Self;

    /// The correctly rounded square root; NaN below zero, −0 at −0.
    fn sqrt(self) -> Self;

    /// The magnitude: clears the sign bit.
    fn abs(self) -> Self;

    /// `self < other`; false where either is NaN.
    fn lt(self, other: Self) -> Self::Mask;

    /// `yes` where the mask holds, `no` elsewhere.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// +0 where the mask holds, the value itself elsewhere.
    #[inline(always)]
    fn zero_where(self, mask: Self::Mask) -> Self {
        Self::select(mask, Self::splat(0.0), self)
    }

    /// A start for the iteration towards `1/∛self`: within 4.5 % of it for a normal number above zero, and meaningless for
    /// other numbers. It subtracts a third of the exponent by integer arithmetic on the bits, which is exact.
    fn inverse_cube_root_start(self) -> Self;

    /// The larger of the two; `self` where either is NaN or both are zero.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self::select(self.lt(other), other, self)
    }

    /// The smaller of the two; `self` where either is NaN or both are zero.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self::select(other.lt(self), other, self)
    }

    /// 1, −1, or the value itself where it is ±0 or NaN.
    #[inline(always)]
    fn sign(self) -> Self {
        let zero = Self::splat(0.0);
        let negative = Self::select(self.lt(zero), Self::splat(-1.0), self);
        Self::select(zero.lt(self), Self::splat(1.0), negative)
    }

    /// Zero where the magnitude is below `threshold`, else the value itself; NaN stays.
    #[inline(always)]
    fn flush_below(self, threshold: f32) -> Self {
        self.zero_where(self.abs().lt(Self::splat(threshold)))
    }
}

/// [`Real::inverse_cube_root_start`] subtracts a third of a number's bits from this: `4/3 · 127 · 2²³`, a little lowered to
/// make the largest error small.
pub(crate) const INVERSE_CUBE_ROOT: i32 = 0x54a0_1000;

/// The upper half of a number's bits times this is a third of all its bits.
pub(crate) const THIRD: i16 = 0x5556;

pub(crate) mod sealed {
    /// Only the vectors of this crate are numbers.
    pub trait Sealed {}
}
