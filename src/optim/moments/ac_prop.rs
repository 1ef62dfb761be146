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
    /// Divides each gradient by the variance that the steps before it have seen.
    ///
    /// ```text
    /// ŝ = s/(1−β2ᵗ⁻¹), 1 at t = 1        with the old s
    /// s ← β2·s + (1−β2)·(g−m)² + eps_root        with the old m
    /// m ← β1·m + (1−β1)·g
    /// p ← p − lr · (g / (√ŝ + eps) + wd·p)
    /// ```
    ///
    /// The numerator is the gradient; m only centers the variance. Where the steps before had no gradient, s is as small as
    /// its epsilons, and the next gradient makes a very large step.
    ///
    /// Source: Zhuang et al., "Momentum Centering and Asynchronous Update for Adaptive Gradient Methods", 2021,
    /// arXiv 2110.05454, in the form of `optax.contrib.acprop`, whose values are the defaults.
    /// State: m (`exp_avg`) and s (`exp_avg_var`), zeros at the start; `eps_root` accumulates in s.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    pub struct AcProp {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        /// Decay rate of the variance.
        beta2: f64 in Fraction = 0.999,
        /// Added to the root. At 0: see [limits](crate::optim#limits).
        eps: f64 in NonNegative = 1e-16,
        /// Added to s at every step.
        eps_root: f64 in NonNegative = 1e-16,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
    }
    presets {
        /// `optax.contrib.acprop`, the default (optax has no default lr).
        optax = {};
    }
}

impl Optimizer<2> for AcProp {
    type Clock = u64;
    type Rule = DecayedDescent<AcPropDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_var")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let (lr, eps, one) = (Coefficient::new(self.lr), Coefficient::new(self.eps), Coefficient::ONE);
        // Where nothing has been seen, s is 0, and 1 takes the place of its root.
        let seen = bias_correction(self.beta2, t - 1);
        let (seen, eps, scale) = if t == 1 { (one, 1.0, lr / (one + eps)) } else { (seen, self.eps, lr * seen.sqrt()) };
        let direction = AcPropDirection {
            first: Ema::unchecked(self.beta1),
            spread: SecondMoment::outside(self.beta2, eps, seen)?,
            eps_root: math::rounded(self.eps_root),
            scale: math::coefficient("lr", self.lr, scale)?,
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, lr)?, direction))
    }
}

/// The gradient over the root of the variance before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AcPropDirection {
    first: Ema,
    spread: SecondMoment,
    eps_root: f32,
    scale: f32,
}

impl Direction<2> for AcPropDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, s]: [R; 2]) -> (R, [R; 2]) {
        let update = R::splat(self.scale) * (g / self.spread.root_outside(s));
        let s = self.spread.of(s, g - m) + R::splat(self.eps_root);
        (update, [self.first.of(m, g), s])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        Some(AcPropDirection { first: self.first.slow()?, spread: self.spread.slow()?, ..self })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        [TINY, self.spread.fades_below()]
    }
}
