use crate::error::Error;
use crate::math::{self, Coefficient};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Gradient descent: batch, stochastic and mini-batch descent are the same update on other samples.
    ///
    /// ```text
    /// p ← p − lr · g
    /// ```
    ///
    /// Source: Robbins & Monro, "A Stochastic Approximation Method", 1951; Cauchy 1847 for the full gradient.
    /// No state. The default is the textbooks' `lr` of 0.01; PyTorch's is 0.001.
    pub struct Sgd {
        lr: f64 in NonNegative = 0.01,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `torch.optim.SGD`: lr 0.001.
        torch = { lr: 1e-3, };
        /// `keras.optimizers.SGD`: lr 0.01, decay is decoupled.
        keras = { decay_form: DecayForm::Decoupled, };
        /// The textbooks' gradient descent: lr 0.01, the default.
        textbook = {};
    }
    names { "gd", "gradient_descent" }
}

impl Optimizer<0> for Sgd {
    type Clock = u64;
    type Rule = DecayedDescent<SgdDirection>;
    const SLOTS: [Slot<Self>; 0] = [];

    #[inline]
    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let direction = SgdDirection { lr: math::rounded(self.lr) };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

/// The gradient times the learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdDirection {
    lr: f32,
}

impl Direction<0> for SgdDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, []: [R; 0]) -> (R, [R; 0]) {
        (R::splat(self.lr) * g, [])
    }
}
