use super::adam::AdamDirection;
use crate::check;
use crate::error::Error;
use crate::math::{Average, Coefficient, Ema, Outside, SecondMoment, bias_correction};
use crate::optim::{decay::either, optimizer::Optimizer, slot::Slot};
use crate::range::Range;
use crate::real::Real;
use crate::rule::{Direction, DirectionVisitor, Either};

hyper_parameters! {
    /// Adam that waits until its second moment can be trusted.
    ///
    /// ```text
    /// m ← β1·m + (1−β1)·g
    /// v ← β2·v + (1−β2)·g²
    /// ρ∞ = 2/(1−β2) − 1;  ρ = ρ∞ − 2t·β2ᵗ/(1−β2ᵗ)
    /// r = √( (ρ−4)(ρ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρ) )
    /// p ← p − lr · r · m̂ · √(1−β2ᵗ) / (√v + eps) where ρ > threshold, else p − lr · m̂
    /// ```
    ///
    /// Source: Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2019, arXiv 1908.03265.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start.
    ///
    /// | preset | epsilon is added to |
    /// |---|---|
    /// | [`RAdam::torch`], the default | √v |
    /// | [`RAdam::optax`] | √v̂ |
    pub struct RAdam {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the root. With 0, an element that has seen no gradient becomes 0/0, NaN.
        eps: f64 in NonNegative = 1e-8,
        /// Adds `eps` to the uncorrected √v instead of √v̂.
        eps_hat: bool = true,
        /// The ρ above which a step is rectified; at least 4, where r is 0. It is the `threshold` of optax.
        threshold: f64 in NonNegative = 5.0,
        /// Makes the step `lr · m̂` where ρ is not above the threshold; off, p stays there and only the moments change. It
        /// is the `degenerated_to_sgd` of the authors' code.
        degenerated_to_sgd: bool = true,
        /// Weight decay.
        weight_decay: f64 in NonNegative = 0.0,
        /// Decays the parameters by `lr · weight_decay` instead of adding a penalty to the gradient.
        decoupled_weight_decay: bool = false,
        maximize: bool = false,
    }
    presets {
        /// `torch.optim.RAdam`, the default.
        torch = {};
        /// `optax.radam`: epsilon beside the corrected root.
        optax = { eps_hat: false, };
    }
}

impl RAdam {
    /// The rectification r, or `None` where the variance cannot be estimated yet.
    fn rectification(&self, t: u64) -> Option<f64> {
        let rho_inf = 2.0 / (1.0 - self.beta2) - 1.0;
        let power = libm::pow(self.beta2, t as f64);
        let rho = rho_inf - 2.0 * t as f64 * power / (1.0 - power);
        let of = |rho: f64| (rho - 4.0) * (rho - 2.0) / rho;
        (rho > self.threshold).then(|| libm::sqrt(of(rho) / of(rho_inf)))
    }
}

impl Optimizer<2> for RAdam {
    type Clock = u64;
    type Rule = Either<RAdamDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        check::field("threshold", self.threshold, Range::AtLeast(4.0))?;
        let seen2 = bias_correction(self.beta2, t);
        let rectification = self.rectification(t);
        // An unrectified step moves by `lr · m̂`, or p stays, with its decay.
        let stays = rectification.is_none() && !self.degenerated_to_sgd;
        let lr = if stays { Coefficient::ZERO } else { Coefficient::new(self.lr) };
        let corrected = lr / bias_correction(self.beta1, t);
        let scale = rectification.map_or(corrected, |r| corrected * Coefficient::new(r) * seen2.sqrt());
        let adam = AdamDirection {
            first: Ema::unchecked(self.beta1),
            second: SecondMoment::outside(self.beta2, self.eps, if self.eps_hat { Coefficient::ONE } else { seen2 })?,
            scale: check::coefficient("lr", self.lr, scale)?,
        };
        let direction = RAdamDirection { adam, rectified: rectification.is_some() };
        either(self.maximize, lr, self.weight_decay, self.decoupled_weight_decay, direction)
    }
}

/// Adam's update, rectified, or that of the moment alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RAdamDirection {
    adam: AdamDirection<Outside>,
    rectified: bool,
}

impl Direction<2> for RAdamDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let AdamDirection { first, second, scale } = self.adam;
        let (m, v) = (first.of(m, g), second.of(v, g));
        let direction = if self.rectified { m / second.root(v) } else { m };
        (R::splat(scale) * direction, [m, v])
    }

    #[inline(always)]
    fn form<V: DirectionVisitor<2>>(&self, visitor: V) -> V::Output {
        if self.rectified { self.adam.form(visitor) } else { visitor.general() }
    }

    #[inline(always)]
    fn fades(&self) -> [bool; 2] {
        self.adam.fades()
    }
}
