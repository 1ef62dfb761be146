use crate::error::Error;
use crate::math::{self, Coefficient, Ema, SecondMoment, TINY, bias_correction};
use crate::optim::{
    decay::{DecayForm, decay_by, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Adaptive Nesterov momentum: averages the gradient, its difference from the last one, and the square of both.
    ///
    /// ```text
    /// d = g − g₋        0 at t = 1
    /// m ← β1·m + (1−β1)·g
    /// v ← β2·v + (1−β2)·d
    /// n ← β3·n + (1−β3)·(g + κ·d)²        κ = β2
    /// p ← p − lr · (m̂ + κ·v̂) / (√n̂ + eps), then p ← p / (1 + lr·wd)
    /// ```
    ///
    /// Source: Xie, Zhou, Li, Lin & Yan, "Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models",
    /// 2022, arXiv 2208.06677. β means what it means in the authors' code; the paper writes 1−β.
    /// State: m (`exp_avg`), v (`exp_avg_diff`), n (`exp_avg_sq`) and g₋ (`pre_grad`), zeros at the start.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    ///
    /// | preset | κ | eps_root | weight decay |
    /// |---|---|---|---|
    /// | [`Adan::paper`], the authors' code, the default | β2 | 0 | divides after the step, 0 |
    /// | [`Adan::optax`] | 1−β2 | 1e-8 | decoupled, 0 |
    pub struct Adan {
        lr: f64 in NonNegative = 1e-3,
        /// Decay rate of the gradient's average.
        beta1: f64 in Fraction = 0.98,
        /// Decay rate of the difference's average.
        beta2: f64 in Fraction = 0.92,
        /// Decay rate of the square's average.
        beta3: f64 in Fraction = 0.99,
        /// Added to the root. At 0: see [limits](crate::optim#limits).
        eps: f64 in NonNegative = 1e-8,
        /// Added inside the root.
        eps_root: f64 in NonNegative = 0.0,
        /// Makes κ 1−β2, as optax does, instead of β2.
        complement: bool = false,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Decoupled,
        /// Divides p by `1 + lr·wd` after the step (the paper's proximal form) instead of subtracting `lr·wd·p` before it.
        /// Without meaning for coupled decay.
        proximal: bool = true,
        maximize: bool = false,
    }
    presets {
        /// The authors' code, the default.
        paper = {};
        /// `optax.adan`: differences have the weight 1−β2, eps_root is 1e-8, decay is decoupled.
        optax = { complement: true, eps_root: 1e-8, proximal: false, };
    }
}

impl Optimizer<4> for Adan {
    type Clock = u64;
    type Rule = DecayedDescent<AdanDirection>;
    const SLOTS: [Slot<Self>; 4] =
        [Slot::signed("exp_avg"), Slot::signed("exp_avg_diff"), Slot::squares("exp_avg_sq"), Slot::signed("pre_grad")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let Adan { lr, beta1, beta2, beta3, eps, eps_root, weight_decay, .. } = *self;
        let seen3 = bias_correction(beta3, t);
        let (lr_now, kappa) = (Coefficient::new(lr), Coefficient::new(beta2));
        let kappa = if self.complement { kappa.complement() } else { kappa };
        // (p − u)/(1+r) = p − (u + r·p)/(1+r): the division becomes part of the coefficients.
        let rate = self.decay_form.rate(weight_decay, lr_now);
        let (lr_now, rate) = if self.proximal {
            let growth = Coefficient::ONE + rate;
            (lr_now / growth, rate / growth)
        } else {
            (lr_now, rate)
        };
        let scale = lr_now * seen3.sqrt();
        let direction = AdanDirection {
            first: t == 1,
            of_grad: Ema::unchecked(beta1),
            of_difference: Ema::unchecked(beta2),
            of_square: SecondMoment::both(beta3, eps, eps_root, false, seen3)?,
            kappa: kappa.to_f32(),
            grad_scale: math::coefficient("lr", lr, scale / bias_correction(beta1, t))?,
            difference_scale: math::coefficient("lr", lr, scale * kappa / bias_correction(beta2, t))?,
        };
        Ok(descent(self.maximize, decay_by(self.decay_form, weight_decay, rate)?, direction))
    }
}

/// Adan's update from the gradient, the last one and three averages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdanDirection {
    first: bool,
    of_grad: Ema,
    of_difference: Ema,
    of_square: SecondMoment,
    kappa: f32,
    grad_scale: f32,
    difference_scale: f32,
}

impl Direction<4> for AdanDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v, n, last]: [R; 4]) -> (R, [R; 4]) {
        let difference = if self.first { R::splat(0.0) } else { g - last };
        let m = self.of_grad.of(m, g);
        let v = self.of_difference.of(v, difference);
        let n = self.of_square.of(n, g + R::splat(self.kappa) * difference);
        let update = (R::splat(self.grad_scale) * m + R::splat(self.difference_scale) * v) / self.of_square.root(n);
        (update, [m, v, n, g])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        let later = AdanDirection {
            first: false,
            of_grad: self.of_grad.slow()?,
            of_difference: self.of_difference.slow()?,
            of_square: self.of_square.usual()?,
            ..self
        };
        (!self.first).then_some(later)
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 4] {
        [TINY, TINY, self.of_square.fades_below(), 0.0]
    }
}
