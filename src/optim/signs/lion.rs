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
    /// Evolved sign momentum: every element moves by exactly `lr`.
    ///
    /// ```text
    /// p ← p − lr · (sign(β1·m + (1−β1)·g) + wd · p)        sign(0) = 0
    /// m ← β2·m + (1−β2)·g
    /// ```
    ///
    /// Source: Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, arXiv 2302.06675.
    /// State: m (`exp_avg`), zeros at the start.
    ///
    /// lion-pytorch's `decoupled_weight_decay` divides the decay by the first rate: `weight_decay: weight_decay / first_lr`.
    ///
    /// | preset | lr | weight_decay |
    /// |---|---|---|
    /// | [`Lion::paper`], the default | 1e-4 | 0 |
    /// | [`Lion::optax`] | 1e-4 (optax has no default) | 1e-3 |
    /// | [`Lion::keras`] | 1e-3 | 0 |
    pub struct Lion {
        lr: f64 in NonNegative = 1e-4,
        /// Weight of the moment in the step.
        beta1: f64 in Fraction = 0.9,
        /// Decay rate of the moment.
        beta2: f64 in Fraction = 0.99,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
    }
    presets {
        /// The paper's, the default.
        paper = {};
        /// `optax.lion`: decay 1e-3.
        optax = { weight_decay: 1e-3, };
        /// `keras.optimizers.Lion`: lr 1e-3.
        keras = { lr: 1e-3, };
    }
}

impl Optimizer<1> for Lion {
    type Clock = u64;
    type Rule = DecayedDescent<LionDirection>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("exp_avg")];

    #[inline]
    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let direction = LionDirection {
            step: Ema::unchecked(self.beta1),
            moment: Ema::unchecked(self.beta2),
            lr: math::rounded(self.lr),
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

/// Lion's update from a gradient and the moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LionDirection {
    step: Ema,
    moment: Ema,
    lr: f32,
}

impl Direction<1> for LionDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m]: [R; 1]) -> (R, [R; 1]) {
        let update = R::splat(self.lr) * self.step.of(m, g).sign();
        (update, [self.moment.of(m, g)])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        Some(LionDirection { step: self.step.slow()?, moment: self.moment.slow()?, ..self })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 1] {
        [TINY]
    }
}
