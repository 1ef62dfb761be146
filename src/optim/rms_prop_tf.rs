use super::{Optimizer, RmsProp, RmsPropMomentum, RmsPropMomentumRule};
use crate::{Error, check};

/// RMSprop as TensorFlow 1 wrote it, on which many image models were trained.
///
/// ```text
/// h ← α·h + (1−α)·g²        h starts at 1
/// b ← μ·b + lr · g/√(h + eps)
/// p ← p − b
/// ```
///
/// Source: `tf.compat.v1.train.RMSPropOptimizer`; timm's `RMSpropTF` is the same with lr 0.01 and coupled decay.
/// State: `[h, b]`, h starts at `initial_square`: fill it with [`Optimizer::init`].
///
/// It is [`RmsPropMomentum`] with these values, and gives the same bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsPropTf {
    /// Learning rate, at least 0. Default 0.001.
    pub lr: f64,
    /// Decay rate α, in [0, 1). Default 0.9.
    pub decay: f64,
    /// Momentum μ, in [0, 1). Default 0.
    pub momentum: f64,
    /// Added inside the root, at least 0. Default 1e-10.
    pub eps: f64,
    /// What h starts at, at least 0. Default 1.
    pub initial_square: f64,
    /// Coupled L2 penalty: `g + weight_decay · p`. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for RmsPropTf {
    fn default() -> Self {
        RmsPropTf {
            lr: 1e-3,
            decay: 0.9,
            momentum: 0.0,
            eps: 1e-10,
            initial_square: 1.0,
            weight_decay: 0.0,
            maximize: false,
        }
    }
}

impl RmsPropTf {
    /// `timm.optim.RMSpropTF`: lr 0.01.
    pub fn timm() -> Self {
        RmsPropTf { lr: 0.01, ..RmsPropTf::default() }
    }

    fn form(&self) -> Result<RmsPropMomentum, Error> {
        let RmsPropTf { lr, decay, momentum, eps, initial_square, weight_decay, maximize } = *self;
        let eps_root = check::non_negative("eps", eps)?;
        let rms_prop = RmsProp { lr, decay, eps: 0.0, eps_root, initial_square, weight_decay, maximize };
        Ok(RmsPropMomentum { rms_prop, momentum, lr_in_buffer: true })
    }
}

impl Optimizer<2> for RmsPropTf {
    type Clock = u64;
    type Rule = RmsPropMomentumRule;

    fn tick(&self, clock: &mut u64) -> Result<RmsPropMomentumRule, Error> {
        self.form()?.tick(clock)
    }

    fn init(&self, params: &[f32], state: [&mut [f32]; 2]) -> Result<(), Error> {
        self.form()?.init(params, state)
    }
}
