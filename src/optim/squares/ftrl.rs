use crate::error::Error;
use crate::math::{self, Coefficient, LEAST_ROOT, Power};
use crate::optim::{
    decay::{DecayForm, decay},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{Decayed, Penalty, Rule};

hyper_parameters! {
    /// Follow the regularized leader, proximal: parameters that carry little weight are exactly zero.
    ///
    /// ```text
    /// n' = n + g²
    /// z ← z + (g + 2·l2_shrinkage·p) − (n'^power − n^power)/lr · p
    /// p ← (clamp(z, −l1, l1) − z) / (n'^power/lr + 2·(l2 + beta/(2·lr)))
    /// n ← n'
    /// ```
    ///
    /// Source: McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD 2013, in the form of
    /// `keras.optimizers.Ftrl`, whose values are the defaults. As in the paper, a parameter whose z is 0 becomes 0, also
    /// while n is 0.
    ///
    /// A power other than ½, 0 and 1 takes up to 64 square roots an element: see [`Power`].
    ///
    /// After a gradient of 1.8e19 or more, whose square is infinite, the parameter stays at 0: see
    /// [limits](crate::optim#limits).
    ///
    /// State: z (`linear`), zeros at the start, and n (`accumulator`), `initial_accumulator` at the start.
    pub struct Ftrl {
        /// Learning rate. Its inverse must fit an f32.
        lr: f64 in Positive = 1e-3,
        /// What n starts at.
        initial_accumulator: f64 in NonNegative = 0.1,
        /// L1 penalty.
        l1: f64 in NonNegative = 0.0,
        /// L2 penalty.
        l2: f64 in NonNegative = 0.0,
        /// L2 penalty on the gradient.
        l2_shrinkage: f64 in NonNegative = 0.0,
        /// The paper's β.
        beta: f64 in NonNegative = 0.0,
        /// The power of n that divides the rate: the negative of Keras's `learning_rate_power`. Above 1 is refused.
        power: f64 in Share = 0.5,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// The paper's form with Keras's values, the default.
        paper = {};
        /// `keras.optimizers.Ftrl`: decay is decoupled.
        keras = { decay_form: DecayForm::Decoupled, };
    }
}

impl Optimizer<2> for Ftrl {
    type Clock = u64;
    type Rule = Decayed<FtrlRule>;
    const SLOTS: [Slot<Self>; 2] =
        [Slot::signed("linear"), Slot::squares("accumulator").starting_at(|o| o.initial_accumulator)];

    #[inline]
    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let (lr, two) = (Coefficient::new(self.lr), Coefficient::from(2));
        // Both sides of the last fraction times lr, and at least what keeps the fraction bounded where n underflows and z does
        // not: the root of the smallest number, but for a larger power that would be far too much.
        let quadratic = two * lr * Coefficient::new(self.l2) + Coefficient::new(self.beta);
        let least = if self.power > 0.5 { f32::MIN_POSITIVE } else { LEAST_ROOT };
        let rule = FtrlRule {
            shrinkage: Penalty::new(math::coefficient(
                "l2_shrinkage",
                self.l2_shrinkage,
                two * Coefficient::new(self.l2_shrinkage),
            )?),
            lr: math::rounded(self.lr),
            inverse_lr: math::coefficient("lr", self.lr, Coefficient::ONE / lr)?,
            l1: math::rounded(self.l1),
            quadratic: math::coefficient("l2", self.l2, quadratic)?.max(least),
            power: Power::new(self.power),
        };
        Ok(Decayed::new(self.maximize, decay(self.decay_form, self.weight_decay, lr)?, rule))
    }
}

/// One step of [`Ftrl`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FtrlRule {
    shrinkage: Penalty,
    lr: f32,
    inverse_lr: f32,
    l1: f32,
    quadratic: f32,
    power: Power,
}

impl Rule<2> for FtrlRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [z, n]: [R; 2]) -> (R, [R; 2]) {
        let (lr, l1) = (R::splat(self.lr), R::splat(self.l1));
        let square = g * g;
        let sum = n + square;
        // An infinite square would make NaN of its quotient. So n is infinite alone, and the parameter stays at 0.
        let (root, growth) = self.power.with_growth(sum, n, square.min(R::splat(f32::MAX)));
        // p/lr is of the size of z/√n, while growth/lr may overflow.
        let z = z + (self.shrinkage.add_to(g, p) - growth * (p * R::splat(self.inverse_lr)));
        let p = lr * (z.max(-l1).min(l1) - z) / (root + R::splat(self.quadratic));
        (p, [z, sum])
    }

    const FORMS: u8 = 2;

    #[inline(always)]
    fn in_form(self, form: u8) -> Option<Self> {
        let shrinkage = if form == 0 { self.shrinkage.off() } else { self.shrinkage.on() };
        Some(FtrlRule { shrinkage: shrinkage?, power: self.power.half()?, ..self })
    }
}
