//! One step on a chosen backend. What a step is compiled to is a function of its own here, with a symbol that names the
//! rule: `scripts/check-asm` reads them.

use gradstep::{Backend, Error, Optimizer, Rule, for_each_optimizer};

/// An optimizer and where its steps run: on a backend, or through [`Rule::apply`].
pub(crate) struct Step<O> {
    pub(crate) backend: Option<Backend>,
    pub(crate) optimizer: O,
}

impl<O> Step<O> {
    pub(crate) fn apply<U: Rule<S>, const S: usize>(
        &self,
        rule: &U,
        params: &mut [f32],
        grads: &[f32],
        state: [&mut [f32]; S],
    ) -> Result<(), Error> {
        match self.backend {
            None => rule.apply(params, grads, state),
            #[cfg(target_arch = "x86_64")]
            Some(Backend::Scalar) => apart::scalar(rule, params, grads, state),
            Some(other) => rule.apply_on(other, params, grads, state),
        }
    }
}

/// The scalar step as a function of its own, as the others are. Elsewhere nothing reads it, and microcontrollers have no
/// room for two.
#[cfg(target_arch = "x86_64")]
mod apart {
    use gradstep::{Backend, Error, Real, Rule};

    /// A rule as a type of its own, so that what its steps are compiled to has one caller and one backend.
    #[derive(Clone, Copy)]
    struct Alone<U>(U);

    impl<U: Rule<S>, const S: usize> Rule<S> for Alone<U> {
        #[inline(always)]
        fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S]) {
            self.0.lane(p, g, state)
        }

        #[inline(always)]
        fn grad<R: Real>(&self, p: R, g: R) -> R {
            self.0.grad(p, g)
        }
    }

    #[inline(never)]
    pub(super) fn scalar<U: Rule<S>, const S: usize>(
        rule: &U,
        params: &mut [f32],
        grads: &[f32],
        state: [&mut [f32]; S],
    ) -> Result<(), Error> {
        Alone(*rule).apply_on(Backend::Scalar, params, grads, state)
    }
}

/// Every adapter at once.
pub(crate) fn adapted<U: Rule<S>, const S: usize>(rule: U) -> impl Rule<S> {
    rule.scale_grads(0.75).clip_grads(0.5).l2(0.01).decoupled_decay(1e-3).maximize()
}

/// Calls `report` with the type of every rule, bare and adapted.
pub fn rules(mut report: impl FnMut(&str)) {
    fn name<U: Rule<S>, V: Rule<S>, const S: usize>(_: fn(U) -> V) -> &'static str {
        core::any::type_name::<V>()
    }
    macro_rules! each {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            report(name(|rule: <gradstep::$Optimizer as Optimizer<$slots>>::Rule| rule));
            report(name(adapted::<<gradstep::$Optimizer as Optimizer<$slots>>::Rule, $slots>));
        )*};
    }
    for_each_optimizer!(each);
}
