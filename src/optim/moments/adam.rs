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
    /// Adaptive moment estimation.
    ///
    /// ```text
    /// m ← β1·m + (1−β1)·g
    /// v ← β2·v + (1−β2)·g²
    /// p ← p − lr · m̂ / (√v̂ + eps)        m̂ = m/(1−β1ᵗ), v̂ = v/(1−β2ᵗ)
    /// ```
    ///
    /// Source: Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2014, arXiv 1412.6980.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    ///
    /// Three forms are in use. They differ in where epsilon is added and in the corrections:
    ///
    /// | preset | update |
    /// |---|---|
    /// | [`Adam::torch`], the default and the paper's algorithm 1 | `lr · m̂ / (√v̂ + eps)`, eps 1e-8 |
    /// | [`Adam::keras`], the paper's section 2 and most textbook code | `lr·√(1−β2ᵗ)/(1−β1ᵗ) · m / (√v + eps)`, eps 1e-7: "epsilon hat", 31.6 times larger in effect at t = 1 |
    /// | [`Adam::textbook`], the formula that textbooks print | `lr · m / √(v + eps)`, eps 1e-8 inside the root, no correction |
    pub struct Adam {
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
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `torch.optim.Adam`, the default.
        torch = {};
        /// `keras.optimizers.Adam`, TensorFlow's and the usual textbook code: epsilon hat, eps 1e-7, decay is
        /// decoupled.
        keras = { eps: 1e-7, eps_hat: true, decay_form: DecayForm::Decoupled, };
        /// The formula as textbooks print it: eps 1e-8 inside the root, no bias correction.
        textbook = { eps: 0.0, eps_root: 1e-8, bias_correction: false, };
    }
}

impl Optimizer<2> for Adam {
    type Clock = u64;
    type Rule = DecayedDescent<AdamDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        Ok(descent(
            self.maximize,
            decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?,
            AdamDirection::new(self, t)?,
        ))
    }
}

/// The weights of the moment and of the gradient in m̂: `m/(1−β1ᵗ)`, or with Nesterov's look-ahead
/// `β1·m/(1−β1ᵗ⁺¹) + (1−β1)·g/(1−β1ᵗ)` (Dozat 2016, as in optax).
pub(super) fn corrected(beta1: f64, nesterov: bool, t: u64) -> (Coefficient, Coefficient) {
    let seen = bias_correction(beta1, t);
    if nesterov {
        let beta1 = Coefficient::new(beta1);
        (beta1 / beta1.complement_of_power(t.saturating_add(1)), beta1.complement() / seen)
    } else {
        (Coefficient::ONE / seen, Coefficient::ZERO)
    }
}

/// Adam's update from a gradient and the moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamDirection {
    pub(super) first: Ema,
    pub(super) second: SecondMoment,
    pub(super) scale: f32,
}

impl AdamDirection {
    /// The fields of `adam` have been checked.
    #[inline]
    pub(crate) fn new(adam: &Adam, t: u64) -> Result<Self, Error> {
        let (seen1, seen2) = if adam.bias_correction {
            (bias_correction(adam.beta1, t), bias_correction(adam.beta2, t))
        } else {
            (Coefficient::ONE, Coefficient::ONE)
        };
        Ok(AdamDirection {
            first: Ema::unchecked(adam.beta1),
            second: SecondMoment::both(adam.beta2, adam.eps, adam.eps_root, adam.eps_hat, seen2)?,
            scale: math::coefficient("lr", adam.lr, Coefficient::new(adam.lr) * seen2.sqrt() / seen1)?,
        })
    }

    /// Adam's paper's form, from the fields of `adam` that it has.
    #[inline]
    pub(super) fn outside(adam: &Adam, t: u64) -> Result<Self, Error> {
        let (seen1, seen2) = (bias_correction(adam.beta1, t), bias_correction(adam.beta2, t));
        Ok(AdamDirection {
            first: Ema::unchecked(adam.beta1),
            second: SecondMoment::outside(adam.beta2, adam.eps, seen2)?,
            scale: math::coefficient("lr", adam.lr, Coefficient::new(adam.lr) * seen2.sqrt() / seen1)?,
        })
    }
}

impl Direction<2> for AdamDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let m = self.first.of(m, g);
        let v = self.second.of(v, g);
        (R::splat(self.scale) * (m / self.second.root(v)), [m, v])
    }

    const FORMS: u8 = 2;

    #[inline(always)]
    fn in_form(self, form: u8) -> Option<Self> {
        let second = if form == 0 { self.second.usual() } else { self.second.inner() };
        Some(AdamDirection { first: self.first.slow()?, second: second?, ..self })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        [TINY, self.second.fades_below()]
    }
}
