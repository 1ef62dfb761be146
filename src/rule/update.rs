use super::decay::WeightDecay;
use super::descent::Descent;
use super::direction::Direction;
use super::loss::{Gradient, Loss};
use super::traits::Rule;
use crate::real::Real;

/// A rule that subtracts the update of a [`Direction`], which can be asked for it before the step.
pub trait Update<const S: usize>: Rule<S> {
    /// The gradient that the direction sees, and its update.
    ///
    /// Implementations carry `#[inline(always)]`.
    fn update<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, R);
}

impl<D: Direction<S>, const S: usize> Update<S> for Descent<D> {
    #[inline(always)]
    fn update<R: Real>(&self, _: R, g: R, state: [R; S]) -> (R, R) {
        let (update, _) = self.direction().lane(g, state);
        (g, update)
    }
}

impl<U: Update<S>, W: WeightDecay, G: Gradient, const S: usize> Update<S> for Loss<U, W, G> {
    #[inline(always)]
    fn update<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, R) {
        self.rule().update(p, self.gradient(p, g), state)
    }
}
