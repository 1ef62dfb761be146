use crate::error::Error;
use crate::math::{self, Coefficient, Ema, TINY};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Every element moves by exactly `lr`, whatever the size of its gradient.
    ///
    /// ```text
    /// p ← p − lr · sign(g)        sign(0) = 0
    /// ```
    ///
    /// Source: Bernstein, Wang, Azizzadenesheli & Anandkumar, "signSGD: Compressed Optimisation for Non-Convex
    /// Problems", 2018, arXiv 1802.04434; `optax.sign_sgd`. No state.
    pub struct SignSgd {
        lr: f64 in NonNegative = 1e-3,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `optax.sign_sgd`, the default.
        optax = {};
    }
}

impl Optimizer<0> for SignSgd {
    type Clock = u64;
    type Rule = DecayedDescent<SignSgdDirection>;
    const SLOTS: [Slot<Self>; 0] = [];

    #[inline]
    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let direction = SignSgdDirection { lr: math::rounded(self.lr) };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

/// The sign of the gradient times the learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignSgdDirection {
    lr: f32,
}

impl Direction<0> for SignSgdDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, []: [R; 0]) -> (R, [R; 0]) {
        (R::splat(self.lr) * g.sign(), [])
    }
}

hyper_parameters! {
    /// [`SignSgd`] with momentum.
    ///
    /// ```text
    /// m ← β·m + (1−β)·g
    /// p ← p − lr · sign(m)        sign(0) = 0
    /// ```
    ///
    /// Source: the same paper.
    /// State: m (`exp_avg`), zeros at the start.
    ///
    /// | preset | weight decay |
    /// |---|---|
    /// | [`Signum::paper`], with the values of the authors' experiments, the default | coupled, 0 |
    /// | [`Signum::pytorch_optimizer`], its `SignSGD` | decoupled, 0 |
    pub struct Signum {
        lr: f64 in NonNegative = 1e-3,
        /// Decay rate β of the moment.
        beta: f64 in Fraction = 0.9,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// The paper's form, the default.
        paper = {};
        /// pytorch_optimizer's `SignSGD`: decay is decoupled.
        pytorch_optimizer = { decay_form: DecayForm::Decoupled, };
    }
}

impl Optimizer<1> for Signum {
    type Clock = u64;
    type Rule = DecayedDescent<SignumDirection>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("exp_avg")];

    #[inline]
    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        Ok(descent(
            self.maximize,
            decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?,
            SignumDirection::new(self.lr, self.beta)?,
        ))
    }
}

/// The sign of the moment times the learning rate: the update of Signum and Tiger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignumDirection {
    moment: Ema,
    lr: f32,
}

impl SignumDirection {
    /// The arguments have been checked.
    pub(super) fn new(lr: f64, beta: f64) -> Result<Self, Error> {
        Ok(SignumDirection { moment: Ema::unchecked(beta), lr: math::rounded(lr) })
    }
}

impl Direction<1> for SignumDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m]: [R; 1]) -> (R, [R; 1]) {
        let m = self.moment.of(m, g);
        (R::splat(self.lr) * m.sign(), [m])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        Some(SignumDirection { moment: self.moment.slow()?, ..self })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 1] {
        [TINY]
    }
}
