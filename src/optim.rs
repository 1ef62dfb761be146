//! The trait of an optimizer and the list of all of them.

mod ada_grad;
mod adam;
mod adam_w;
mod heavy_ball;
mod momentum;
mod nesterov;
mod rms_prop;
mod sgd;

pub use ada_grad::{AdaGrad, AdaGradRule};
pub use adam::{Adam, AdamRule};
pub use adam_w::{AdamW, AdamWRule};
pub use heavy_ball::{HeavyBall, HeavyBallRule};
pub use momentum::{Momentum, MomentumRule};
pub use nesterov::{Nesterov, NesterovRule};
pub use rms_prop::{
    RmsProp, RmsPropCentered, RmsPropCenteredMomentum, RmsPropCenteredMomentumRule, RmsPropCenteredRule,
    RmsPropMomentum, RmsPropMomentumRule, RmsPropRule,
};
pub use sgd::{Sgd, SgdRule};

use crate::{Error, Rule, Slice};

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
            Adam: 2,
            AdamW: 2,
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
fn next_step(clock: u64) -> Result<u64, Error> {
    clock.checked_add(1).ok_or(Error::ClockOverflow)
}

/// `1 − βᵗ`, what a moving average that started at zero has seen of its input.
fn bias_correction(beta: f64, step: u64) -> f64 {
    1.0 - libm::pow(beta, step as f64)
}

/// The threshold below which a decaying second moment is stored as zero, so that frozen elements don't pay for
/// subnormal arithmetic for ever: the smallest normal number where that is harmless, else zero.
///
/// A moment that loses at most MIN a step is too small by at most `δ = MIN/(1−β)`, corrected for bias or not. The
/// denominator `√(v+eps_root) + eps` then moves by at most `√δ`, or by `δ/(2√eps_root)`. Harmless is a move of less
/// than 2⁻²⁸ of the denominator, a sixteenth of what its rounding may do.
fn second_moment_flush(beta: f64, eps: f64, eps_root: f64) -> f32 {
    let loss = f64::from(f32::MIN_POSITIVE) / (1.0 - beta);
    let bound = f64::from_bits((1023 - 28) << 52);
    if libm::sqrt(loss) <= bound * eps || loss <= bound * eps_root { f32::MIN_POSITIVE } else { 0.0 }
}
