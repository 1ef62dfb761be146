use super::adam::corrected;
use crate::error::Error;
use crate::math::{self, Coefficient, Ema, SecondMoment, TINY, bias_correction, rectification};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Adam that divides by how far gradients are from their average.
    ///
    /// ```text
    /// m ← β1·m + (1−β1)·g
    /// s ← β2·s + (1−β2)·(g−m)² + eps_root        with the new m
    /// p ← p − lr · m̂ / (√ŝ + eps)
    /// m̂ = β1·m/(1−β1ᵗ⁺¹) + (1−β1)·g/(1−β1ᵗ) with nesterov, else m/(1−β1ᵗ)
    /// ```
    ///
    /// Source: Zhuang et al., "AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients", 2020,
    /// arXiv 2010.07468.
    /// An `amsgrad` of the authors' package, which keeps the largest s, is not here.
    /// State: m (`exp_avg`) and s (`exp_avg_var`), zeros at the start; `eps_root` accumulates in s.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    ///
    /// | preset | step |
    /// |---|---|
    /// | [`AdaBelief::optax`], the paper's form, the default | as above |
    /// | [`AdaBelief::authors`], package adabelief-pytorch; timm's `AdaBelief` | rectified as in [`RAdam`](crate::RAdam): `p ← p − lr · r · m̂ · √(1−β2ᵗ) / (√s + eps)` where ρ > 5, else `p − lr · m̂` |
    pub struct AdaBelief {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        /// Decay rate of s.
        beta2: f64 in Fraction = 0.999,
        /// Added to the root. At 0: see [limits](crate::optim#limits).
        eps: f64 in NonNegative = 1e-16,
        /// Added to s at every step.
        eps_root: f64 in NonNegative = 1e-16,
        /// Rectifies the step, with epsilon added to the uncorrected √s.
        rectify: bool = false,
        /// Makes the step `lr · m̂` where it cannot be rectified yet; off, p only decays there.
        degenerated_to_sgd: bool = true,
        /// Takes Nesterov's look-ahead of the moment.
        nesterov: bool = false,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
    }
    presets {
        /// `optax.adabelief`, the default.
        optax = {};
        /// The authors' package adabelief-pytorch and timm's `AdaBelief`: rectified.
        authors = { rectify: true, };
    }
}

impl Optimizer<2> for AdaBelief {
    type Clock = u64;
    type Rule = DecayedDescent<AdaBeliefDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_var")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let AdaBelief { beta1, beta2, eps, .. } = *self;
        let (lr, seen2) = (Coefficient::new(self.lr), bias_correction(beta2, t));
        let (scale, eps_seen, rectified) = match (self.rectify, rectification(beta2, 5.0, t)) {
            (false, _) => (lr * seen2.sqrt(), seen2, true),
            (true, Some(r)) => (lr * Coefficient::new(r) * seen2.sqrt(), Coefficient::ONE, true),
            (true, None) if self.degenerated_to_sgd => (lr, Coefficient::ONE, false),
            (true, None) => (Coefficient::ZERO, Coefficient::ONE, false),
        };
        let (of_moment, of_grad) = corrected(beta1, self.nesterov, t);
        let direction = AdaBeliefDirection {
            beta1: math::rounded(beta1),
            first: Ema::unchecked(beta1),
            spread: SecondMoment::outside(beta2, eps, eps_seen)?,
            eps_root: math::rounded(self.eps_root),
            scale: math::coefficient("lr", self.lr, scale * of_moment)?,
            of_grad: math::coefficient("lr", self.lr, scale * of_grad)?,
            rectified,
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, lr)?, direction))
    }
}

/// Adam's update over the variance of the gradient, or that of the moment alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaBeliefDirection {
    beta1: f32,
    first: Ema,
    spread: SecondMoment,
    eps_root: f32,
    scale: f32,
    of_grad: f32,
    rectified: bool,
}

impl AdaBeliefDirection {
    /// The new moment and the new variance.
    #[inline(always)]
    fn moments<R: Real>(&self, g: R, [m, s]: [R; 2]) -> [R; 2] {
        // g less the new average, from the old one: the new one is rounded, and the difference would show that.
        let surprise = R::splat(self.beta1) * (g - m);
        [self.first.of(m, g), self.spread.of(s, surprise) + R::splat(self.eps_root)]
    }
}

impl Direction<2> for AdaBeliefDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, state: [R; 2]) -> (R, [R; 2]) {
        let [m, s] = self.moments(g, state);
        if self.of_grad != 0.0 {
            let ahead = R::splat(self.scale) * m + R::splat(self.of_grad) * g;
            return (if self.rectified { ahead / self.spread.root_outside(s) } else { ahead }, [m, s]);
        }
        let direction = if self.rectified { m / self.spread.root_outside(s) } else { m };
        (R::splat(self.scale) * direction, [m, s])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        let (first, spread) = (self.first.slow()?, self.spread.slow()?);
        let usual = AdaBeliefDirection { first, spread, of_grad: 0.0, rectified: true, ..self };
        (self.rectified && self.of_grad == 0.0).then_some(usual)
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        [TINY, self.spread.fades_below()]
    }
}
