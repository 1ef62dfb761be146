use super::decay::{Coupled, Decay, Decoupled, WeightDecay};
use super::penalty::{Off, Switch};
use super::traits::{Rule, Visitor};
use crate::error::Error;
use crate::real::Real;

/// A rule on the gradient of the loss or of its negative, with weight decay.
///
/// ```text
/// g ← ±g + factor · p        coupled: the gradient of an L2 penalty factor/2 · p², in PyTorch's order
/// p ← p − factor · p         decoupled, beside the step
/// ```
///
/// The type `W` says which decay there is: [`Decay`] where that is known when the program runs, [`Coupled`], [`Decoupled`]
/// or [`Off`]. `G` is [`Sign`], or [`Minimize`] where the sign is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loss<U, W = Decay, G = Sign> {
    rule: U,
    decay: W,
    sign: G,
}

/// What the gradient is multiplied by: 1 to descend, −1 to ascend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sign {
    sign: f32,
}

/// Descends: the gradient as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Minimize;

/// The gradient to descend along.
pub trait Gradient: Copy + Send + Sync {
    /// Whether it is that of the loss.
    fn minimizes(&self) -> bool;

    /// `±g`.
    fn of<R: Real>(&self, g: R) -> R;
}

impl Sign {
    #[inline]
    pub(super) const fn new(maximize: bool) -> Self {
        Sign { sign: if maximize { -1.0 } else { 1.0 } }
    }
}

impl Gradient for Sign {
    #[inline(always)]
    fn minimizes(&self) -> bool {
        self.sign == 1.0
    }

    #[inline(always)]
    fn of<R: Real>(&self, g: R) -> R {
        R::splat(self.sign) * g
    }
}

impl Gradient for Minimize {
    #[inline(always)]
    fn minimizes(&self) -> bool {
        true
    }

    #[inline(always)]
    fn of<R: Real>(&self, g: R) -> R {
        g
    }
}

impl<U> Loss<U> {
    #[inline]
    pub(crate) const fn new(maximize: bool, decay: Decay, rule: U) -> Self {
        Loss { rule, decay, sign: Sign::new(maximize) }
    }
}

impl<U, W, G> Loss<U, W, G> {
    /// The same loss with a rule that is made of its rule.
    #[inline]
    pub(crate) fn map<V>(self, make: impl FnOnce(U) -> V) -> Loss<V, W, G> {
        Loss { rule: make(self.rule), decay: self.decay, sign: self.sign }
    }
}

impl<U, W: WeightDecay, G: Gradient> Loss<U, W, G> {
    /// The rule.
    #[inline(always)]
    pub(super) const fn rule(&self) -> &U {
        &self.rule
    }

    /// The gradient that the rule sees.
    #[inline(always)]
    pub(super) fn gradient<R: Real>(&self, p: R, g: R) -> R {
        self.decay.in_gradient().add_to(self.sign.of(g), p)
    }
}

impl<U: Rule<S>, W: WeightDecay, G: Gradient, const S: usize> Rule<S> for Loss<U, W, G> {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S]) {
        let g = self.gradient(p, g);
        self.rule.lane_decaying(p, g, self.decay.in_step(), state)
    }

    #[inline(always)]
    fn form<V: Visitor<S>>(&self, visitor: V) -> V::Output {
        if self.sign.minimizes() { self.rule.form(Form { decay: self.decay, visitor }) } else { visitor.general() }
    }

    #[inline(always)]
    fn fades(&self) -> [bool; S] {
        self.rule.fades()
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        self.rule.check()
    }
}

/// Chooses the form of the decay, after that of the rule.
struct Form<W, V> {
    decay: W,
    visitor: V,
}

impl<W: WeightDecay, V: Visitor<S>, const S: usize> Visitor<S> for Form<W, V> {
    type Output = V::Output;

    #[inline(always)]
    fn visit<U: Rule<S>>(self, rule: U) -> V::Output {
        let sign = Minimize;
        match (self.decay.in_gradient().factor(), self.decay.in_step().factor()) {
            (None, None) => self.visitor.visit(Loss { rule, decay: Off, sign }),
            (Some(factor), _) => self.visitor.visit(Loss { rule, decay: Coupled::new(factor), sign }),
            (_, Some(factor)) => self.visitor.visit(Loss { rule, decay: Decoupled::new(factor), sign }),
        }
    }

    #[inline(always)]
    fn general(self) -> V::Output {
        self.visitor.general()
    }
}
