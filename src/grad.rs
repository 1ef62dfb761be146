//! What happens to gradients before a step: sums over a mini-batch.

use crate::simd::{self, Streams};
use crate::{Backend, Error, Real, Rule, check};

/// Adds a gradient to a buffer: `buffer ← buffer + factor · grads`, in one pass.
///
/// With a factor of `1/n` the buffer holds the mean over `n` samples or micro-batches without a further pass. Start
/// each batch with `buffer.fill(0.0)`.
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
/// [`Error::Length`] where the slices differ in length, [`Error::HyperParameter`] for a factor that is not a finite
/// f32. Nothing has been written then.
pub fn accumulate(buffer: &mut [f32], grads: &[f32], factor: f64) -> Result<(), Error> {
    let rule = Accumulate { factor: check::coefficient("factor", factor)? };
    simd::run(Backend::active(), &rule, Streams::new(buffer, grads, [])?)
}

#[derive(Clone, Copy)]
struct Accumulate {
    factor: f32,
}

impl Rule<0> for Accumulate {
    #[inline(always)]
    fn lane<R: Real>(&self, sum: R, g: R, []: [R; 0]) -> (R, [R; 0]) {
        (sum + R::splat(self.factor) * g, [])
    }
}
