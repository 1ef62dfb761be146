use super::rms_prop::RmsPropMomentum;
use crate::error::Error;
use crate::optim::{optimizer::Optimizer, slot::Slot};

hyper_parameters! {
    /// RMSprop as TensorFlow 1 wrote it, on which many image models were trained.
    ///
    /// ```text
    /// h ← α·h + (1−α)·g²        h starts at 1
    /// b ← μ·b + lr · g/√(h + eps)
    /// p ← p − b
    /// ```
    ///
    /// Source: `tf.compat.v1.train.RMSPropOptimizer`; timm's `RMSpropTF` is the same with lr 0.01 and coupled decay.
    /// State: h (`square_avg`), `initial_square` at the start, and b (`momentum_buffer`), zeros at the start.
    ///
    /// It is [`RmsPropMomentum`] with these values, and gives the same bits.
    pub struct RmsPropTf {
        lr: f64 in NonNegative = 1e-3,
        /// Decay rate α.
        decay: f64 in Fraction = 0.9,
        /// Momentum μ.
        momentum: f64 in Fraction = 0.0,
        /// Added inside the root. With it and `initial_square` at 0, an element that has seen no gradient becomes 0/0,
        /// NaN.
        eps: f64 in NonNegative = 1e-10,
        /// What h starts at.
        initial_square: f64 in NonNegative = 1.0,
        /// Coupled L2 penalty: `g + weight_decay · p`.
        weight_decay: f64 in NonNegative = 0.0,
        maximize: bool = false,
    }
    presets {
        /// `timm.optim.RMSpropTF`: lr 0.01.
        timm = { lr: 0.01, };
    }
}

impl Optimizer<2> for RmsPropTf {
    type Clock = u64;
    type Rule = <RmsPropMomentum as Optimizer<2>>::Rule;
    const SLOTS: [Slot<Self>; 2] =
        [Slot::squares("square_avg").starting_at(|o| o.initial_square), Slot::signed("momentum_buffer")];

    #[inline]
    fn rule(&self, t: u64, clock: &mut u64) -> Result<Self::Rule, Error> {
        let RmsPropTf { lr, decay, momentum, eps: eps_root, initial_square, weight_decay, maximize } = *self;
        let (eps, lr_in_buffer) = (0.0, true);
        RmsPropMomentum { lr, decay, eps, eps_root, initial_square, lr_in_buffer, weight_decay, maximize, momentum }
            .rule(t, clock)
    }
}
