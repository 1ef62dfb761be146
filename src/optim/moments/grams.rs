use super::adam::{Adam, AdamDirection};
use crate::error::Error;
use crate::math::Coefficient;
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::rule::{Aligned, DecayedDescent};

hyper_parameters! {
    /// Adam's magnitude in the gradient's direction.
    ///
    /// ```text
    /// u = m̂ / (√v̂ + eps), as in Adam
    /// p ← p − lr · (sign(g)·|u| + wd·p)        sign(0) = 0
    /// ```
    ///
    /// Source: Cao, Li & Song, "Grams: Gradient Descent with Adaptive Momentum Scaling", 2024, arXiv 2412.17107.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start. The default has Adam's values;
    /// [`Grams::pytorch_optimizer`] has that library's epsilon of 1e-6.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    pub struct Grams {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-8,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
    }
    presets {
        /// pytorch_optimizer's `Grams`: eps 1e-6.
        pytorch_optimizer = { eps: 1e-6, };
    }
}

impl Optimizer<2> for Grams {
    type Clock = u64;
    type Rule = DecayedDescent<Aligned<AdamDirection>>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let Grams { lr, beta1, beta2, eps, weight_decay, decay_form, maximize } = *self;
        let adam = AdamDirection::outside(&Adam { lr, beta1, beta2, eps, ..Adam::DEFAULT }, t)?;
        Ok(descent(maximize, decay(decay_form, weight_decay, Coefficient::new(lr))?, Aligned(adam)))
    }
}
