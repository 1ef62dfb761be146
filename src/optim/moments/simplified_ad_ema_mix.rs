use crate::error::Error;
use crate::math::{self, Coefficient, DecayingSum, SecondMoment, TINY, bias_correction};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// AdEMAMix with one sum of gradients in place of two averages.
    ///
    /// ```text
    /// m ← β1·m + g;  v ← β2·v + (1−β2)·g²
    /// p ← p − lr · [(m + α·g) / (√(v̂ + eps_root) + eps) + wd·p]
    /// ```
    ///
    /// m grows to 1/(1−β1) times the gradient, so lr has to be smaller than Adam's.
    ///
    /// Source: Morwani et al., "Connections between Schedule-Free Optimizers, AdEMAMix, and Accelerated SGD Variants",
    /// 2025, arXiv 2502.02431, in the form of `optax.contrib.simplified_ademamix`, whose values are the defaults.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    pub struct SimplifiedAdEmaMix {
        lr: f64 in NonNegative = 1e-4,
        /// Decay rate of the sum.
        beta1: f64 in Fraction = 0.99,
        beta2: f64 in Fraction = 0.95,
        /// Weight α of the gradient beside the sum.
        alpha: f64 in NonNegative = 0.0,
        /// Added to the root. At 0: see [limits](crate::optim#limits).
        eps: f64 in NonNegative = 1e-8,
        /// Added to v̂ inside the root.
        eps_root: f64 in NonNegative = 0.0,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
    }
    presets {
        /// `optax.contrib.simplified_ademamix`, the default (optax has no default lr).
        optax = {};
    }
}

impl Optimizer<2> for SimplifiedAdEmaMix {
    type Clock = u64;
    type Rule = DecayedDescent<SimplifiedAdEmaMixDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let SimplifiedAdEmaMix { lr, alpha, beta1, beta2, eps, eps_root, .. } = *self;
        let seen2 = bias_correction(beta2, t);
        let rate = Coefficient::new(lr);
        let scale = rate * seen2.sqrt();
        let direction = SimplifiedAdEmaMixDirection {
            sum: DecayingSum::unchecked(beta1),
            second: SecondMoment::both(beta2, eps, eps_root, false, seen2)?,
            of_sum: math::coefficient("lr", lr, scale)?,
            of_grad: math::coefficient("alpha", alpha, scale * Coefficient::new(alpha))?,
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, rate)?, direction))
    }
}

/// A decaying sum of gradients and the gradient, over the root of the second moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimplifiedAdEmaMixDirection {
    sum: DecayingSum,
    second: SecondMoment,
    of_sum: f32,
    of_grad: f32,
}

impl Direction<2> for SimplifiedAdEmaMixDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let m = self.sum.of(m, g);
        let v = self.second.of(v, g);
        let mix = R::splat(self.of_sum) * m + R::splat(self.of_grad) * g;
        (mix / self.second.root(v), [m, v])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        Some(SimplifiedAdEmaMixDirection { sum: self.sum.slow()?, second: self.second.usual()?, ..self })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        [TINY, self.second.fades_below()]
    }
}
