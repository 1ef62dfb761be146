//! All adapters in one chain whose links can each be neutral, so that one type serves every combination.

use gradstep::any::AnyStep;
use gradstep::rule::{Adapter, Objective};

/// One number for each adapter.
#[derive(Clone, Copy, Debug)]
pub struct Adapters {
    /// Of `scale_grads`.
    pub scale: f64,
    /// Of `clip_by_value`.
    pub clip: f64,
    /// Of `l2`.
    pub weight_decay: f64,
    /// Of `decoupled_decay`.
    pub decay: f64,
    /// Of `maximize`.
    pub maximize: bool,
}

impl Adapters {
    /// Leaves finite inputs as they are.
    pub const NEUTRAL: Adapters =
        Adapters { scale: 1.0, clip: f32::MAX as f64, weight_decay: 0.0, decay: 0.0, maximize: false };

    /// Each adapter alone, then all together.
    pub const EACH_AND_ALL: [Adapters; 6] = [
        Adapters { scale: 1.0 / 3.0, ..Adapters::NEUTRAL },
        Adapters { clip: 0.3, ..Adapters::NEUTRAL },
        Adapters { weight_decay: 0.07, ..Adapters::NEUTRAL },
        Adapters { decay: 0.003, ..Adapters::NEUTRAL },
        Adapters { maximize: true, ..Adapters::NEUTRAL },
        Adapters { scale: 1.0 / 3.0, clip: 0.3, weight_decay: 0.07, decay: 0.003, maximize: true },
    ];

    /// The step behind all adapters.
    pub fn fuse(&self, step: AnyStep) -> AnyStep<impl Adapter> {
        let objective = Objective::new(self.maximize, self.weight_decay);
        step.scale_grads(self.scale).clip_by_value(self.clip).with(objective).decoupled_decay(self.decay)
    }
}
