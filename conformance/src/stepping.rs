//! One step on a chosen backend.

use gradstep::optim::Carried;
use gradstep::rule::{Adapter, Rule, Unadapted};
use gradstep::{Backend, Error, Step};

/// Where steps run: on a backend, or through [`Step::apply`].
#[derive(Clone, Copy)]
pub(crate) struct Place(pub(crate) Option<Backend>);

impl Place {
    pub(crate) fn apply<U: Rule<S>, A: Adapter, C: Carried, const S: usize>(
        self,
        step: &Step<U, A, C>,
        params: &mut [f32],
        grads: &[f32],
        state: [&mut [f32]; S],
    ) -> Result<C::Applied, Error> {
        match self.0 {
            None => step.apply(params, grads, state),
            Some(backend) => step.apply_on(backend, params, grads, state),
        }
    }
}

/// Nothing for a step over all tensors that was refused because a number is not finite.
pub(crate) fn unless_refused<T>(applied: Result<T, Error>) -> Result<Option<T>, Error> {
    match applied {
        Err(Error::NotFiniteElement { .. } | Error::NotFinite { .. }) => Ok(None),
        applied => applied.map(Some),
    }
}

/// Every adapter at once.
pub(crate) fn adapted<U, C>(step: Step<U, Unadapted, C>) -> Step<U, impl Adapter, C> {
    step.scale_grads(0.75).clip_by_value(0.5).l2(0.01).decoupled_decay(1e-3).maximize()
}
