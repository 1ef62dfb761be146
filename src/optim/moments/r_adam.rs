use super::adam::{AdamDirection, corrected};
use crate::check;
use crate::error::Error;
use crate::math::{self, Coefficient, Ema, SecondMoment, bias_correction, rectification};
use crate::optim::{
    decay::{DecayForm, decay_by, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::range::Range;
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Adam that waits until its second moment can be trusted.
    ///
    /// ```text
    /// m ← β1·m + (1−β1)·g
    /// v ← β2·v + (1−β2)·g²
    /// ρ∞ = 2/(1−β2) − 1;  ρ = ρ∞ − 2t·β2ᵗ/(1−β2ᵗ)
    /// r = √( (ρ−4)(ρ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρ) )
    /// p ← p − lr · r · m̂ · √(1−β2ᵗ) / (√v + eps) where ρ > threshold, else p − lr · m̂
    /// m̂ = β1·m/(1−β1ᵗ⁺¹) + (1−β1)·g/(1−β1ᵗ) with nesterov, else m/(1−β1ᵗ)
    /// ```
    ///
    /// Source: Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2019, arXiv 1908.03265.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    ///
    /// | preset | epsilon is added to |
    /// |---|---|
    /// | [`RAdam::torch`], the default | √v |
    /// | [`RAdam::optax`] | √v̂ |
    pub struct RAdam {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the root. At 0: see [limits](crate::optim#limits).
        eps: f64 in NonNegative = 1e-8,
        /// Added to v̂ inside the root.
        eps_root: f64 in NonNegative = 0.0,
        /// Adds `eps` to the uncorrected √v instead of √v̂.
        eps_hat: bool = true,
        /// The ρ above which a step is rectified; at least 4, where r is 0. It is the `threshold` of optax.
        threshold: f64 in NonNegative = 5.0,
        /// Makes the step `lr · m̂` where ρ is not above the threshold; off, p stays there and only the moments change. It
        /// is the `degenerated_to_sgd` of the authors' code.
        degenerated_to_sgd: bool = true,
        /// Takes Nesterov's look-ahead of the moment.
        nesterov: bool = false,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `torch.optim.RAdam`, the default.
        torch = {};
        /// `optax.radam`: epsilon beside the corrected root.
        optax = { eps_hat: false, };
    }
}

impl Optimizer<2> for RAdam {
    type Clock = u64;
    type Rule = DecayedDescent<RAdamDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        check::field("threshold", self.threshold, Range::AtLeast(4.0))?;
        let RAdam { beta1, beta2, eps, eps_root, eps_hat, .. } = *self;
        let seen2 = bias_correction(beta2, t);
        let rectification = rectification(beta2, self.threshold, t);
        // An unrectified step moves by `lr · m̂`, or p stays, with its decay.
        let stays = rectification.is_none() && !self.degenerated_to_sgd;
        let lr = if stays { Coefficient::ZERO } else { Coefficient::new(self.lr) };
        let rate = if stays { Coefficient::ZERO } else { self.decay_form.rate(self.weight_decay, lr) };
        let scale = rectification.map_or(lr, |r| lr * Coefficient::new(r) * seen2.sqrt());
        let (of_moment, of_grad) = corrected(beta1, self.nesterov, t);
        let adam = AdamDirection {
            first: Ema::unchecked(beta1),
            second: SecondMoment::both(beta2, eps, eps_root, eps_hat, seen2)?,
            scale: math::coefficient("lr", self.lr, scale * of_moment)?,
        };
        let of_grad = math::coefficient("lr", self.lr, scale * of_grad)?;
        let direction = RAdamDirection { adam, of_grad, rectified: rectification.is_some() };
        Ok(descent(self.maximize, decay_by(self.decay_form, self.weight_decay, rate)?, direction))
    }
}

/// Adam's update, rectified, or that of the moment alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RAdamDirection {
    adam: AdamDirection,
    of_grad: f32,
    rectified: bool,
}

impl Direction<2> for RAdamDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let AdamDirection { first, second, scale } = self.adam;
        let (m, v) = (first.of(m, g), second.of(v, g));
        if self.of_grad != 0.0 {
            let ahead = R::splat(scale) * m + R::splat(self.of_grad) * g;
            return (if self.rectified { ahead / second.root(v) } else { ahead }, [m, v]);
        }
        let direction = if self.rectified { m / second.root(v) } else { m };
        (R::splat(scale) * direction, [m, v])
    }

    const FORMS: u8 = AdamDirection::FORMS;

    #[inline(always)]
    fn in_form(self, form: u8) -> Option<Self> {
        let usual = RAdamDirection { adam: self.adam.in_form(form)?, of_grad: 0.0, rectified: true };
        (self.rectified && self.of_grad == 0.0).then_some(usual)
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        self.adam.fades_below()
    }
}
