//! All adapters in one chain whose links can each be neutral, so that one type serves every combination.

use gradstep::{Objective, Rule};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Adapters {
    pub(crate) scale: f64,
    pub(crate) clip: f64,
    pub(crate) weight_decay: f64,
    pub(crate) decay: f64,
    pub(crate) maximize: bool,
}

impl Adapters {
    /// Leaves finite inputs as they are.
    pub(crate) const NEUTRAL: Adapters =
        Adapters { scale: 1.0, clip: f32::MAX as f64, weight_decay: 0.0, decay: 0.0, maximize: false };

    /// Each adapter alone, then all together.
    pub(crate) const EACH_AND_ALL: [Adapters; 6] = [
        Adapters { scale: 1.0 / 3.0, ..Adapters::NEUTRAL },
        Adapters { clip: 0.3, ..Adapters::NEUTRAL },
        Adapters { weight_decay: 0.07, ..Adapters::NEUTRAL },
        Adapters { decay: 0.003, ..Adapters::NEUTRAL },
        Adapters { maximize: true, ..Adapters::NEUTRAL },
        Adapters { scale: 1.0 / 3.0, clip: 0.3, weight_decay: 0.07, decay: 0.003, maximize: true },
    ];

    pub(crate) fn fuse<R: Rule<S> + 'static, const S: usize>(&self, rule: R) -> impl Rule<S> + 'static {
        let objective = Objective::new(self.maximize, self.weight_decay).unwrap();
        rule.scale_grads(self.scale).clip_grads(self.clip).with(objective).decoupled_decay(self.decay)
    }
}
