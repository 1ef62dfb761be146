use crate::error::Error;
use crate::math::{self, Coefficient};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Optimistic gradient descent: a step along the gradient that the next step is expected to have. For games, such as
    /// the training of adversarial networks, where plain descent circles around the solution.
    ///
    /// ```text
    /// p ← p − lr · ((α+β)·g − β·g₋);  g₋ ← g        g₋ is g at t = 1
    /// ```
    ///
    /// Source: Mokhtari, Ozdaglar & Pattathil, "A Unified Analysis of Extra-gradient and Optimistic Gradient Methods for
    /// Saddle Point Problems: Proximal Point Approach", 2019, arXiv 1901.08511.
    /// State: g₋ (`prev_grad`), zeros at the start. The default is `optax.optimistic_gradient_descent`'s.
    pub struct OptimisticSgd {
        lr: f64 in NonNegative = 0.01,
        /// Weight α of the gradient.
        alpha: f64 in NonNegative = 1.0,
        /// Weight β of the gradient's change.
        beta: f64 in NonNegative = 1.0,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `optax.optimistic_gradient_descent`, the default (optax has no default lr).
        optax = {};
    }
    names { "optimistic_gradient_descent" }
}

impl Optimizer<1> for OptimisticSgd {
    type Clock = u64;
    type Rule = DecayedDescent<OptimisticSgdDirection>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("prev_grad")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let OptimisticSgd { lr, alpha, beta, .. } = *self;
        // The first step has no other gradient to compare with.
        let of_last = if t == 1 { Coefficient::ZERO } else { Coefficient::new(beta) };
        let rate = Coefficient::new(lr);
        let direction = OptimisticSgdDirection {
            of_grad: math::coefficient("lr", lr, rate * (Coefficient::new(alpha) + of_last))?,
            of_last: math::coefficient("beta", beta, rate * of_last)?,
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

/// The gradient and its change since the last step, times the learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimisticSgdDirection {
    of_grad: f32,
    of_last: f32,
}

impl Direction<1> for OptimisticSgdDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [last]: [R; 1]) -> (R, [R; 1]) {
        (R::splat(self.of_grad) * g - R::splat(self.of_last) * last, [g])
    }
}
