use crate::error::Error;
use crate::math::{self, Coefficient, Ema, SecondMoment, TINY, bias_correction};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Adam whose denominator never shrinks.
    ///
    /// ```text
    /// m ← β1·m + (1−β1)·g
    /// v ← β2·v + (1−β2)·g²
    /// v_max ← max(v_max, v)
    /// p ← p − lr · m̂ / (√(v_max/(1−β2ᵗ)) + eps)
    /// ```
    ///
    /// Source: Reddi, Kale & Kumar, "On the Convergence of Adam and Beyond", 2018, arXiv 1904.09237.
    /// State: m (`exp_avg`), v (`exp_avg_sq`) and v_max (`max_exp_avg_sq`), zeros at the start.
    ///
    /// After a gradient of 1.8e19 or more, whose square is infinite, the parameter no longer changes: see
    /// [limits](crate::optim#limits).
    ///
    /// | preset | the maximum is over | weight decay |
    /// |---|---|---|
    /// | [`AmsGrad::torch`], `torch.optim.Adam(amsgrad=True)`, the default | v | coupled, 0 |
    /// | [`AmsGrad::torch_adamw`], `torch.optim.AdamW(amsgrad=True)` | v | decoupled, 0.01 |
    /// | [`AmsGrad::keras`], `keras.optimizers.Adam(amsgrad=True)`: "epsilon hat", 1e-7 | v | decoupled, 0 |
    /// | [`AmsGrad::keras_adamw`], `keras.optimizers.AdamW(amsgrad=True)`: the same | v | decoupled, 0.004 |
    /// | [`AmsGrad::optax`], `optax.amsgrad` | v̂ | none |
    pub struct AmsGrad {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the root. At 0: see [limits](crate::optim#limits).
        eps: f64 in NonNegative = 1e-8,
        /// Added inside the root, to what the correction leaves.
        eps_root: f64 in NonNegative = 0.0,
        /// Adds `eps` to the root of the uncorrected maximum ("epsilon hat").
        eps_hat: bool = false,
        /// Keeps the maximum of the corrected v̂ instead of v.
        max_of_corrected: bool = false,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `torch.optim.Adam(amsgrad=True)`, the default.
        torch = {};
        /// `torch.optim.AdamW(amsgrad=True)`: decoupled decay of 0.01.
        torch_adamw = { weight_decay: 0.01, decay_form: DecayForm::Decoupled, };
        /// `keras.optimizers.Adam(amsgrad=True)`: epsilon hat, eps 1e-7, decay is decoupled.
        keras = { eps: 1e-7, eps_hat: true, decay_form: DecayForm::Decoupled, };
        /// `keras.optimizers.AdamW(amsgrad=True)`: the same with a decay of 0.004.
        keras_adamw = { eps: 1e-7, eps_hat: true, weight_decay: 0.004, decay_form: DecayForm::Decoupled, };
        /// `optax.amsgrad`: the maximum of the corrected moment.
        optax = { max_of_corrected: true, };
    }
}

impl Optimizer<3> for AmsGrad {
    type Clock = u64;
    type Rule = DecayedDescent<AmsGradDirection>;
    const SLOTS: [Slot<Self>; 3] =
        [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq"), Slot::squares("max_exp_avg_sq")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let (lr, seen2) = (Coefficient::new(self.lr), bias_correction(self.beta2, t));
        let one = Coefficient::ONE;
        // Over v̂ the moment that the root sees is corrected already.
        let (correction, seen) = if self.max_of_corrected { (one / seen2, one) } else { (one, seen2) };
        let direction = AmsGradDirection {
            first: Ema::unchecked(self.beta1),
            second: SecondMoment::both(self.beta2, self.eps, self.eps_root, self.eps_hat, seen)?,
            correction: correction.to_f32(),
            scale: math::coefficient("lr", self.lr, lr * seen.sqrt() / bias_correction(self.beta1, t))?,
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, lr)?, direction))
    }
}

/// Adam's update over the largest second moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AmsGradDirection {
    first: Ema,
    second: SecondMoment,
    correction: f32,
    scale: f32,
}

impl Direction<3> for AmsGradDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v, v_max]: [R; 3]) -> (R, [R; 3]) {
        let m = self.first.of(m, g);
        let v = self.second.of(v, g);
        let v_max = v_max.max(R::splat(self.correction) * v);
        let update = R::splat(self.scale) * (m / self.second.root(v_max));
        (update, [m, v, v_max])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        let (first, second) = (self.first.slow()?, self.second.usual()?);
        (self.correction == 1.0).then_some(AmsGradDirection { first, second, correction: 1.0, ..self })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 3] {
        [TINY, self.second.fades_below(), 0.0]
    }
}
