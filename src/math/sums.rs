use super::sum::Sum;
use core::iter;
use core::ops::{Add, AddAssign};

/// The sums of one pass of a step over a unit, or over a piece of it: up to four, zeros for the rest. Pieces are merged exactly, in
/// any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sums(pub [Sum; 4]);

impl Sums {
    /// The sums of nothing.
    pub const ZERO: Self = Sums([Sum::ZERO; 4]);

    /// How many elements were summed.
    #[inline]
    pub const fn len(&self) -> u64 {
        let [first, ..] = &self.0;
        first.len()
    }

    /// Whether no element was summed.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether every term was finite.
    pub fn is_finite(&self) -> bool {
        self.0.iter().all(Sum::is_finite)
    }

    /// The first sum that is NaN or infinite, if one is.
    pub(crate) fn not_finite(&self) -> Option<f64> {
        self.0.iter().find(|sum| !sum.is_finite()).map(Sum::value)
    }

    /// Each sum, rounded once.
    #[inline]
    pub fn values(&self) -> [f64; 4] {
        self.0.each_ref().map(Sum::value)
    }

    /// Adds the sums of another piece, exactly.
    #[inline]
    pub fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sum, other)| sum.merge(other));
    }
}

impl Default for Sums {
    fn default() -> Self {
        Sums::ZERO
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.merge(&other);
    }
}

impl Add for Sums {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.merge(&other);
        self
    }
}

impl iter::Sum for Sums {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Sums::ZERO, Add::add)
    }
}
