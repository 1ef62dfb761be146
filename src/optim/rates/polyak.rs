use crate::error::Error;
use crate::math::{Coefficient, Factor};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction, Found, Pass, Passes, Scope, Terms};

hyper_parameters! {
    /// Gradient descent with Polyak's step, which would reach the least loss if the loss were linear.
    ///
    /// ```text
    /// p ← p − min((loss − f_min) / (‖s · g‖² + eps), lr) · s · g        s is scaling
    /// ```
    ///
    /// Source: Polyak, "Introduction to Optimization", 1987; Loizou, Vaswani, Laradji & Lacoste-Julien, "Stochastic Polyak
    /// Step-size for SGD", 2020, arXiv 2002.10542; the defaults are those of `optax.polyak_sgd`.
    /// No state. Looks at all tensors together: the sum of g². Needs the [loss](crate::Step::loss) of the step. With `maximize` the
    /// loss counts with the opposite sign, and so `f_min` is the least of its negative.
    pub struct PolyakSgd {
        /// The largest step.
        lr: f64 in NonNegative = 1.0,
        /// Multiplies the gradient, before its norm is taken.
        scaling: f64 in NonNegative = 1.0,
        /// The least loss, or a lower bound of it.
        f_min: f64 in Finite = 0.0,
        /// Added to the squared norm.
        eps: f64 in NonNegative = 0.0,
        /// A loss below f_min makes no step: optax's variant `sps+`. Off, it makes a step backward.
        never_backward: bool = false,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
}

impl Optimizer<0> for PolyakSgd {
    type Clock = u64;
    type Rule = DecayedDescent<PolyakDirection>;
    const SLOTS: [Slot<Self>; 0] = [];

    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let decay = decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?;
        Ok(descent(self.maximize, decay, PolyakDirection { rate: Factor::ZERO, hyper: *self }))
    }
}

/// The gradient at a rate that follows from the loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolyakDirection {
    rate: Factor,
    hyper: PolyakSgd,
}

impl Direction<0> for PolyakDirection {
    const PASSES: Passes = Passes::of(Pass::over(Scope::All, 1).needing_loss());

    #[inline(always)]
    fn terms<R: Real>(&self, _: usize, _: R, g: R, []: [R; 0]) -> Terms<R> {
        Terms::of([[g, g]])
    }

    fn found(&mut self, _: usize, found: &mut Found<0>) {
        let PolyakSgd { lr, scaling, f_min, eps, never_backward, maximize, .. } = self.hyper;
        let [squares, ..] = found.sums;
        let gap = if maximize { -found.loss } else { found.loss } - f_min;
        let gap = if never_backward && gap < 0.0 { 0.0 } else { gap };
        let squares = scaling * scaling * squares + eps;
        // As optax: no step where the gradient vanishes.
        let step = if squares <= f64::EPSILON { 0.0 } else { gap / squares };
        let step = if step > lr { lr } else { step };
        self.rate = Factor::new(scaling * step);
    }

    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, []: [R; 0]) -> (R, [R; 0]) {
        (self.rate.times(g), [])
    }
}
