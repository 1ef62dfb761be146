//! The trait of an optimizer, its clocks and tables, and the registry. The optimizers themselves are in the crate's root.
//!
//! # Limits
//!
//! - **Huge gradients**: the square of a gradient of 1.8e19 (2⁶⁴) or more is infinite in f32. An average of squares makes NaN
//!   of the parameter then; with a sum of squares the parameter no longer changes. The page of each optimizer says which.
//!   [`Step::clip_grads`](crate::Step::clip_grads), for example with 1e15, keeps such gradients away and costs no pass.
//! - **Tiny gradients**: below 1e-19 a square loses digits, and below 2.6e-23 it is 0 while the gradient is not. With the usual
//!   epsilons no step can tell. With an epsilon of 0, or below 1e-20, the smallest f32 counts as an epsilon inside the root, or
//!   its root as one outside, so that steps stay bounded and 0/0 is 0.
//! - **Small steps**: an update below half of a parameter's last digit, 3e-8 of it, is lost. A learning rate of 1e-8, or the
//!   decay of AdamW at 1e-6, may change nothing at all. [`Step::compensated`](crate::Step::compensated) keeps what is lost in
//!   one more slot.
//! - **Long averages**: an average of weights no longer changes once its share of a new one is below the last digit: an
//!   average of a million sets drifts by percents, and one with a decay of `1 − 1e-7` does not move.
//!   [`Average::compensated`](crate::average::Average::compensated) keeps what is lost.

#[macro_use]
pub(crate) mod facts;

mod clock;
mod decay;
mod descent;
mod moments;
#[cfg(test)]
mod operations;
mod optimizer;
mod signs;
pub(crate) mod slot;
mod squares;

pub use clock::{Clock, ClockData};
pub use decay::DecayForm;
pub use descent::*;
pub use facts::{Field, HyperParameters, Kind, Preset, Value};
pub use moments::*;
pub use optimizer::Optimizer;
pub(crate) use optimizer::tick_groups;
pub use signs::*;
pub use slot::{Holds, Slot, Start};
pub use squares::*;

/// The registry: calls a macro of the caller with every optimizer and its number of state slots.
///
/// [`any`](crate::any) and the tests, benches and examples are made from it, so that no optimizer is missing in any of
/// them.
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
            LaPropCentered: 3,
            Madgrad: 3,
            Grams: 2,
            OptimisticSgd: 1,
            NoisySgd: 1,
            Cocob: 5,
            OptimisticAdam: 3,
            SimplifiedAdEmaMix: 2,
            AcProp: 2,
            AdamaxW: 2,
        }
    };
}
