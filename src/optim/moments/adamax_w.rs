use super::adamax::{Adamax, AdamaxDirection};
use crate::error::Error;
use crate::math::Coefficient;
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::rule::DecayedDescent;

hyper_parameters! {
    /// Adamax with decoupled weight decay.
    ///
    /// ```text
    /// p ← p − lr · wd · p − lr/(1−β1ᵗ) · m/u        m and u as in Adamax, from the gradient alone
    /// ```
    ///
    /// Source: Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2014, arXiv 1412.6980, section 7.1; Loshchilov &
    /// Hutter, "Decoupled Weight Decay Regularization", 2017, arXiv 1711.05101. The default is `optax.adamaxw`'s.
    /// State: m (`exp_avg`) and u (`exp_inf`), zeros at the start.
    pub struct AdamaxW {
        lr: f64 in NonNegative = 1e-3,
        /// Decay rate of the moment.
        beta1: f64 in Fraction = 0.9,
        /// Decay rate of the norm.
        beta2: f64 in Fraction = 0.999,
        /// Added to |g|. At 0: see [limits](crate::optim#limits).
        eps: f64 in NonNegative = 1e-8,
        /// Added to u in the denominator.
        eps_outside: f64 in NonNegative = 0.0,
        weight_decay: f64 in NonNegative = 1e-4,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
    }
    presets {
        /// `optax.adamaxw`, the default (optax has no default lr).
        optax = {};
    }
}

impl Optimizer<2> for AdamaxW {
    type Clock = u64;
    type Rule = DecayedDescent<AdamaxDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_inf")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let AdamaxW { lr, beta1, beta2, eps, eps_outside, weight_decay, decay_form, maximize } = *self;
        let direction = AdamaxDirection::new(&Adamax { lr, beta1, beta2, eps, eps_outside, ..Adamax::DEFAULT }, t)?;
        Ok(descent(maximize, decay(decay_form, weight_decay, Coefficient::new(lr))?, direction))
    }
}
