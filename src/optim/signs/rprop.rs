use crate::check;
use crate::error::Error;
use crate::math::{self, Coefficient};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::range::Range;
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Resilient backpropagation, for full batches: only the sign of a gradient counts, and each element has its
    /// step size.
    ///
    /// ```text
    /// s = sign(g)·sign(g₋)
    /// η ← clamp(η · (etaplus where s > 0, etaminus where s < 0, 1 where s = 0), step_min, step_max)
    /// g ← 0 where s < 0
    /// p ← p − η · sign(g);  g₋ ← g
    /// ```
    ///
    /// Source: Riedmiller & Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm",
    /// 1993.
    /// State: g₋ (`prev`), zeros at the start, and η (`step_size`), `lr` at the start.
    ///
    /// PyTorch takes the sign of `g·g₋`, which is zero where the product underflows.
    ///
    /// | preset | the move of step t |
    /// |---|---|
    /// | [`Rprop::torch`], the default | is made at t |
    /// | [`Rprop::optax`] | is made at t+1, unless the sign changes there: `p ← p − η₋·sign(g₋)` where s ≥ 0 |
    pub struct Rprop {
        /// The first step size of every element.
        lr: f64 in NonNegative = 0.01,
        /// Shrinks the step after a change of sign.
        etaminus: f64 in Fraction = 0.5,
        /// Grows the step where the sign stays. Below 1 is an error too.
        etaplus: f64 in NonNegative = 1.2,
        /// The smallest step.
        step_min: f64 in NonNegative = 1e-6,
        /// The largest step. Below `step_min` is an error too.
        step_max: f64 in NonNegative = 50.0,
        /// Makes each move one step late, as [`Rprop::optax`] does.
        delayed: bool = false,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `torch.optim.Rprop`, the default.
        torch = {};
        /// `optax.rprop` of optax 0.2.8 and before: each move is made one step late. optax's pull request 1725 (2026)
        /// calls that a bug.
        optax = { delayed: true, };
    }
}

impl Optimizer<2> for Rprop {
    type Clock = u64;
    type Rule = DecayedDescent<RpropDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("prev"), Slot::squares("step_size").starting_at(|o| o.lr)];

    #[inline]
    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        check::field("etaplus", self.etaplus, Range::AtLeast(1.0))?;
        check::field("step_max", self.step_max, Range::AtLeast(self.step_min))?;
        let direction = RpropDirection {
            etaminus: math::rounded(self.etaminus),
            etaplus: math::rounded(self.etaplus),
            step_min: math::rounded(self.step_min),
            step_max: math::rounded(self.step_max),
            delayed: self.delayed,
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

/// Rprop's update from a gradient, the last one and the step size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RpropDirection {
    etaminus: f32,
    etaplus: f32,
    step_min: f32,
    step_max: f32,
    delayed: bool,
}

impl Direction<2> for RpropDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [last, size]: [R; 2]) -> (R, [R; 2]) {
        let zero = R::splat(0.0);
        let agreement = g.sign() * last.sign();
        let (kept, changed) = (zero.lt(agreement), agreement.lt(zero));
        // 1 where there is neither, or NaN.
        let factor = R::select(changed, R::splat(self.etaminus), R::splat(1.0) + agreement);
        let factor = R::select(kept, R::splat(self.etaplus), factor);
        let grown = (size * factor).max(R::splat(self.step_min)).min(R::splat(self.step_max));
        let update = if self.delayed { size * last.sign() } else { grown * g.sign() };
        (update.zero_where(changed), [g.zero_where(changed), grown])
    }
}
