use super::traits::{Rule, Visitor};
use crate::error::Error;
use crate::real::Real;

/// Something fused into a step that acts on an element before the rule does.
pub trait Adapter: Copy + Send + Sync {
    /// The gradient that the rule sees, from the parameter before the step and the gradient so far.
    #[inline(always)]
    fn grad<R: Real>(&self, _p: R, g: R) -> R {
        g
    }

    /// The parameter that the rule starts from.
    #[inline(always)]
    fn param<R: Real>(&self, p: R) -> R {
        p
    }

    /// Refuses coefficients that are out of their ranges. [`Step::apply`](crate::Step::apply) asks before it writes.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] or [`Error::Coefficient`] names the first one.
    fn check(&self) -> Result<(), Error>;
}

/// An adapter that is there or not: `step.with(limit.map(ClipGrads::new))` has one type for both.
impl<A: Adapter> Adapter for Option<A> {
    #[inline(always)]
    fn grad<R: Real>(&self, p: R, g: R) -> R {
        match self {
            Some(adapter) => adapter.grad(p, g),
            None => g,
        }
    }

    #[inline(always)]
    fn param<R: Real>(&self, p: R) -> R {
        match self {
            Some(adapter) => adapter.param(p),
            None => p,
        }
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        match self {
            Some(adapter) => adapter.check(),
            None => Ok(()),
        }
    }
}

/// No adapter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unadapted;

impl Adapter for Unadapted {
    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// Two adapters, in the order in which they were added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chain<A, B> {
    pub(crate) first: A,
    pub(crate) second: B,
}

impl<A: Adapter, B: Adapter> Adapter for Chain<A, B> {
    #[inline(always)]
    fn grad<R: Real>(&self, p: R, g: R) -> R {
        self.second.grad(p, self.first.grad(p, g))
    }

    // Nothing but decay changes the parameter, and two decays commute but for rounding.
    #[inline(always)]
    fn param<R: Real>(&self, p: R) -> R {
        self.first.param(self.second.param(p))
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        self.first.check()?;
        self.second.check()
    }
}

/// A rule behind its adapters: what a [`Step`](crate::Step) runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adapted<U, A> {
    pub(crate) rule: U,
    pub(crate) adapter: A,
}

impl<U: Rule<S>, A: Adapter, const S: usize> Rule<S> for Adapted<U, A> {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S]) {
        self.rule.lane(self.adapter.param(p), self.adapter.grad(p, g), state)
    }

    #[inline(always)]
    fn form<V: Visitor<S>>(&self, visitor: V) -> V::Output {
        self.rule.form(Form { adapter: self.adapter, visitor })
    }

    #[inline(always)]
    fn fades(&self) -> [bool; S] {
        self.rule.fades()
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        self.rule.check()?;
        self.adapter.check()
    }
}

/// Puts the form of a rule behind the adapters.
struct Form<A, V> {
    adapter: A,
    visitor: V,
}

impl<A: Adapter, V: Visitor<S>, const S: usize> Visitor<S> for Form<A, V> {
    type Output = V::Output;

    #[inline(always)]
    fn visit<U: Rule<S>>(self, rule: U) -> V::Output {
        self.visitor.visit(Adapted { rule, adapter: self.adapter })
    }

    #[inline(always)]
    fn general(self) -> V::Output {
        self.visitor.general()
    }
}
