use crate::error::Error;
use crate::math::{self, Coefficient, Ema, LEAST, NOTHING, TINY, bias_correction};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Adam with the infinity norm in place of the second moment.
    ///
    /// ```text
    /// m ← β1·m + (1−β1)·g
    /// u ← max(β2·u, |g| + eps)
    /// p ← p − lr/(1−β1ᵗ) · m/u
    /// ```
    ///
    /// Source: Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2014, arXiv 1412.6980, section 7.1.
    /// State: m (`exp_avg`) and u (`exp_inf`), zeros at the start.
    ///
    /// | preset | lr | epsilon |
    /// |---|---|---|
    /// | [`Adamax::torch`], the default | 0.002 | 1e-8 inside the maximum |
    /// | [`Adamax::optax`] | 0.001 (optax has no default) | 1e-8 inside the maximum |
    /// | [`Adamax::keras`] | 0.001 | 1e-7 added to u |
    pub struct Adamax {
        lr: f64 in NonNegative = 2e-3,
        /// Decay rate of the moment.
        beta1: f64 in Fraction = 0.9,
        /// Decay rate of the norm.
        beta2: f64 in Fraction = 0.999,
        /// Added to |g|. At 0: see [limits](crate::optim#limits).
        eps: f64 in NonNegative = 1e-8,
        /// Added to u in the denominator.
        eps_outside: f64 in NonNegative = 0.0,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `torch.optim.Adamax`, the default.
        torch = {};
        /// `optax.adamax`.
        optax = { lr: 1e-3, };
        /// `keras.optimizers.Adamax`: eps 1e-7 outside the maximum, decay is decoupled.
        keras = { lr: 1e-3, eps: 0.0, eps_outside: 1e-7, decay_form: DecayForm::Decoupled, };
    }
}

impl Optimizer<2> for Adamax {
    type Clock = u64;
    type Rule = DecayedDescent<AdamaxDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_inf")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let direction = AdamaxDirection::new(self, t)?;
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

/// Adam's update over the decaying maximum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamaxDirection {
    first: Ema,
    beta2: f32,
    eps: f32,
    eps_outside: f32,
    held_below: f32,
    scale: f32,
}

impl AdamaxDirection {
    /// The fields of `adamax` have been checked.
    #[inline]
    pub(super) fn new(adamax: &Adamax, t: u64) -> Result<Self, Error> {
        let lr = Coefficient::new(adamax.lr);
        Ok(AdamaxDirection {
            first: Ema::unchecked(adamax.beta1),
            beta2: math::rounded(adamax.beta2),
            eps: math::rounded(adamax.eps),
            // The divisor must be above 0.
            eps_outside: math::rounded(adamax.eps_outside).max(if adamax.eps == 0.0 { LEAST } else { 0.0 }),
            held_below: Ema::unchecked(adamax.beta2).held_below(),
            scale: math::coefficient("lr", adamax.lr, lr / bias_correction(adamax.beta1, t))?,
        })
    }
}

impl Direction<2> for AdamaxDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, u]: [R; 2]) -> (R, [R; 2]) {
        let m = self.first.of(m, g);
        // In this order a NaN in u stays; one in g is in m.
        let u = (R::splat(self.beta2) * u).max(g.abs() + R::splat(self.eps));
        let divisor = u + R::splat(self.eps_outside);
        (R::splat(self.scale) * (m / divisor), [m, u])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        let usual = AdamaxDirection { first: self.first.slow()?, eps_outside: NOTHING, ..self };
        (self.eps_outside == 0.0).then_some(usual)
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        // An `eps` inside the maximum keeps u above it. One outside hides what is 2²⁸ times as small.
        [TINY, (self.eps_outside / (1 << 28) as f32).min(TINY).max(self.held_below)]
    }
}
