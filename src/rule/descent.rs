use super::direction::{Direction, DirectionVisitor};
use super::penalty::{Off, Switch};
use super::traits::{Rule, Visitor};
use crate::real::Real;

/// `p ← p − update`: a rule from a [`Direction`]. Decay in the step, as [`Loss`](super::Loss) adds it, and update are summed
/// first, so that p is rounded once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Descent<D> {
    direction: D,
}

impl<D> Descent<D> {
    /// A rule without weight decay.
    #[inline]
    pub const fn new(direction: D) -> Self {
        Descent { direction }
    }

    /// The direction.
    #[inline(always)]
    pub(super) const fn direction(&self) -> &D {
        &self.direction
    }

    /// The direction.
    #[inline(always)]
    pub(super) fn into_direction(self) -> D {
        self.direction
    }

    /// The same rule with a direction that is made of its direction.
    #[inline]
    pub(crate) fn map<E>(self, make: impl FnOnce(D) -> E) -> Descent<E> {
        Descent { direction: make(self.direction) }
    }
}

impl<D: Direction<S>, const S: usize> Rule<S> for Descent<D> {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S]) {
        self.lane_decaying(p, g, Off, state)
    }

    #[inline(always)]
    fn lane_decaying<R: Real, P: Switch>(&self, p: R, g: R, decay: P, state: [R; S]) -> (R, [R; S]) {
        let (update, state) = self.direction.lane(g, state);
        (p - decay.add_to(update, p), state)
    }

    #[inline(always)]
    fn form<V: Visitor<S>>(&self, visitor: V) -> V::Output {
        self.direction.form(Form(visitor))
    }

    #[inline(always)]
    fn fades(&self) -> [bool; S] {
        self.direction.fades()
    }
}

/// Makes a rule of the form of a direction.
struct Form<V>(V);

impl<V: Visitor<S>, const S: usize> DirectionVisitor<S> for Form<V> {
    type Output = V::Output;

    #[inline(always)]
    fn visit<D: Direction<S>>(self, direction: D) -> V::Output {
        self.0.visit(Descent { direction })
    }

    #[inline(always)]
    fn general(self) -> V::Output {
        self.0.general()
    }
}
