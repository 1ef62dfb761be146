//! The [`Optimizer`] trait, clocks, slots, hyper-parameters as data, and the registry. The optimizers are at the root
//! of the crate.
//!
//! # Limits
//!
//! - **Huge gradients**: the square of a gradient of 1.8e19 (2⁶⁴) or more is infinite in f32. If an optimizer averages
//!   squares, the parameter becomes NaN. If it sums squares, the parameter no longer changes.
//!   [`Step::clip_by_value`](crate::Step::clip_by_value), for example with 1e15, bounds gradients in the same pass.
//!   A state slot with one number for a row, a block or a tensor holds at most the largest f32, so parameters still change.
//! - **NaN and infinities**: in an element-wise optimizer they stay in their element. If an optimizer looks at a row, a block or a
//!   tensor, and a sum over it is NaN or infinite, all parameters of that unit become NaN. If it looks at all tensors, the step
//!   is refused: [`Error::NotFiniteElement`](crate::Error::NotFiniteElement) names the tensor and the element. So is a loss that
//!   is not finite. Nothing has been written then, and the clock has not moved.
//! - **Tiny gradients**: the square of a gradient below 1e-19 loses digits, and below 2.6e-23 it is 0. With the usual
//!   epsilons this changes no step. With an epsilon of 0 or below 1e-20, the crate uses the smallest f32 as an epsilon
//!   inside the root, or its square root as one outside. Then steps stay bounded and 0/0 is 0.
//! - **Small steps**: an update smaller than half of a parameter's last digit, 3e-8 of the parameter, is lost. So SGD
//!   with a learning rate of 1e-8, or the decay of AdamW with one of 1e-6, may change nothing at all.
//!   [`Step::compensated`](crate::Step::compensated) keeps the lost part in one more slot.
//! - **Long averages**: an average of weights stops changing when new weights count for less than its last digit. A
//!   mean over a million sets of weights is off by some per cent, and an average with a decay of `1 − 1e-7` does not
//!   move at all. [`Average::compensated`](crate::average::Average::compensated) keeps the lost part.

#[macro_use]
pub(crate) mod facts;

mod decay;
mod descent;
mod layers;
mod moments;
#[cfg(test)]
mod operations;
mod optimizer;
mod rates;
mod signs;
pub(crate) mod slot;
mod squares;

pub use crate::clock::{Applied, Carried, Clock, ClockData};
pub use decay::DecayForm;
pub use descent::*;
pub use facts::{Field, HyperParameters, Kind, Preset, Value};
pub use layers::*;
pub use moments::*;
pub use optimizer::Optimizer;
pub(crate) use optimizer::begin_groups;
pub use rates::*;
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
            Lars: 1,
            Lamb: 2,
            NovoGrad: 2,
            Fromage: 0,
            StableAdamW: 2,
            Mars: 3,
            AdamMini: 2,
            RowAdaGrad: 1,
            Dog: 1,
            Dowg: 1,
            Prodigy: 4,
            DAdaptAdam: 3,
            DAdaptSgd: 2,
            PolyakSgd: 0,
            Momo: 1,
            AdamP: 2,
            SgdP: 1,
            QhAdam: 2,
            AdaMod: 3,
            AdaHessian: 3,
        }
    };
}
