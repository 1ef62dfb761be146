use super::adapter::{Adapted, Adapter};
use crate::error::Error;
use crate::real::Real;

/// What an element adds to `K` sums over a tensor, as a formula on one element that writes nothing: the first of the two phases
/// of an optimizer that looks at a whole tensor. `S` is the number of state slots.
///
/// ```
/// use gradstep::Real;
/// use gradstep::rule::Measure;
/// use gradstep::sum;
///
/// /// The dot product of the step so far and the gradient, and the squares of the gradient.
/// #[derive(Clone, Copy)]
/// struct Progress;
///
/// impl Measure<1, 2> for Progress {
///     #[inline(always)]
///     fn lane<R: Real>(&self, p: R, g: R, [start]: [R; 1]) -> [[R; 2]; 2] {
///         [[start - p, g], [g, g]]
///     }
/// }
///
/// let [progress, squares] = sum::measure(&Progress, &[1.0, 2.0], &[3.0, 4.0], [&[2.0, 2.0]])?;
/// assert_eq!((progress.value(), squares.root()), (3.0, 5.0));
/// # Ok::<(), gradstep::Error>(())
/// ```
pub trait Measure<const S: usize, const K: usize>: Copy + Send + Sync {
    /// The two factors of an element's term in each sum, from the parameter, its gradient and its state.
    ///
    /// Implementations carry `#[inline(always)]`.
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> [[R; 2]; K];

    /// Refuses coefficients that are out of their ranges.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] or [`Error::Coefficient`] names the first one.
    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl<M: Measure<S, K>, A: Adapter, const S: usize, const K: usize> Measure<S, K> for Adapted<M, A> {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> [[R; 2]; K] {
        self.rule.lane(self.adapter.param(p), self.adapter.grad(p, g), state)
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        self.rule.check()?;
        self.adapter.check()
    }
}
