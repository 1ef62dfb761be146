use super::adam::{Adam, AdamDirection};
use crate::error::Error;
use crate::math::{Coefficient, Outside};
use crate::optim::{decay::decoupled, optimizer::Optimizer, slot::Slot};
use crate::rule::{Aligned, Decoupled};

hyper_parameters! {
    /// Adam's magnitude in the gradient's direction.
    ///
    /// ```text
    /// u = m̂ / (√v̂ + eps), as in Adam
    /// p ← p − lr · (sign(g)·|u| + wd·p)        sign(0) = 0
    /// ```
    ///
    /// Source: Cao, Li & Song, "Grams: Gradient Descent with Adaptive Momentum Scaling", 2024, arXiv 2412.17107.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start.
    pub struct Grams {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-8,
        /// Decoupled decay: p shrinks by `lr · weight_decay` of itself each step.
        weight_decay: f64 in NonNegative = 0.0,
        /// Ascends instead of descending; the decay still shrinks.
        maximize: bool = false,
    }
}

impl Optimizer<2> for Grams {
    type Clock = u64;
    type Rule = Decoupled<Aligned<AdamDirection<Outside>>>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let Grams { lr, beta1, beta2, eps, weight_decay, maximize } = *self;
        let adam = AdamDirection::outside(&Adam { lr, beta1, beta2, eps, ..Adam::DEFAULT }, t)?;
        decoupled(maximize, Coefficient::new(lr), weight_decay, Aligned(adam))
    }
}
