//! Every optimizer again as a plain f64 formula on one number, written from the papers.
//!
//! Nothing of the crate is used here but the hyper-parameters of its public structs, so that a mistake there cannot
//! repeat itself here. The registry macro calls for an oracle by type: an optimizer without one does not compile.

mod ac_prop;
mod ad_ema_mix;
mod ada_belief;
mod ada_delta;
mod ada_grad;
mod ada_hessian;
mod ada_mod;
mod adam;
mod adam_w;
mod adamax;
mod adamax_w;
mod adan;
mod adopt;
mod ams_grad;
mod asgd;
mod cocob;
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
mod noisy_sgd;
mod optimistic_adam;
mod optimistic_sgd;
mod qh_adam;
mod r_adam;
mod rms_prop;
mod rms_prop_tf;
mod rprop;
mod schedule_free;
mod sgd;
mod sign_sgd;
mod simplified_ad_ema_mix;
mod sophia;
mod tiger;
mod whole;
mod yogi;

pub use dice::Dice;
pub use whole::{Given, Numbers};

use gradstep::{DecayForm, Optimizer};

/// What the tests know of an optimizer.
pub trait Oracle<const S: usize>: Optimizer<S> {
    /// What a step remembers besides the state, such as a running product. It may not depend on the elements.
    type Memory: Default + Copy + 'static;

    /// Slots that fade to exactly zero when gradients stay at zero, with the default hyper-parameters.
    const FADING: &'static [usize];

    /// The largest error of a step that rounding explains, unless an option allows more.
    const BOUND: Bound;

    /// The largest error of a step with these hyper-parameters.
    fn bound(&self) -> Bound {
        Self::BOUND
    }

    /// The state of a parameter before the first step.
    fn start(&self, _p: f64) -> [f64; S] {
        [0.0; S]
    }

    /// The number whose sign a step takes, where it takes one: rounding may turn it over near zero.
    fn sign_of(&self, _p: f64, _g: f64, _state: &[f64; S]) -> Option<f64> {
        None
    }

    /// Step `t`, 1 for the first: changes the state and returns the new parameter.
    fn step(&self, _t: u64, _memory: &mut Self::Memory, _p: f64, _g: f64, _state: &mut [f64; S]) -> f64 {
        panic!("{} looks at more than an element", Self::NAME)
    }

    /// A step of a whole tensor, for an optimizer that looks at more than an element: changes its numbers, and what the clock holds
    /// besides the number of steps.
    fn step_tensor(&self, _given: Given, _clock: &mut [f64; 3], _tensor: &mut Numbers<S>) {
        panic!("{} looks at each element by itself", Self::NAME)
    }

    /// The default and every preset, each with the values that its system documents.
    fn presets() -> Vec<(Self, Self)>;

    /// Every option that no preset switches on; with the presets, each field takes two values.
    fn options() -> Vec<Self>;

    /// Random hyper-parameters, all valid.
    fn random(dice: &mut Dice) -> Self;
}

/// The largest errors of one step, in units of 2⁻²⁴ of its scale: see [`Expected`](crate::expected::Expected).
///
/// Each number is one and a half times the largest error of 8,192 random runs of ten steps, rounded up. A bound by
/// counting roundings would be about twice as large, since they seldom all go the same way; Adan's rule, the longest,
/// would have 17 units for the parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// Of the parameter.
    pub param: f64,
    /// Of every slot.
    pub state: f64,
}

/// The parameter that a step starts from and the gradient that it takes: weight decay is in one of them. A decay that is off
/// does nothing even where p is infinite or NaN.
fn decay(maximize: bool, form: DecayForm, weight_decay: f64, lr: f64, p: f64, g: f64) -> (f64, f64) {
    let g = if maximize { -g } else { g };
    match form {
        _ if weight_decay == 0.0 => (p, g),
        DecayForm::Coupled => (p, g + weight_decay * p),
        DecayForm::Decoupled | DecayForm::InUpdate => (p - lr * weight_decay * p, g),
        DecayForm::Fixed => (p - weight_decay * p, g),
        _ => unreachable!("{form:?} has no oracle"),
    }
}

/// [`decay`] with the fields of an optimizer.
macro_rules! decayed {
    ($optimizer:expr, $p:expr, $g:expr) => {{
        let o = $optimizer;
        $crate::oracle::decay(o.maximize, o.decay_form, o.weight_decay, o.lr, $p, $g)
    }};
}
use decayed;

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

/// The corrected moment, or Nesterov's look-ahead from it as optax has it.
fn m_hat(beta1: f64, nesterov: bool, t: u64, m: f64, g: f64) -> f64 {
    if nesterov { beta1 * m / seen(beta1, t + 1) + (1.0 - beta1) * g / seen(beta1, t) } else { m / seen(beta1, t) }
}

/// The rectification of RAdam (Liu et al. 2019, algorithm 2), where the variance is tractable.
fn rectification(beta2: f64, threshold: f64, t: u64) -> Option<f64> {
    let longest = 2.0 / (1.0 - beta2) - 1.0;
    let length = longest - 2.0 * t as f64 * libm::pow(beta2, t as f64) / seen(beta2, t);
    let r = (length - 4.0) * (length - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * length);
    (length > threshold).then(|| r.sqrt())
}
