use crate::error::Error;
use crate::math::{self, Coefficient, TINY};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Nesterov's accelerated gradient as textbooks and Keras write it, seen from the look-ahead point.
    ///
    /// ```text
    /// p ← p + μ²·v − (1+μ)·lr·g        with the old v
    /// v ← μ·v − lr·g
    /// ```
    ///
    /// Source: Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k²)", 1983, in the
    /// form of Bengio et al., "Advances in optimizing recurrent networks", 2012, arXiv 1212.0901.
    /// State: v (`velocity`), zeros at the start.
    ///
    /// PyTorch's form is [`Momentum`](crate::Momentum) with `nesterov`.
    pub struct Nesterov {
        lr: f64 in NonNegative = 0.01,
        /// Momentum μ.
        momentum: f64 in Fraction = 0.9,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// The textbooks' form, the default.
        textbook = {};
        /// `keras.optimizers.SGD(momentum=0.9, nesterov=True)`: the same values, but decay is decoupled.
        keras = { decay_form: DecayForm::Decoupled, };
    }
}

impl Optimizer<1> for Nesterov {
    type Clock = u64;
    type Rule = DecayedDescent<NesterovDirection>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("velocity")];

    #[inline]
    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let (lr, momentum) = (Coefficient::new(self.lr), Coefficient::new(self.momentum));
        let direction = NesterovDirection {
            lr: lr.to_f32(),
            momentum: momentum.to_f32(),
            momentum_squared: math::coefficient("momentum", self.momentum, momentum * momentum)?,
            lookahead_lr: math::coefficient("lr", self.lr, (Coefficient::ONE + momentum) * lr)?,
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

/// The step from one look-ahead point to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NesterovDirection {
    lr: f32,
    momentum: f32,
    momentum_squared: f32,
    lookahead_lr: f32,
}

impl Direction<1> for NesterovDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [v]: [R; 1]) -> (R, [R; 1]) {
        let step = R::splat(self.momentum_squared) * v - R::splat(self.lookahead_lr) * g;
        let v = R::splat(self.momentum) * v - R::splat(self.lr) * g;
        (R::splat(-1.0) * step, [v])
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 1] {
        [TINY]
    }
}
