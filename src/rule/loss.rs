use super::penalty::{Off, On, Penalty, Switch};
use super::traits::{Rule, Visitor};
use crate::check;
use crate::error::Error;
use crate::real::Real;

/// A rule on the gradient of the loss or of its negative, plus an L2 penalty `weight_decay/2 · p²`:
/// `g ← ±g + weight_decay · p`, in PyTorch's order.
///
/// The type `L` says whether there is a penalty: [`Penalty`] where it may be 0, [`On`] or [`Off`]. `G` is [`Sign`], or
/// [`Minimize`] where the sign is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loss<U, L = Penalty, G = Sign> {
    rule: U,
    penalty: L,
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

impl<U> Loss<U, Off> {
    #[inline]
    pub(crate) const fn new(maximize: bool, rule: U) -> Self {
        Loss { rule, penalty: Off, sign: Sign::new(maximize) }
    }
}

impl<U> Loss<U, Penalty> {
    /// `weight_decay` has been checked.
    #[inline]
    pub(crate) const fn penalized(maximize: bool, weight_decay: f64, rule: U) -> Self {
        Loss { rule, penalty: Penalty::new(check::rounded(weight_decay)), sign: Sign::new(maximize) }
    }
}

impl<U, L, G> Loss<U, L, G> {
    /// The same loss with a rule that is made of its rule.
    #[inline]
    pub(crate) fn map<V>(self, make: impl FnOnce(U) -> V) -> Loss<V, L, G> {
        Loss { rule: make(self.rule), penalty: self.penalty, sign: self.sign }
    }
}

impl<U: Rule<S>, L: Switch, G: Gradient, const S: usize> Rule<S> for Loss<U, L, G> {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S]) {
        self.rule.lane(p, self.penalty.add_to(self.sign.of(g), p), state)
    }

    #[inline(always)]
    fn form<V: Visitor<S>>(&self, visitor: V) -> V::Output {
        if self.sign.minimizes() { self.rule.form(Form { penalty: self.penalty, visitor }) } else { visitor.general() }
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

/// Chooses the form of the penalty, after that of the rule.
struct Form<L, V> {
    penalty: L,
    visitor: V,
}

impl<L: Switch, V: Visitor<S>, const S: usize> Visitor<S> for Form<L, V> {
    type Output = V::Output;

    #[inline(always)]
    fn visit<U: Rule<S>>(self, rule: U) -> V::Output {
        match self.penalty.factor() {
            None => self.visitor.visit(Loss { rule, penalty: Off, sign: Minimize }),
            Some(factor) => self.visitor.visit(Loss { rule, penalty: On::new(factor), sign: Minimize }),
        }
    }

    #[inline(always)]
    fn general(self) -> V::Output {
        self.visitor.general()
    }
}
