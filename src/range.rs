//! The ranges of hyper-parameters.

use core::fmt;

/// The values that a number may have. No range has NaN, infinities or numbers beyond f32.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Range {
    /// Any finite number.
    Finite,
    /// At least 0.
    NonNegative,
    /// Above 0.
    Positive,
    /// At least 0 and below 1: a decay rate, a momentum.
    Fraction,
    /// Above 0 and below 1.
    OpenFraction,
    /// At least 0 and at most 1: a part of something.
    Share,
    /// At least this number.
    AtLeast(f64),
    /// This number alone.
    Exactly(f64),
}

impl Range {
    /// The smallest and the largest f64 of the range.
    #[inline]
    pub const fn limits(self) -> (f64, f64) {
        const MAX: f64 = f32::MAX as f64;
        const ABOVE_ZERO: f64 = f64::from_bits(1);
        const BELOW_ONE: f64 = 1.0 - f64::EPSILON / 2.0;
        match self {
            Range::Finite => (-MAX, MAX),
            Range::NonNegative => (0.0, MAX),
            Range::Positive => (ABOVE_ZERO, MAX),
            Range::Fraction => (0.0, BELOW_ONE),
            Range::OpenFraction => (ABOVE_ZERO, BELOW_ONE),
            Range::Share => (0.0, 1.0),
            Range::AtLeast(least) => (least, MAX),
            Range::Exactly(value) => (value, value),
        }
    }

    /// Whether a number is in the range.
    #[inline]
    pub const fn contains(self, value: f64) -> bool {
        let (least, largest) = self.limits();
        // NaN fails both comparisons.
        value >= least && value <= largest
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Range::Finite => f.write_str("a finite f32"),
            Range::NonNegative => f.write_str("a finite f32 of at least 0"),
            Range::Positive => f.write_str("a finite f32 above 0"),
            Range::Fraction => f.write_str("at least 0 and below 1"),
            Range::OpenFraction => f.write_str("above 0 and below 1"),
            Range::Share => f.write_str("at least 0 and at most 1"),
            Range::AtLeast(least) => write!(f, "a finite f32 of at least {least}"),
            Range::Exactly(value) => write!(f, "{value}"),
        }
    }
}
