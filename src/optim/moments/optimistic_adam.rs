use super::adam::corrected;
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
    /// Adam that steps along the update that it expects next, for games such as the training of adversarial networks.
    ///
    /// ```text
    /// m ← β1·m + (1−β1)·g;  v ← β2·v + (1−β2)·g²
    /// m̂ = β1·m/(1−β1ᵗ⁺¹) + (1−β1)·g/(1−β1ᵗ) with nesterov, else m/(1−β1ᵗ)
    /// r = m̂ / (√(v̂ + eps_root) + eps)
    /// p ← p − lr · ((α+β)·r − β·r₋);  r₋ ← r        r₋ is r at t = 1
    /// ```
    ///
    /// Source: Daskalakis, Ilyas, Syrgkanis & Zeng, "Training GANs with Optimism", 2017, arXiv 1711.00141, in the form of
    /// `optax.optimistic_adam_v2`, whose values are the defaults.
    /// State: m (`exp_avg`), v (`exp_avg_sq`) and r₋ (`prev_update`), zeros at the start.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    pub struct OptimisticAdam {
        lr: f64 in NonNegative = 1e-3,
        /// Weight α of the update.
        alpha: f64 in NonNegative = 1.0,
        /// Weight β of the update's change.
        beta: f64 in NonNegative = 1.0,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the root. At 0: see [limits](crate::optim#limits).
        eps: f64 in NonNegative = 1e-8,
        /// Added to v̂ inside the root.
        eps_root: f64 in NonNegative = 0.0,
        /// Takes Nesterov's look-ahead of the moment.
        nesterov: bool = true,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `optax.optimistic_adam_v2`, the default (optax has no default lr).
        optax = {};
        /// The paper's form: the corrected moment, without Nesterov's look-ahead.
        paper = { nesterov: false, };
    }
    names { "optimistic_adam_v2" }
}

impl Optimizer<3> for OptimisticAdam {
    type Clock = u64;
    type Rule = DecayedDescent<OptimisticAdamDirection>;
    const SLOTS: [Slot<Self>; 3] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq"), Slot::signed("prev_update")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let OptimisticAdam { lr, alpha, beta, beta1, beta2, eps, eps_root, .. } = *self;
        let seen2 = bias_correction(beta2, t);
        let (of_moment, of_grad) = corrected(beta1, self.nesterov, t);
        // The first step has no other update to compare with.
        let of_last = if t == 1 { Coefficient::ZERO } else { Coefficient::new(beta) };
        let rate = Coefficient::new(lr);
        let direction = OptimisticAdamDirection {
            first: Ema::unchecked(beta1),
            second: SecondMoment::both(beta2, eps, eps_root, false, seen2)?,
            of_moment: (of_moment * seen2.sqrt()).to_f32(),
            of_grad: (of_grad * seen2.sqrt()).to_f32(),
            of_update: math::coefficient("lr", lr, rate * (Coefficient::new(alpha) + of_last))?,
            of_last: math::coefficient("beta", beta, rate * of_last)?,
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

/// Adam's update and its change since the last step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimisticAdamDirection {
    first: Ema,
    second: SecondMoment,
    of_moment: f32,
    of_grad: f32,
    of_update: f32,
    of_last: f32,
}

impl Direction<3> for OptimisticAdamDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v, last]: [R; 3]) -> (R, [R; 3]) {
        let m = self.first.of(m, g);
        let v = self.second.of(v, g);
        let r = (R::splat(self.of_moment) * m + R::splat(self.of_grad) * g) / self.second.root(v);
        let update = R::splat(self.of_update) * r - R::splat(self.of_last) * last;
        (update, [m, v, r])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        Some(OptimisticAdamDirection { first: self.first.slow()?, second: self.second.usual()?, ..self })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 3] {
        [TINY, self.second.fades_below(), 0.0]
    }
}
