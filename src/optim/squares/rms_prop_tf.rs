use super::rms_prop::{RmsProp, RmsPropCenteredMomentum, RmsPropMomentum};
use crate::error::Error;
use crate::optim::{decay::DecayForm, optimizer::Optimizer, slot::Slot};

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
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    ///
    /// It is [`RmsPropMomentum`] with these values, and gives the same bits. [`RmsPropTf::centered`] is timm's
    /// `centered=True`.
    pub struct RmsPropTf {
        lr: f64 in NonNegative = 1e-3,
        /// Decay rate α.
        decay: f64 in Fraction = 0.9,
        /// Momentum μ.
        momentum: f64 in Fraction = 0.0,
        /// Added inside the root. At 0: see [limits](crate::optim#limits).
        eps: f64 in NonNegative = 1e-10,
        /// What h starts at.
        initial_square: f64 in NonNegative = 1.0,
        /// Multiplies the learning rate in before the buffer, as TensorFlow; off, after it, as timm's
        /// `lr_in_momentum=False` and PyTorch.
        lr_in_buffer: bool = true,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `timm.optim.RMSpropTF`: lr 0.01.
        timm = { lr: 0.01, };
    }
}

impl RmsPropTf {
    /// Takes the running variance instead of the running square, one slot more.
    pub const fn centered(self) -> RmsPropCenteredMomentum {
        self.rms_prop().centered().with_momentum(self.momentum)
    }

    const fn rms_prop(self) -> RmsProp {
        let RmsPropTf {
            lr,
            decay,
            eps: eps_root,
            initial_square,
            lr_in_buffer,
            weight_decay,
            decay_form,
            maximize,
            ..
        } = self;
        RmsProp {
            lr,
            decay,
            eps: 0.0,
            eps_root,
            initial_square,
            lr_in_buffer,
            bias_correction: false,
            weight_decay,
            decay_form,
            maximize,
        }
    }
}

impl Optimizer<2> for RmsPropTf {
    type Clock = u64;
    type Rule = <RmsPropMomentum as Optimizer<2>>::Rule;
    const SLOTS: [Slot<Self>; 2] =
        [Slot::squares("square_avg").starting_at(|o| o.initial_square), Slot::signed("momentum_buffer")];

    #[inline]
    fn rule(&self, t: u64, clock: &mut u64) -> Result<Self::Rule, Error> {
        self.rms_prop().with_momentum(self.momentum).rule(t, clock)
    }
}
