//! How a step of any optimizer of the registry begins.

use gradstep::optim::Carried;
use gradstep::rule::{Rule, Unadapted};
use gradstep::{Clock, Error, Optimizer, Step};

/// Begins steps: by a tick where there is one.
pub trait Start {
    /// What the step carries of a clock.
    type Carried<C: Clock>: Carried;

    /// Begins a step.
    ///
    /// # Errors
    /// Those of [`Optimizer::begin`].
    #[expect(clippy::type_complexity, reason = "a step with what it carries")]
    fn start<O: Optimizer<S>, const S: usize>(
        optimizer: &O,
        clock: &mut O::Clock,
    ) -> Result<Step<O::Rule, Unadapted, Self::Carried<O::Clock>>, Error>;
}

/// How the steps of an optimizer begin that sets its clock from the sums of a step, or of one that does not: a tick of the first
/// does not compile.
#[derive(Clone, Copy, Debug)]
pub struct Starts<const SETS_CLOCK: bool>;

/// Whether an optimizer sets its clock from the sums of a step.
pub const fn sets_clock<O: Optimizer<S>, const S: usize>() -> bool {
    <O::Rule as Rule<S>>::PASSES.set_clock()
}

impl Start for Starts<false> {
    type Carried<C: Clock> = ();

    #[inline(always)]
    fn start<O: Optimizer<S>, const S: usize>(
        optimizer: &O,
        clock: &mut O::Clock,
    ) -> Result<Step<O::Rule, Unadapted, ()>, Error> {
        optimizer.tick(clock)
    }
}

impl Start for Starts<true> {
    type Carried<C: Clock> = C;

    #[inline(always)]
    fn start<O: Optimizer<S>, const S: usize>(
        optimizer: &O,
        clock: &mut O::Clock,
    ) -> Result<Step<O::Rule, Unadapted, O::Clock>, Error> {
        optimizer.begin(clock)
    }
}
