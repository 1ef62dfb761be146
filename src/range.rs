//! The ranges of hyper-parameters.

use core::fmt;
use core::ops::Bound::{self, Excluded, Included};

/// What a number may be. NaN and infinities are in no range, nor is a number that f32 cannot hold.
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
    /// The lower and the upper bound.
    pub const fn bounds(self) -> (Bound<f64>, Bound<f64>) {
        const MAX: f64 = f32::MAX as f64;
        match self {
            Range::Finite => (Included(-MAX), Included(MAX)),
            Range::NonNegative => (Included(0.0), Included(MAX)),
            Range::Positive => (Excluded(0.0), Included(MAX)),
            Range::Fraction => (Included(0.0), Excluded(1.0)),
            Range::OpenFraction => (Excluded(0.0), Excluded(1.0)),
            Range::Share => (Included(0.0), Included(1.0)),
            Range::AtLeast(least) => (Included(least), Included(MAX)),
            Range::Exactly(value) => (Included(value), Included(value)),
        }
    }

    /// Whether a number is in the range.
    #[inline]
    pub const fn contains(self, value: f64) -> bool {
        let (low, high) = self.bounds();
        // NaN fails every comparison.
        (match low {
            Included(low) => value >= low,
            Excluded(low) => value > low,
            Bound::Unbounded => true,
        }) && (match high {
            Included(high) => value <= high,
            Excluded(high) => value < high,
            Bound::Unbounded => true,
        })
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
