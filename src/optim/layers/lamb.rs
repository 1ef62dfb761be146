use crate::error::Error;
use crate::math::{self, Coefficient, Factor, bias_correction as bias_correction_of};
use crate::optim::moments::{Adam, AdamDirection};
use crate::optim::{
    decay::{DecayForm, decay},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::rule::{Decayed, Descent, Penalty, Rated, TrustRatio};

hyper_parameters! {
    /// Adam whose step has a length in proportion to that of the parameters, for large batches.
    ///
    /// ```text
    /// r ← m̂ / (√v̂ + eps) + wd · p                       m̂ and v̂ as in Adam
    /// p ← p − lr · min(‖p‖ / (‖r‖ + ratio_eps), max_ratio) · r        the ratio is 1 where a norm is 0
    /// ```
    ///
    /// Source: You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", 2019, arXiv 1904.00962.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start. Looks at each tensor: the sums of
    /// p² and r².
    ///
    /// | preset | differs in |
    /// |---|---|
    /// | [`Lamb::optax`], the default and the paper | weight decay 0 |
    /// | [`Lamb::timm`] and NVIDIA's `FusedLAMB` | weight decay 0.01; a tensor without weight decay has ratio 1; the whole gradient is first clipped by its global norm, to 1: see below |
    /// | [`Lamb::nvlamb`], NVIDIA's with `use_nvlamb` | the same, but every tensor has its ratio |
    /// | [`Lamb::pytorch_optimizer`], and the first implementations | the step is divided by `1−β1ᵗ` and the moments are not corrected, decay beside the step, `‖p‖` at most 10, eps beside `‖r‖` |
    ///
    /// The clip of timm and NVIDIA is [`Step::clip_norm`](crate::Step::clip_norm) with
    /// [`ClipNorm::optax`](crate::clip::ClipNorm::optax) `(1.0)`.
    pub struct Lamb {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-6,
        /// Added to v̂ inside the root.
        eps_root: f64 in NonNegative = 0.0,
        /// Divides the moments by `1−βᵗ`; off, m̂ is m and v̂ is v.
        bias_correction: bool = true,
        /// Divides the whole step by `1−β1ᵗ`, after its ratio.
        step_correction: bool = false,
        /// Without weight decay too, the step has its ratio.
        always_adapt: bool = true,
        /// The ratio is at most this; 1 is LAMBC's trust clipping.
        max_ratio: f64 in Positive = f32::MAX as f64,
        /// `‖p‖` counts as at most this.
        max_param_norm: f64 in Positive = f32::MAX as f64,
        /// Added to `‖r‖`.
        ratio_eps: f64 in NonNegative = 0.0,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::InUpdate,
        maximize: bool = false,
    }
    presets {
        /// `optax.lamb`, the default.
        optax = {};
        /// `timm.optim.Lamb` and `apex.optimizers.FusedLAMB`.
        timm = { weight_decay: 0.01, always_adapt: false, };
        /// `apex.optimizers.FusedLAMB` with `use_nvlamb=True`.
        nvlamb = { weight_decay: 0.01, };
        /// `pytorch_optimizer.Lamb`.
        pytorch_optimizer = { bias_correction: false, step_correction: true, decay_form: DecayForm::Decoupled, max_param_norm: 10.0, ratio_eps: 1e-6, };
    }
}

impl Optimizer<2> for Lamb {
    type Clock = u64;
    type Rule = Decayed<Descent<AdamDirection, TrustRatio>>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let Lamb { beta1, beta2, eps, eps_root, bias_correction, weight_decay, decay_form, .. } = *self;
        // A direction of length 1 where the moments agree: the learning rate joins the ratio.
        let adam = Adam { lr: 1.0, beta1, beta2, eps, eps_root, bias_correction, ..Adam::DEFAULT };
        let (in_update, beside) = decay_form.split(weight_decay);
        let decay = decay(decay_form, beside, Coefficient::new(self.lr))?;
        let lr = if self.step_correction { self.lr / bias_correction_of(beta1, t).to_f64() } else { self.lr };
        let scaling = TrustRatio {
            rated: Rated { decay: Penalty::new(math::rounded(in_update)), rate: Factor::ZERO },
            beside: decay.in_step(),
            lr,
            adapts: self.always_adapt || weight_decay != 0.0,
            max_ratio: self.max_ratio,
            max_param_norm: self.max_param_norm,
            eps: self.ratio_eps,
        };
        Ok(Decayed::new(self.maximize, decay, Descent::scaled(AdamDirection::new(&adam, t)?, scaling)))
    }
}
