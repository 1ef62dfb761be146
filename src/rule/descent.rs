use super::direction::{Direction, DirectionVisitor};
use super::penalty::{Off, On, Penalty, Switch};
use super::traits::{Rule, Visitor};
use crate::real::Real;

/// `p ← p − (update + rate · p)`: the update of a [`Direction`], with decoupled weight decay (Loshchilov & Hutter 2017,
/// arXiv 1711.05101). Decay and update are summed first, so that p is rounded once.
///
/// The type `W` says whether there is decay: [`Penalty`] where it may be 0, [`On`] or [`Off`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Descent<D, W = Off> {
    direction: D,
    decay: W,
}

impl<D> Descent<D, Off> {
    /// A rule without weight decay.
    #[inline]
    pub const fn new(direction: D) -> Self {
        Descent { direction, decay: Off }
    }
}

impl<D> Descent<D, Penalty> {
    /// `rate` is the learning rate times the weight decay.
    #[inline]
    pub(crate) const fn decaying(direction: D, rate: f32) -> Self {
        Descent { direction, decay: Penalty::new(rate) }
    }
}

impl<D, W> Descent<D, W> {
    /// The same rule with a direction that is made of its direction.
    #[inline]
    pub(crate) fn map<E>(self, make: impl FnOnce(D) -> E) -> Descent<E, W> {
        Descent { direction: make(self.direction), decay: self.decay }
    }
}

impl<D: Direction<S>, W: Switch, const S: usize> Rule<S> for Descent<D, W> {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S]) {
        let (update, state) = self.direction.lane(g, state);
        (p - self.decay.add_to(update, p), state)
    }

    #[inline(always)]
    fn form<V: Visitor<S>>(&self, visitor: V) -> V::Output {
        self.direction.form(Form { decay: self.decay, visitor })
    }

    #[inline(always)]
    fn fades(&self) -> [bool; S] {
        self.direction.fades()
    }
}

/// Chooses the form of the decay, after that of the direction.
struct Form<W, V> {
    decay: W,
    visitor: V,
}

impl<W: Switch, V: Visitor<S>, const S: usize> DirectionVisitor<S> for Form<W, V> {
    type Output = V::Output;

    #[inline(always)]
    fn visit<D: Direction<S>>(self, direction: D) -> V::Output {
        match self.decay.factor() {
            None => self.visitor.visit(Descent { direction, decay: Off }),
            Some(rate) => self.visitor.visit(Descent { direction, decay: On::new(rate) }),
        }
    }

    #[inline(always)]
    fn general(self) -> V::Output {
        self.visitor.general()
    }
}
