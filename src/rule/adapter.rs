use crate::{Error, Real, Rule};

/// Something fused into a step, on the way of an element from memory to the rule.
pub trait Adapter: Copy {
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

    /// Refuses coefficients that cannot be meant.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] names the first one.
    fn check(&self) -> Result<(), Error>;
}

/// A [`Rule`] with an [`Adapter`] fused in; made by [`Rule::with`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adapted<U, A> {
    pub(super) rule: U,
    pub(super) adapter: A,
}

impl<U: Rule<S>, A: Adapter, const S: usize> Rule<S> for Adapted<U, A> {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S]) {
        self.rule.lane(self.adapter.param(p), g, state)
    }

    // The inner rule's adapters were added first, so they act first.
    #[inline(always)]
    fn grad<R: Real>(&self, p: R, g: R) -> R {
        self.adapter.grad(p, self.rule.grad(p, g))
    }

    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(Adapted { rule: self.rule.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        self.rule.check()?;
        self.adapter.check()
    }
}
