//! Every optimizer again as a plain f64 formula on one number, written from the papers.
//!
//! Nothing of the crate is used here but the hyper-parameters of its public structs, so that a mistake there cannot
//! repeat itself here. The registry macro calls for an oracle by type: an optimizer without one does not compile.

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
mod dice;
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
mod sgd;
mod sign_sgd;
mod sophia;
mod tiger;
mod yogi;

pub(crate) use dice::Dice;

use gradstep::Optimizer;
use std::fmt::Debug;

/// What the tests know of an optimizer.
pub(crate) trait Oracle<const S: usize>:
    Optimizer<S, Clock: LastClock> + Default + Copy + Debug + PartialEq + 'static
{
    /// What a step remembers besides the state, such as a running product. It may not depend on the elements.
    type Memory: Default + Copy + 'static;

    /// Slots that fade to exactly zero when gradients stay at zero, with the default hyper-parameters.
    const FADING: &'static [usize];

    /// The state of a parameter before the first step.
    fn start(&self, _p: f64) -> [f64; S] {
        [0.0; S]
    }

    /// The number whose sign a step takes, where it takes one: rounding may turn it over near zero.
    fn sign_of(&self, _p: f64, _g: f64, _state: &[f64; S]) -> Option<f64> {
        None
    }

    /// Step `t`, 1 for the first: changes the state and returns the new parameter.
    fn step(&self, t: u64, memory: &mut Self::Memory, p: f64, g: f64, state: &mut [f64; S]) -> f64;

    /// The default and every preset, each with the values that its system documents.
    fn presets() -> Vec<(Self, Self)>;

    /// Every option that no preset switches on; with the presets, each field takes two values.
    fn options() -> Vec<Self>;

    /// Random hyper-parameters, all valid.
    fn random(dice: &mut Dice) -> Self;

    /// Values that no field may take, and the name that the error must give.
    fn invalid() -> Vec<(Self, &'static str)>;

    /// The same with another learning rate.
    fn with_lr(self, lr: f64) -> Self;
}

/// A clock that cannot count one more step.
pub(crate) trait LastClock: Copy {
    fn last() -> Self;
}

impl LastClock for u64 {
    fn last() -> Self {
        u64::MAX
    }
}

/// What a field of at least zero may not hold: the last one is no finite f32.
pub(crate) const NOT_NON_NEGATIVE: [f64; 5] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e-9, 1e39];

/// What a decay rate or momentum may not hold.
pub(crate) const NOT_FRACTION: [f64; 6] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e-9, 1.0, 1.5];

/// What a share of something may not hold.
pub(crate) const NOT_SHARE: [f64; 5] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e-9, 1.0 + 1e-9];

/// Puts each bad value into each field: `bad_fields![lr: NOT_NON_NEGATIVE, beta1: NOT_FRACTION]`.
macro_rules! bad_fields {
    ($($($path:ident).+: $values:expr),* $(,)?) => {{
        let mut bad = Vec::new();
        $(for value in $values {
            let mut optimizer = Self::default();
            optimizer.$($path).+ = value;
            bad.push((optimizer, *[$(stringify!($path)),+].last().unwrap()));
        })*
        bad
    }};
}
use bad_fields;

/// The gradient of the loss or of its negative, and of an L2 penalty. One that is off has no gradient even where p is
/// infinite or NaN.
fn objective(maximize: bool, weight_decay: f64, p: f64, g: f64) -> f64 {
    let g = if maximize { -g } else { g };
    if weight_decay == 0.0 { g } else { g + weight_decay * p }
}

/// 1, −1, or 0 for ±0; NaN stays.
fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        x
    }
}

/// An exponential moving average.
fn ema(beta: f64, average: f64, x: f64) -> f64 {
    beta * average + (1.0 - beta) * x
}

/// What an average that started at zero has seen of its input after `t` steps.
fn seen(beta: f64, t: u64) -> f64 {
    1.0 - libm::pow(beta, t as f64)
}
