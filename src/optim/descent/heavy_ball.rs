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
    /// Momentum as textbooks and Keras write it, with the learning rate inside the buffer.
    ///
    /// ```text
    /// v ← μ·v − lr·g
    /// p ← p + v
    /// ```
    ///
    /// Source: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
    /// State: v (`velocity`), zeros at the start.
    ///
    /// It differs from [`Momentum`](crate::Momentum), PyTorch's form, as soon as `lr` changes: here earlier gradients keep
    /// the rate that they came with.
    pub struct HeavyBall {
        lr: f64 in NonNegative = 0.01,
        /// Momentum μ.
        momentum: f64 in Fraction = 0.9,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// The textbooks' momentum, the default.
        textbook = {};
        /// `keras.optimizers.SGD(momentum=0.9)`: the same values, but decay is decoupled.
        keras = { decay_form: DecayForm::Decoupled, };
    }
}

impl Optimizer<1> for HeavyBall {
    type Clock = u64;
    type Rule = DecayedDescent<HeavyBallDirection>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("velocity")];

    #[inline]
    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let direction = HeavyBallDirection { lr: math::rounded(self.lr), momentum: math::rounded(self.momentum) };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

/// The negative of the velocity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeavyBallDirection {
    lr: f32,
    momentum: f32,
}

impl Direction<1> for HeavyBallDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [v]: [R; 1]) -> (R, [R; 1]) {
        let v = R::splat(self.momentum) * v - R::splat(self.lr) * g;
        (R::splat(-1.0) * v, [v])
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 1] {
        [TINY]
    }
}
