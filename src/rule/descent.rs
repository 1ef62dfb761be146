use super::direction::Direction;
use super::pass::{Found, Passes, Terms};
use super::penalty::Penalty;
use super::scaling::{Scaling, Unscaled};
use super::traits::Rule;
use crate::error::Error;
use crate::real::Real;
use crate::shape::Extent;

/// `p ← p − update`: a rule from a [`Direction`]. Decay in the step, as [`Decayed`](super::Decayed) adds it, and update are summed
/// first, so that p is rounded once.
///
/// `T` is what a whole tensor makes of the update, such as a [`TrustRatio`](super::TrustRatio).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Descent<D, T = Unscaled> {
    direction: D,
    scaling: T,
}

impl<D> Descent<D> {
    /// A rule without weight decay.
    #[inline]
    pub const fn new(direction: D) -> Self {
        Descent { direction, scaling: Unscaled }
    }
}

impl<D, T> Descent<D, T> {
    /// A rule whose updates are scaled.
    #[inline(always)]
    pub(crate) const fn scaled(direction: D, scaling: T) -> Self {
        Descent { direction, scaling }
    }

    /// What is subtracted from `p` but for decay beside the step, and the new state.
    #[inline(always)]
    pub(super) fn update<R: Real, const S: usize>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S])
    where
        D: Direction<S>,
        T: Scaling<S>,
    {
        let (update, state) = self.direction.lane(p, g, state);
        (self.scaling.of(p, update), state)
    }

    /// The same rule with a direction that is made of its direction.
    #[inline]
    pub(crate) fn map<E>(self, make: impl FnOnce(D) -> E) -> Descent<E, T> {
        Descent { direction: make(self.direction), scaling: self.scaling }
    }
}

impl<D: Direction<S>, T: Scaling<S>, const S: usize> Rule<S> for Descent<D, T> {
    const EXTENTS: [Extent; S] = D::EXTENTS;
    const PASSES: Passes = D::PASSES.then(T::PASSES);

    #[inline(always)]
    fn terms<R: Real>(&self, pass: usize, p: R, g: R, state: [R; S]) -> Terms<R> {
        if pass < D::PASSES.len() {
            return self.direction.terms(pass, p, g, state);
        }
        let (update, _) = self.direction.lane(p, g, state);
        self.scaling.terms(pass - D::PASSES.len(), p, g, update, state)
    }

    #[inline(always)]
    fn found(&mut self, pass: usize, found: &mut Found<S>) {
        if pass < D::PASSES.len() {
            self.direction.found(pass, found);
        } else {
            self.scaling.found(pass - D::PASSES.len(), found);
        }
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S]) {
        self.lane_decaying(p, g, Penalty::OFF, state)
    }

    #[inline(always)]
    fn lane_decaying<R: Real>(&self, p: R, g: R, decay: Penalty, state: [R; S]) -> (R, [R; S]) {
        let (update, state) = self.update(p, g, state);
        (p - decay.add_to(update, p), state)
    }

    const FORMS: u8 = D::FORMS;

    #[inline(always)]
    fn in_form(self, form: u8) -> Option<Self> {
        Some(Descent { direction: self.direction.in_form(form)?, ..self })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; S] {
        self.direction.fades_below()
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        self.direction.check()
    }
}
