use crate::error::Error;
use crate::math::{self, Coefficient, Epsilon};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Adaptive subgradient: the rate of each element falls with the sum of its squared gradients.
    ///
    /// ```text
    /// h ← h + g²
    /// p ← p − lr/(1+(t−1)·lr_decay) · g / (√h + eps)
    /// ```
    ///
    /// Source: Duchi, Hazan & Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
    /// 2011.
    /// State: h (`sum`), `initial_accumulator` at the start.
    ///
    /// After a gradient of 1.8e19 or more, whose square is infinite, the parameter no longer changes: see
    /// [limits](crate::optim#limits).
    ///
    /// | preset | lr | epsilon | initial accumulator |
    /// |---|---|---|---|
    /// | default, the textbooks' code | 0.01 | 1e-7 | 0 |
    /// | [`AdaGrad::textbook`], the formula | 0.01 | 1e-7 | 1e-7 |
    /// | [`AdaGrad::torch`] | 0.01 | 1e-10 | 0 |
    /// | [`AdaGrad::keras`] | 0.001 | 1e-7 inside the root | 0.1 |
    /// | [`AdaGrad::optax`] | 0.01 (optax has no default) | 1e-7 inside the root | 0.1 |
    pub struct AdaGrad {
        lr: f64 in NonNegative = 0.01,
        /// How fast the rate falls with the step.
        lr_decay: f64 in NonNegative = 0.0,
        /// What `h` starts at.
        initial_accumulator: f64 in NonNegative = 0.0,
        /// Added to the root. At 0: see [limits](crate::optim#limits).
        eps: f64 in NonNegative = 1e-7,
        /// Added inside the root.
        eps_root: f64 in NonNegative = 0.0,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `torch.optim.Adagrad`: eps 1e-10.
        torch = { eps: 1e-10, };
        /// `keras.optimizers.Adagrad`: lr 0.001, accumulator from 0.1, eps 1e-7 inside the root, decay is decoupled.
        keras = { lr: 1e-3, initial_accumulator: 0.1, eps: 0.0, eps_root: 1e-7, decay_form: DecayForm::Decoupled, };
        /// `optax.adagrad`: accumulator from 0.1, eps 1e-7 inside the root.
        optax = { initial_accumulator: 0.1, eps: 0.0, eps_root: 1e-7, };
        /// The formula as textbooks print it: the accumulator starts at epsilon too.
        textbook = { initial_accumulator: 1e-7, };
    }
}

impl Optimizer<1> for AdaGrad {
    type Clock = u64;
    type Rule = DecayedDescent<AdaGradDirection>;
    const SLOTS: [Slot<Self>; 1] = [Slot::squares("sum").starting_at(|o| o.initial_accumulator)];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let (lr, lr_decay) = (Coefficient::new(self.lr), Coefficient::new(self.lr_decay));
        let direction = AdaGradDirection {
            epsilon: Epsilon::both((self.eps, Coefficient::ONE), (self.eps_root, Coefficient::ONE))?,
            lr: math::coefficient("lr", self.lr, lr / (Coefficient::ONE + Coefficient::from(t - 1) * lr_decay))?,
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, lr)?, direction))
    }
}

/// AdaGrad's update from a gradient and the sum of squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaGradDirection {
    epsilon: Epsilon,
    lr: f32,
}

impl Direction<1> for AdaGradDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [h]: [R; 1]) -> (R, [R; 1]) {
        let h = h + g * g;
        (R::splat(self.lr) * (g / self.epsilon.root(h)), [h])
    }

    const FORMS: u8 = 2;

    #[inline(always)]
    fn in_form(self, form: u8) -> Option<Self> {
        let epsilon = if form == 0 { self.epsilon.only_outside() } else { self.epsilon.only_inside() };
        Some(AdaGradDirection { epsilon: epsilon?, ..self })
    }
}
