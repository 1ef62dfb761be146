use crate::error::Error;
use crate::math::{self, Coefficient, Lerp, cube_root};
use crate::optim::{
    decay::{DecayForm, decay},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{Decayed, Penalty, Rule};

hyper_parameters! {
    /// Momentumized, adaptive dual averaging: steps from where training began, scaled by a cube root.
    ///
    /// ```text
    /// λ = (lr + eps)·√t            0 for lr = 0
    /// s ← s + λ·g
    /// v ← v + λ·g²
    /// z = x0 − s/(∛v + eps)        z = x0 where the divisor is 0
    /// p ← p + (1−momentum)·(z − p)
    /// ```
    ///
    /// Decoupled decay takes `(lr + eps) · weight_decay · p` off, as the authors' `decouple_decay` does.
    ///
    /// Source: Defazio & Jelassi, "Adaptivity without Compromise: A Momentumized, Adaptive, Dual Averaged Gradient
    /// Method for Stochastic Optimization", 2021, arXiv 2101.11075, in the form of the authors' code (package
    /// madgrad) and optax, with its values.
    /// State: s (`s`) and v (`grad_sum_sq`), zeros at the start, and x0 (`x0`), a copy of the parameters at the start.
    ///
    /// After a gradient of 1.8e19 or more, whose square is infinite, the parameter returns to x0 and stays at it: see
    /// [limits](crate::optim#limits).
    pub struct Madgrad {
        lr: f64 in NonNegative = 1e-2,
        /// How much of the old parameters stays.
        momentum: f64 in Fraction = 0.9,
        /// Added to the cube root, and to a learning rate that is not 0. At 0, which the authors recommend for very small
        /// gradients, an element that has seen no gradient stays where it is.
        eps: f64 in NonNegative = 1e-6,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// The authors' package madgrad and `optax.contrib.madgrad`, the default.
        authors = {};
    }
}

impl Optimizer<3> for Madgrad {
    type Clock = u64;
    type Rule = Decayed<MadgradRule>;
    const SLOTS: [Slot<Self>; 3] =
        [Slot::signed("s"), Slot::squares("grad_sum_sq"), Slot::signed("x0").starting_as_params().read_only()];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let lr = Coefficient::new(self.lr);
        let rate = if lr.is_zero() { lr } else { lr + Coefficient::new(self.eps) };
        let rule = MadgradRule {
            lambda: math::coefficient("lr", self.lr, rate * Coefficient::from(t).sqrt())?,
            eps: math::rounded(self.eps),
            guarded: self.eps == 0.0,
            toward: Lerp::new(1.0 - self.momentum),
        };
        Ok(Decayed::new(self.maximize, decay(self.decay_form, self.weight_decay, rate)?, rule))
    }
}

/// One step of [`Madgrad`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MadgradRule {
    lambda: f32,
    eps: f32,
    /// Whether the divisor may be 0.
    guarded: bool,
    toward: Lerp,
}

impl MadgradRule {
    /// `∛v + eps`. As in the authors' code, a divisor of 0 becomes infinity. NaN is not less than anything, and stays.
    #[inline(always)]
    fn divisor<R: Real>(&self, v: R) -> R {
        let divisor = cube_root(v) + R::splat(self.eps);
        if !self.guarded {
            return divisor;
        }
        R::select(divisor.lt(R::splat(f32::from_bits(1))), R::splat(f32::INFINITY), divisor)
    }
}

impl Rule<3> for MadgradRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [s, v, x0]: [R; 3]) -> (R, [R; 3]) {
        let scaled = R::splat(self.lambda) * g;
        let s = s + scaled;
        let v = v + scaled * g;
        let z = x0 - s / self.divisor(v);
        (self.toward.between(p, z), [s, v, x0])
    }

    /// The step moves from the parameter before the decay, as in the authors' code.
    #[inline(always)]
    fn lane_decaying<R: Real>(&self, p: R, g: R, decay: Penalty, state: [R; 3]) -> (R, [R; 3]) {
        let (next, state) = self.lane(p, g, state);
        (decay.take_from(next, p), state)
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        let unguarded = MadgradRule { guarded: false, toward: self.toward.inside()?, ..self };
        (!self.guarded).then_some(unguarded)
    }
}
