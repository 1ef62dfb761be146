//! One step on a chosen backend, and the names of the rules, which `scripts/check_asm.py` looks for in the machine code.

use gradstep::rule::{Adapted, Adapter, Rule, Unadapted};
use gradstep::whole::WholeOptimizer;
use gradstep::{Backend, Error, Optimizer, Step, for_each_optimizer, for_each_whole_optimizer};

/// Where steps run: on a backend, or through [`Step::apply`].
#[derive(Clone, Copy)]
pub(crate) struct Place(pub(crate) Option<Backend>);

impl Place {
    pub(crate) fn apply<U: Rule<S>, A: Adapter, const S: usize>(
        self,
        step: &Step<U, A>,
        params: &mut [f32],
        grads: &[f32],
        state: [&mut [f32]; S],
    ) -> Result<(), Error> {
        match self.0 {
            None => step.apply(params, grads, state),
            Some(backend) => step.apply_on(backend, params, grads, state),
        }
    }
}

/// Every adapter at once.
pub(crate) fn adapted<U>(step: Step<U>) -> Step<U, impl Adapter> {
    step.scale_grads(0.75).clip_grads(0.5).l2(0.01).decoupled_decay(1e-3).maximize()
}

/// Calls `report` with the type that a backend runs for every rule, bare and adapted, and the slots that it writes.
pub fn rules(mut report: impl FnMut(usize, &str)) {
    fn name<U, A>(_: fn(Step<U>) -> Step<U, A>) -> &'static str {
        core::any::type_name::<Adapted<U, A>>()
    }
    macro_rules! each {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            let written = <gradstep::$Optimizer as Optimizer<$slots>>::SLOTS.iter().filter(|slot| slot.is_written).count();
            report(written, name::<_, Unadapted>(|step: Step<<gradstep::$Optimizer as Optimizer<$slots>>::Rule>| step));
            report(written, name(adapted::<<gradstep::$Optimizer as Optimizer<$slots>>::Rule>));
        )*};
    }
    for_each_optimizer!(each);
    macro_rules! each_whole {
        ($($Optimizer:ident: $slots:literal, $sums:literal;)*) => {$({
            type Phases = <gradstep::whole::$Optimizer as WholeOptimizer<$slots, $sums>>::Phases;
            let written = <gradstep::whole::$Optimizer as WholeOptimizer<$slots, $sums>>::SLOTS;
            let written = written.iter().filter(|slot| slot.is_written).count();
            report(written, name::<<Phases as gradstep::whole::Phases<$slots, $sums>>::Update, Unadapted>(|step| step));
        })*};
    }
    for_each_whole_optimizer!(each_whole);
}
