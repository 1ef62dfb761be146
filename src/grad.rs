//! Gradients before a step: accumulation over samples or micro-batches.

use crate::check;
use crate::error::{Error, Slice};
use crate::math::Sum;
use crate::range::Range;
use crate::real::Real;
use crate::rule::Rule;
use crate::run::{Wrong, pass, pass_squares};
#[cfg(feature = "rayon")]
use crate::run::{par_pass, par_pass_squares};

/// Adds a gradient to a buffer: `buffer ← buffer + factor · grads`, in one pass.
///
/// With a factor of `1/n` the buffer holds the mean over `n` samples or micro-batches, without another pass. Start each
/// batch with `buffer.fill(0.0)`.
///
/// ```
/// let mut mean = [0.0; 3];
/// for grads in [[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]] {
///     gradstep::grad::accumulate(&mut mean, &grads, 1.0 / 2.0)?;
/// }
/// assert_eq!(mean, [2.0; 3]);
/// # Ok::<(), gradstep::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] where the buffer is not as long as the gradients, [`Error::HyperParameter`] or
/// [`Error::Coefficient`] for a factor that is not a finite f32 or becomes 0 in f32. Nothing has been written then.
pub fn accumulate(buffer: &mut [f32], grads: &[f32], factor: f64) -> Result<(), Error> {
    pass(Accumulate::new(factor)?, buffer, grads, Wrong::Buffer(Slice::Buffer))
}

/// [`accumulate`] on rayon's current thread pool: see [`Step::par_apply`](crate::Step::par_apply).
///
/// # Errors
/// Those of `accumulate`.
#[cfg(feature = "rayon")]
#[cfg_attr(docsrs, doc(cfg(feature = "rayon")))]
pub fn par_accumulate(buffer: &mut [f32], grads: &[f32], factor: f64) -> Result<(), Error> {
    par_pass(Accumulate::new(factor)?, buffer, grads, Wrong::Buffer(Slice::Buffer))
}

/// Does what [`accumulate`] does and also returns the sum of the squares of the new buffer, in the same pass. Called
/// for the last micro-batch, it gives the norm of the whole gradient without a separate pass.
///
/// ```
/// use gradstep::sum::Sum;
///
/// let mut mean = [2.0, 0.0];
/// let squares = gradstep::grad::accumulate_squares(&mut mean, &[2.0, 8.0], 0.5)?;
/// assert_eq!((mean, squares.root()), ([3.0, 4.0], 5.0));
/// assert_eq!(squares, Sum::squares(&mean));
/// # Ok::<(), gradstep::Error>(())
/// ```
///
/// # Errors
/// Those of `accumulate`.
pub fn accumulate_squares(buffer: &mut [f32], grads: &[f32], factor: f64) -> Result<Sum, Error> {
    pass_squares(Accumulate::new(factor)?, buffer, grads, Wrong::Buffer(Slice::Buffer))
}

/// [`accumulate_squares`] on rayon's current thread pool: see [`Step::par_apply`](crate::Step::par_apply).
///
/// # Errors
/// Those of `accumulate`.
#[cfg(feature = "rayon")]
#[cfg_attr(docsrs, doc(cfg(feature = "rayon")))]
pub fn par_accumulate_squares(buffer: &mut [f32], grads: &[f32], factor: f64) -> Result<Sum, Error> {
    par_pass_squares(Accumulate::new(factor)?, buffer, grads, Wrong::Buffer(Slice::Buffer))
}

#[derive(Clone, Copy)]
struct Accumulate {
    factor: f32,
}

impl Accumulate {
    fn new(factor: f64) -> Result<Self, Error> {
        check::field("factor", factor, Range::Finite)?;
        Ok(Accumulate { factor: factor as f32 + 0.0 })
    }
}

impl Rule<0> for Accumulate {
    #[inline(always)]
    fn lane<R: Real>(&self, sum: R, g: R, []: [R; 0]) -> (R, [R; 0]) {
        (sum + R::splat(self.factor) * g, [])
    }
}
