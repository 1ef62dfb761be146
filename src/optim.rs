//! The trait of an optimizer and the list of all of them.

mod ad_ema_mix;
mod ada_belief;
mod ada_delta;
mod ada_grad;
mod adam;
mod adam_w;
mod adamax;
mod adan;
mod adopt;
mod ams_grad;
mod asgd;
mod ftrl;
mod grams;
mod heavy_ball;
mod la_prop;
mod lion;
mod madgrad;
mod momentum;
mod n_adam;
mod nesterov;
mod r_adam;
mod rms_prop;
mod rms_prop_tf;
mod rprop;
mod schedule_free;
mod second_moment;
mod sgd;
mod sign_sgd;
mod sophia;
mod tiger;
mod yogi;

pub use ad_ema_mix::{AdEmaMix, AdEmaMixRule};
pub use ada_belief::{AdaBelief, AdaBeliefRule};
pub use ada_delta::{AdaDelta, AdaDeltaRule};
pub use ada_grad::{AdaGrad, AdaGradRule};
pub use adam::{Adam, AdamRule};
pub use adam_w::{AdamW, AdamWRule};
pub use adamax::{Adamax, AdamaxRule};
pub use adan::{Adan, AdanRule};
pub use adopt::{Adopt, AdoptRule};
pub use ams_grad::{AmsGrad, AmsGradRule};
pub use asgd::{Asgd, AsgdRule};
pub use ftrl::{Ftrl, FtrlRule};
pub use grams::{Grams, GramsRule};
pub use heavy_ball::{HeavyBall, HeavyBallRule};
pub use la_prop::{LaProp, LaPropRule};
pub use lion::{Lion, LionRule};
pub use madgrad::{Madgrad, MadgradRule};
pub use momentum::{Momentum, MomentumRule};
pub use n_adam::{NAdam, NAdamClock, NAdamRule};
pub use nesterov::{Nesterov, NesterovRule};
pub use r_adam::{RAdam, RAdamRule};
pub use rms_prop::{
    RmsProp, RmsPropCentered, RmsPropCenteredMomentum, RmsPropCenteredMomentumRule, RmsPropCenteredRule,
    RmsPropMomentum, RmsPropMomentumRule, RmsPropRule,
};
pub use rms_prop_tf::RmsPropTf;
pub use rprop::{Rprop, RpropRule};
pub use schedule_free::{
    ScheduleFreeAdamW, ScheduleFreeAdamWRule, ScheduleFreeClock, ScheduleFreeSgd, ScheduleFreeSgdRule,
};
pub use sgd::{Sgd, SgdRule};
pub use sign_sgd::{SignSgd, SignSgdRule, Signum, SignumRule};
pub use sophia::{Sophia, SophiaRule};
pub use tiger::{Tiger, TigerRule};
pub use yogi::{Yogi, YogiRule};

use crate::rule::DecoupledDecay;
use crate::{Error, Objective, Rule, Slice};

/// The registry: calls a macro of the caller with every optimizer and its number of state slots.
///
/// It feeds the tests, the benches, the fuzz targets and the examples, so that nothing is left out of any.
///
/// ```
/// macro_rules! names {
///     ($($Optimizer:ident: $slots:literal,)*) => { [$(stringify!($Optimizer)),*] };
/// }
/// assert!(gradstep::for_each_optimizer!(names).contains(&"Adam"));
/// ```
#[macro_export]
macro_rules! for_each_optimizer {
    ($callback:ident) => {
        $callback! {
            Sgd: 0,
            HeavyBall: 1,
            Momentum: 1,
            Nesterov: 1,
            AdaGrad: 1,
            RmsProp: 1,
            RmsPropCentered: 2,
            RmsPropMomentum: 2,
            RmsPropCenteredMomentum: 3,
            RmsPropTf: 2,
            Adam: 2,
            AdamW: 2,
            AmsGrad: 3,
            Adamax: 2,
            NAdam: 2,
            RAdam: 2,
            AdaDelta: 2,
            AdaBelief: 2,
            Yogi: 2,
            Adan: 4,
            Lion: 1,
            SignSgd: 0,
            Signum: 1,
            Tiger: 1,
            Rprop: 2,
            Asgd: 1,
            Ftrl: 2,
            Adopt: 2,
            AdEmaMix: 3,
            ScheduleFreeSgd: 1,
            ScheduleFreeAdamW: 2,
            Sophia: 2,
            LaProp: 2,
            Madgrad: 3,
            Grams: 2,
        }
    };
}

/// Hyper-parameters that make one [`Rule`] a step. `S` is the number of state slots.
pub trait Optimizer<const S: usize> {
    /// What a step must remember besides the slices, as plain data: save it with them, put it back to resume.
    type Clock: Copy + Default + PartialEq + core::fmt::Debug;

    /// The step's coefficients.
    type Rule: Rule<S>;

    /// Begins a step: advances the clock and derives every coefficient, in f64, rounded to f32 once.
    ///
    /// Call it once a step, then [`Rule::apply`] once for each tensor, shard or chunk.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] names the first field that is out of its range, [`Error::ClockOverflow`] a clock at
    /// its maximum. The clock has not moved then.
    fn tick(&self, clock: &mut Self::Clock) -> Result<Self::Rule, Error>;

    /// Fills the state of `params` as it is before the first step: zeros, unless the optimizer says otherwise.
    ///
    /// # Errors
    /// [`Error::Length`] where a slot is not as long as the parameters, [`Error::HyperParameter`] where the value to
    /// fill with is out of its range. Nothing has been written then.
    fn init(&self, params: &[f32], state: [&mut [f32]; S]) -> Result<(), Error> {
        fill(params, state, [0.0; S])
    }
}

/// Fills each slot with its start value.
fn fill<const S: usize>(params: &[f32], state: [&mut [f32]; S], values: [f32; S]) -> Result<(), Error> {
    for (slot, slice) in state.iter().enumerate() {
        if slice.len() != params.len() {
            return Err(Error::Length { slice: Slice::State(slot), expected: params.len(), found: slice.len() });
        }
    }
    for (slot, value) in state.into_iter().zip(values) {
        slot.fill(value);
    }
    Ok(())
}

/// The number of the step that begins, 1 for the first.
pub(crate) fn next_step(clock: u64) -> Result<u64, Error> {
    clock.checked_add(1).ok_or(Error::ClockOverflow)
}

/// `1 − βᵗ`, what a moving average that started at zero has seen of its input.
fn bias_correction(beta: f64, step: u64) -> f64 {
    1.0 - libm::pow(beta, step as f64)
}

/// Weight decay where an option says whether it is coupled to the gradient: one of the two is off.
fn decay_of(maximize: bool, lr: f64, weight_decay: f64, decoupled: bool) -> Result<(Objective, DecoupledDecay), Error> {
    let (in_gradient, in_step) = if decoupled { (0.0, weight_decay) } else { (weight_decay, 0.0) };
    Ok((Objective::new(maximize, in_gradient)?, DecoupledDecay::of_step(lr, in_step)?))
}
