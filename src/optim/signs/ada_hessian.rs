use crate::error::Error;
use crate::math::{self, Coefficient, Ema, LEAST_ROOT, Power, TINY, bias_correction};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Adam over the diagonal of the Hessian instead of the gradient's squares.
    ///
    /// ```text
    /// m ← β1·m + (1−β1)·g
    /// v ← β2·v + (1−β2)·h²                       h an estimate of the diagonal, in each step
    /// p ← p − lr · m̂ / (v̂^(k/2) + eps)           m̂ = m/(1−β1ᵗ), v̂ = v/(1−β2ᵗ), k is hessian_power
    /// ```
    ///
    /// Source: Yao et al., "ADAHESSIAN: An Adaptive Second Order Optimizer for Machine Learning", 2020, arXiv 2006.00719; the
    /// defaults are those of `timm.optim.Adahessian`.
    /// State: m (`exp_avg`) and v (`exp_hessian_diag_sq`), zeros at the start, and h (`hessian_diag`), which the caller writes:
    /// Hutchinson's estimate, the mean of `z · (H·z)` over random signs z. A step that finds an old estimate uses it again, as timm
    /// does with `update_each`.
    pub struct AdaHessian {
        lr: f64 in NonNegative = 0.1,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the power.
        eps: f64 in NonNegative = 1e-8,
        /// The power k of the diagonal: 1 is Newton's, 0 none.
        hessian_power: f64 in Share = 1.0,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
    }
    presets {
        /// `timm.optim.Adahessian`, the default.
        timm = {};
    }
}

impl Optimizer<3> for AdaHessian {
    type Clock = u64;
    type Rule = DecayedDescent<AdaHessianDirection>;
    const SLOTS: [Slot<Self>; 3] =
        [Slot::signed("exp_avg"), Slot::squares("exp_hessian_diag_sq"), Slot::signed("hessian_diag").read_only()];

    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let (lr, one) = (Coefficient::new(self.lr), Coefficient::ONE);
        let direction = AdaHessianDirection {
            first: Ema::unchecked(self.beta1),
            second: Ema::unchecked(self.beta2),
            unseen2: (one / bias_correction(self.beta2, t)).to_f32(),
            power: Power::new(self.hessian_power),
            eps: math::rounded(self.eps).max(LEAST_ROOT),
            scale: math::coefficient("lr", self.lr, lr / bias_correction(self.beta1, t))?,
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, lr)?, direction))
    }
}

/// The moment over a power of the diagonal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaHessianDirection {
    first: Ema,
    second: Ema,
    unseen2: f32,
    power: Power,
    eps: f32,
    scale: f32,
}

impl Direction<3> for AdaHessianDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v, h]: [R; 3]) -> (R, [R; 3]) {
        let (m, v) = (self.first.of(m, g), self.second.of(v, h * h));
        let root = (R::splat(self.unseen2) * v).sqrt();
        (R::splat(self.scale) * (m / (self.power.of(root) + R::splat(self.eps))), [m, v, h])
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 3] {
        [TINY, self.second.held_below(), 0.0]
    }
}
