use super::adapter::{Adapted, Adapter};
use crate::error::Error;
use crate::real::Real;

/// What an element adds to `K` sums over a tensor, as a formula on one element: the first of the two phases of an optimizer
/// that looks at a whole tensor. `S` is the number of state slots.
pub trait Measure<const S: usize, const K: usize>: Copy + Send + Sync {
    /// The new state of an element, and the two factors of its term in each sum.
    ///
    /// Implementations carry `#[inline(always)]`.
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> ([R; S], [[R; 2]; K]);

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
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> ([R; S], [[R; 2]; K]) {
        self.rule.lane(self.adapter.param(p), self.adapter.grad(p, g), state)
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        self.rule.check()?;
        self.adapter.check()
    }
}
