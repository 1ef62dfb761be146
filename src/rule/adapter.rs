use super::pass::{Found, Passes, Terms};
use super::traits::Rule;
use crate::error::Error;
use crate::real::Real;
use crate::shape::Extent;

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

    /// The passes of the adapter, which come before those of the rule: see [`Rule::PASSES`].
    const PASSES: Passes = Passes::NONE;

    /// What an element adds to the sums of a pass.
    #[inline(always)]
    fn terms<R: Real>(&self, _pass: usize, _p: R, _g: R) -> Terms<R> {
        Terms::none()
    }

    /// Completes the coefficients with what a pass found.
    #[inline(always)]
    fn found(&mut self, _pass: usize, _found: &Found<0>) {}

    /// Refuses coefficients that are out of their ranges. [`Step::apply`](crate::Step::apply) asks before the first pass, and
    /// again when the passes over all tensors are done, before it writes.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] or [`Error::Coefficient`] names the first one.
    fn check(&self) -> Result<(), Error>;
}

/// An adapter that is there or not: `step.with(limit.map(ClipByValue::new))` has one type for both.
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

    const PASSES: Passes = A::PASSES;

    #[inline(always)]
    fn terms<R: Real>(&self, pass: usize, p: R, g: R) -> Terms<R> {
        match self {
            Some(adapter) => adapter.terms(pass, p, g),
            None => Terms::none(),
        }
    }

    #[inline(always)]
    fn found(&mut self, pass: usize, found: &Found<0>) {
        if let Some(adapter) = self {
            adapter.found(pass, found);
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

    const PASSES: Passes = A::PASSES.then(B::PASSES);

    #[inline(always)]
    fn terms<R: Real>(&self, pass: usize, p: R, g: R) -> Terms<R> {
        if pass < A::PASSES.len() {
            self.first.terms(pass, p, g)
        } else {
            self.second.terms(pass - A::PASSES.len(), p, self.first.grad(p, g))
        }
    }

    #[inline(always)]
    fn found(&mut self, pass: usize, found: &Found<0>) {
        if pass < A::PASSES.len() {
            self.first.found(pass, found);
        } else {
            self.second.found(pass - A::PASSES.len(), found);
        }
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
    const EXTENTS: [Extent; S] = U::EXTENTS;
    const PASSES: Passes = A::PASSES.then(U::PASSES);

    #[inline(always)]
    fn terms<R: Real>(&self, pass: usize, p: R, g: R, state: [R; S]) -> Terms<R> {
        if pass < A::PASSES.len() {
            return self.adapter.terms(pass, p, g);
        }
        let (p, g) = (self.adapter.param(p), self.adapter.grad(p, g));
        self.rule.terms(pass - A::PASSES.len(), p, g, state)
    }

    #[inline(always)]
    fn found(&mut self, pass: usize, found: &mut Found<S>) {
        if pass < A::PASSES.len() {
            self.adapter.found(pass, &found.without_slots());
        } else {
            self.rule.found(pass - A::PASSES.len(), found);
        }
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S]) {
        self.rule.lane(self.adapter.param(p), self.adapter.grad(p, g), state)
    }

    const FORMS: u8 = U::FORMS;

    #[inline(always)]
    fn in_form(self, form: u8) -> Option<Self> {
        Some(Adapted { rule: self.rule.in_form(form)?, ..self })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; S] {
        self.rule.fades_below()
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        self.rule.check()?;
        self.adapter.check()
    }
}
