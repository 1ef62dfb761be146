//! Sums over tensors: norms, means, dot products. No order, split, number of threads or CPU changes their bits.
//!
//! ```
//! use gradstep::sum::Sum;
//!
//! let tensors = [vec![3.0; 5000], vec![-4.0; 7]];
//! let total: Sum = tensors.iter().map(|tensor| Sum::squares(tensor)).sum();
//! assert_eq!(total.root(), (9.0_f64 * 5000.0 + 16.0 * 7.0).sqrt());
//!
//! // Any cut at multiples of BLOCK gives the same sum, in any order.
//! let (first, second) = tensors[0].split_at(2 * gradstep::sum::BLOCK);
//! let pieces = Sum::squares(&tensors[1]) + Sum::squares(second) + Sum::squares(first);
//! assert_eq!(pieces, total);
//! ```
//!
//! # Definition
//! A term is the product of two f32, which is exact in f64. A tensor is cut into blocks of [`BLOCK`] elements, counted
//! from its start. Within a block, element i is added in f64 to lane `i mod 32`, and the 32 lanes are added in pairs:
//! lanes 16 apart first, then 8, 4, 2, 1. The sums of blocks are added exactly, in an integer of 640 bits, and rounded
//! once, when the sum is read. No sum of finite elements overflows: the norm of `[1e30; 4]` is 2e30.
//!
//! # Pieces
//! A thread or a rank sums its piece of a tensor and passes on a [`Sum`], which is plain data with a [byte
//! form](Sum::to_bytes). Every piece begins at a multiple of [`BLOCK`] elements of its tensor, and every piece but the
//! last ends at one: [`Sum::starting_at`] refuses any other start. Every element is in exactly one piece:
//! [`Sum::expect_len`] refuses a sum of too many or too few elements.
//!
//! Two mistakes are not detected. If a piece ends elsewhere without being the last, the last digits of the sum may
//! differ. If pieces overlap and leave out the same number of elements, the sum is of the wrong elements.

use crate::error::{Error, Slice};
use crate::real::Real;
use crate::rule::Measure;
use crate::run;

pub use crate::math::{Sum, Sums};
#[cfg(feature = "rayon")]
#[cfg_attr(docsrs, doc(cfg(feature = "rayon")))]
pub use crate::run::par_measure;
pub use crate::run::{BLOCK, measure, measure_on};

/// `x · x`.
#[derive(Clone, Copy)]
struct Squares;

/// `|x| · 1`.
#[derive(Clone, Copy)]
struct Magnitudes;

/// `x · 1`.
#[derive(Clone, Copy)]
struct Values;

/// `x · y`.
#[derive(Clone, Copy)]
struct Products;

/// 1 for an element that is NaN or infinite.
#[derive(Clone, Copy)]
struct NonFinite;

/// The formula of a term from an element of one slice, and of another one.
macro_rules! terms {
    ($($Terms:ident: |$x:ident, $y:ident| $term:expr;)*) => {$(
        impl Measure<0, 1> for $Terms {
            #[inline(always)]
            fn lane<R: Real>(&self, $x: R, $y: R, []: [R; 0]) -> [[R; 2]; 1] {
                [$term]
            }
        }
    )*};
}

terms! {
    Squares: |x, _y| [x, x];
    Magnitudes: |x, _y| [x.abs(), R::splat(1.0)];
    Values: |x, _y| [x, R::splat(1.0)];
    Products: |x, y| [x, y];
    NonFinite: |x, _y| {
        let one = R::splat(1.0);
        [R::select(x.abs().lt(R::splat(f32::INFINITY)), R::splat(0.0), one), one]
    };
}

/// The sum of the terms of one slice.
#[inline]
fn over<M: Measure<0, 1>>(terms: M, values: &[f32]) -> Sum {
    let [sum] = run::sums(&terms, values);
    sum
}

/// [`over`] on rayon's current thread pool.
#[cfg(feature = "rayon")]
fn par_over<M: Measure<0, 1>>(terms: M, values: &[f32]) -> Sum {
    let [sum] = run::par_sums(&terms, values);
    sum
}

impl Sum {
    /// The sum of the squares of a slice: the square of its Euclidean norm.
    pub fn squares(values: &[f32]) -> Self {
        over(Squares, values)
    }

    /// The sum of the magnitudes of a slice: its norm of type 1.
    pub fn magnitudes(values: &[f32]) -> Self {
        over(Magnitudes, values)
    }

    /// The sum of a slice.
    pub fn values(values: &[f32]) -> Self {
        over(Values, values)
    }

    /// The dot product of two slices.
    ///
    /// # Errors
    /// [`Error::Length`] where the second slice is not as long as the first.
    pub fn products(values: &[f32], factors: &[f32]) -> Result<Self, Error> {
        if factors.len() != values.len() {
            return Err(Error::Length { slice: Slice::Factors, expected: values.len(), found: factors.len() });
        }
        let [sum] = measure(&Products, values, factors, [])?;
        Ok(sum)
    }

    /// [`Sum::squares`] on rayon's current thread pool: see [`Step::par_apply`](crate::Step::par_apply).
    #[cfg(feature = "rayon")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rayon")))]
    pub fn par_squares(values: &[f32]) -> Self {
        par_over(Squares, values)
    }

    /// [`Sum::magnitudes`] on rayon's current thread pool: see [`Step::par_apply`](crate::Step::par_apply).
    #[cfg(feature = "rayon")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rayon")))]
    pub fn par_magnitudes(values: &[f32]) -> Self {
        par_over(Magnitudes, values)
    }

    /// [`Sum::values`] on rayon's current thread pool: see [`Step::par_apply`](crate::Step::par_apply).
    #[cfg(feature = "rayon")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rayon")))]
    pub fn par_values(values: &[f32]) -> Self {
        par_over(Values, values)
    }

    /// Returns this sum unchanged if a piece of a tensor may start at element `start`.
    ///
    /// # Errors
    /// [`Error::PieceStart`] where that is no multiple of [`BLOCK`].
    pub const fn starting_at(self, start: usize) -> Result<Self, Error> {
        if start.is_multiple_of(BLOCK) { Ok(self) } else { Err(Error::PieceStart { start }) }
    }

    /// Returns this sum unchanged if it is a sum of `expected` elements, the number that all tensors have together.
    ///
    /// # Errors
    /// [`Error::SumLength`] where another number of elements was summed: pieces overlap, or one is missing.
    pub const fn expect_len(self, expected: u64) -> Result<Self, Error> {
        if self.len() == expected { Ok(self) } else { Err(Error::SumLength { expected, found: self.len() }) }
    }
}

/// The number of elements of a slice that are NaN or infinite.
pub fn count_non_finite(values: &[f32]) -> u64 {
    over(NonFinite, values).value() as u64
}

/// The largest magnitude in a slice: its norm of type ∞. 0 for an empty slice, NaN where an element is NaN.
///
/// [`larger`] merges the results of several slices, and keeps NaN.
pub fn max_abs(values: &[f32]) -> f32 {
    run::max_abs(values)
}

/// The larger of two magnitudes; NaN where either is NaN.
#[inline]
pub const fn larger(a: f32, b: f32) -> f32 {
    if a.is_nan() || a > b { a } else { b }
}
