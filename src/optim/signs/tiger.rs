use super::sign_sgd::SignumDirection;
use crate::error::Error;
use crate::math::Coefficient;
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::rule::DecayedDescent;

hyper_parameters! {
    /// Tight-fisted optimizer: Lion with one decay rate, so that its moment can hold a gradient accumulation too.
    ///
    /// ```text
    /// m ← β·m + (1−β)·g
    /// p ← p − lr · (sign(m) + wd · p)        sign(0) = 0
    /// ```
    ///
    /// Source: Su, "Tiger: A Tight-fisted Optimizer", 2023 (github.com/bojone/tiger).
    /// The default is that of pytorch_optimizer's `Tiger`.
    /// State: m (`exp_avg`), zeros at the start.
    pub struct Tiger {
        lr: f64 in NonNegative = 1e-3,
        /// Decay rate β of the moment.
        beta: f64 in Fraction = 0.965,
        weight_decay: f64 in NonNegative = 0.01,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
    }
}

impl Optimizer<1> for Tiger {
    type Clock = u64;
    type Rule = DecayedDescent<SignumDirection>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("exp_avg")];

    #[inline]
    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let direction = SignumDirection::new(self.lr, self.beta)?;
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}
