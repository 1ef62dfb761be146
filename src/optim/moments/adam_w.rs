use super::adam::{Adam, AdamDirection};
use crate::error::Error;
use crate::math::Coefficient;
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::rule::DecayedDescent;

hyper_parameters! {
    /// Adam with decoupled weight decay.
    ///
    /// ```text
    /// p ← p − lr · wd · p − lr · m̂ / (√v̂ + eps)        m̂ and v̂ as in Adam, from the gradient alone
    /// ```
    ///
    /// Source: Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2017, arXiv 1711.05101.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    ///
    /// PyTorch multiplies p by `1 − lr·wd` and then subtracts the step; here both are summed first and p is rounded once.
    ///
    /// | preset | lr | eps | weight_decay |
    /// |---|---|---|---|
    /// | [`AdamW::torch`], the default | 0.001 | 1e-8 | 0.01 |
    /// | [`AdamW::optax`] | 0.001 (optax has no default) | 1e-8 | 1e-4 |
    /// | [`AdamW::keras`] | 0.001 | 1e-7, "epsilon hat" | 0.004 |
    pub struct AdamW {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the root. At 0: see [limits](crate::optim#limits).
        eps: f64 in NonNegative = 1e-8,
        /// Added to v̂ inside the root.
        eps_root: f64 in NonNegative = 0.0,
        /// Adds `eps` to the uncorrected √v instead of √v̂ ("epsilon hat").
        eps_hat: bool = false,
        /// Divides the moments by `1−βᵗ`; off, m̂ is m and v̂ is v.
        bias_correction: bool = true,
        weight_decay: f64 in NonNegative = 0.01,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
    }
    presets {
        /// `torch.optim.AdamW`, the default.
        torch = {};
        /// `optax.adamw`: weight decay 1e-4.
        optax = { weight_decay: 1e-4, };
        /// `keras.optimizers.AdamW`: epsilon hat, eps 1e-7, weight decay 0.004.
        keras = { eps: 1e-7, eps_hat: true, weight_decay: 0.004, };
    }
}

impl Optimizer<2> for AdamW {
    type Clock = u64;
    type Rule = DecayedDescent<AdamDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let AdamW { lr, beta1, beta2, eps, eps_root, eps_hat, bias_correction, weight_decay, decay_form, maximize } =
            *self;
        let adam = Adam { lr, beta1, beta2, eps, eps_root, eps_hat, bias_correction, ..Adam::DEFAULT };
        Ok(descent(maximize, decay(decay_form, weight_decay, Coefficient::new(lr))?, AdamDirection::new(&adam, t)?))
    }
}
