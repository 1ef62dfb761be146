use crate::error::Error;
use crate::math::{self, Coefficient, Ema, Epsilon, TINY, bias_correction};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Adam whose second moment changes by steps of a fixed relative size, however far g² is from it.
    ///
    /// ```text
    /// m ← β1·m + (1−β1)·g
    /// v ← v − (1−β2)·sign(v−g²)·g²
    /// p ← p − lr · m̂ / (√v̂ + eps)
    /// ```
    ///
    /// Source: Zaheer, Reddi, Sachan, Kale & Kumar, "Adaptive Methods for Nonconvex Optimization", NeurIPS 2018.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), both `initial_accumulator` at the start, as in optax, whose values are
    /// the defaults.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    pub struct Yogi {
        lr: f64 in NonNegative = 1e-2,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-3,
        /// What both moments start at.
        initial_accumulator: f64 in NonNegative = 1e-6,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `optax.yogi`, the default (optax has no decay).
        optax = {};
        /// pytorch_optimizer's `Yogi`: decay is decoupled.
        pytorch_optimizer = { decay_form: DecayForm::Decoupled, };
    }
}

impl Optimizer<2> for Yogi {
    type Clock = u64;
    type Rule = DecayedDescent<YogiDirection>;
    const SLOTS: [Slot<Self>; 2] = [
        Slot::signed("exp_avg").starting_at(|yogi: &Yogi| yogi.initial_accumulator),
        Slot::squares("exp_avg_sq").starting_at(|yogi: &Yogi| yogi.initial_accumulator),
    ];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let (lr, seen2) = (Coefficient::new(self.lr), bias_correction(self.beta2, t));
        let direction = YogiDirection {
            first: Ema::unchecked(self.beta1),
            weight: Coefficient::new(self.beta2).complement().to_f32(),
            epsilon: Epsilon::outside(self.eps, seen2.sqrt())?,
            scale: math::coefficient("lr", self.lr, lr * seen2.sqrt() / bias_correction(self.beta1, t))?,
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

/// Adam's update over Yogi's second moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct YogiDirection {
    first: Ema,
    weight: f32,
    epsilon: Epsilon,
    scale: f32,
}

impl Direction<2> for YogiDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let m = self.first.of(m, g);
        let square = g * g;
        let v = v - R::splat(self.weight) * ((v - square).sign() * square);
        let update = R::splat(self.scale) * (m / self.epsilon.without_inside().root(v));
        (update, [m, v])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        Some(YogiDirection { first: self.first.slow()?, ..self })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        [TINY, 0.0]
    }
}
