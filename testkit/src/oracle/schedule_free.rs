//! The schedule-free optimizers (Defazio et al. 2024, algorithm 1 and its AdamW form), with x spelled out.

use super::{Bound, Dice, Oracle, ema, objective, seen};
use gradstep::{ScheduleFreeAdamW, ScheduleFreeSgd};

/// The learning rate of step `t`.
fn warm(lr: f64, warmup: u64, t: u64) -> f64 {
    if t < warmup { lr * t as f64 / warmup as f64 } else { lr }
}

/// The share of z in the average x at step `t`: its squared rate over the sum of all.
fn share(lr: f64, warmup: u64, t: u64) -> f64 {
    let weight = |t| libm::pow(warm(lr, warmup, t), 2.0);
    let sum: f64 = (1..=t).map(weight).sum();
    if sum > 0.0 { weight(t) / sum } else { 0.0 }
}

/// A step of z against `direction`, then the average x, then y between them.
fn step(y: f64, z: &mut f64, direction: f64, lr: f64, share: f64, beta1: f64) -> f64 {
    let x = (y - (1.0 - beta1) * *z) / beta1;
    *z -= lr * direction;
    let x = (1.0 - share) * x + share * *z;
    beta1 * x + (1.0 - beta1) * *z
}

impl Oracle<1> for ScheduleFreeSgd {
    type Memory = ();
    const FADING: &'static [usize] = &[];
    const BOUND: Bound = Bound { param: 6.0, state: 5.0 };

    fn start(&self, p: f64) -> [f64; 1] {
        [p]
    }

    fn step(&self, t: u64, _memory: &mut (), y: f64, g: f64, [z]: &mut [f64; 1]) -> f64 {
        let g = objective(self.maximize, self.weight_decay, y, g);
        step(y, z, g, warm(self.lr, self.warmup, t), share(self.lr, self.warmup, t), self.beta1)
    }

    fn presets() -> Vec<(Self, Self)> {
        let paper = ScheduleFreeSgd { lr: 1.0, beta1: 0.9, warmup: 0, weight_decay: 0.0, maximize: false };
        vec![(ScheduleFreeSgd::default(), paper)]
    }

    fn options() -> Vec<Self> {
        vec![
            ScheduleFreeSgd { beta1: 0.5, ..ScheduleFreeSgd::default() },
            ScheduleFreeSgd { warmup: 5, ..ScheduleFreeSgd::default() },
            ScheduleFreeSgd { weight_decay: 0.1, ..ScheduleFreeSgd::default() },
            ScheduleFreeSgd { lr: 0.1, beta1: 0.98, warmup: 1000, weight_decay: 0.01, maximize: true },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        ScheduleFreeSgd {
            lr: dice.lr(),
            beta1: 1.0 - dice.log(1e-3, 0.9),
            warmup: dice.optional(1.0, 100.0) as u64,
            weight_decay: dice.weight_decay(),
            maximize: dice.flag(),
        }
    }
}

impl Oracle<2> for ScheduleFreeAdamW {
    type Memory = ();
    const FADING: &'static [usize] = &[1];
    const BOUND: Bound = Bound { param: 10.0, state: 12.0 };

    fn start(&self, p: f64) -> [f64; 2] {
        [p, 0.0]
    }

    fn step(&self, t: u64, _memory: &mut (), y: f64, g: f64, [z, v]: &mut [f64; 2]) -> f64 {
        let g = if self.maximize { -g } else { g };
        *v = ema(self.beta2, *v, g * g);
        let normalised = g / ((*v / seen(self.beta2, t)).sqrt() + self.eps);
        let direction = objective(false, self.weight_decay, y, normalised);
        step(y, z, direction, warm(self.lr, self.warmup, t), share(self.lr, self.warmup, t), self.beta1)
    }

    fn presets() -> Vec<(Self, Self)> {
        let paper = ScheduleFreeAdamW {
            lr: 0.0025,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            warmup: 0,
            weight_decay: 0.0,
            maximize: false,
        };
        vec![(ScheduleFreeAdamW::default(), paper)]
    }

    fn options() -> Vec<Self> {
        vec![
            ScheduleFreeAdamW { beta1: 0.5, ..ScheduleFreeAdamW::default() },
            ScheduleFreeAdamW { beta2: 0.0, ..ScheduleFreeAdamW::default() },
            ScheduleFreeAdamW { beta2: 0.9999, eps: 0.0, ..ScheduleFreeAdamW::default() },
            ScheduleFreeAdamW { warmup: 5, ..ScheduleFreeAdamW::default() },
            ScheduleFreeAdamW { weight_decay: 0.1, ..ScheduleFreeAdamW::default() },
            ScheduleFreeAdamW { lr: 0.3, warmup: 1000, maximize: true, ..ScheduleFreeAdamW::default() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        ScheduleFreeAdamW {
            lr: dice.lr(),
            beta1: 1.0 - dice.log(1e-3, 0.9),
            beta2: dice.fraction(),
            eps: dice.eps(),
            warmup: dice.optional(1.0, 100.0) as u64,
            weight_decay: dice.weight_decay(),
            maximize: dice.flag(),
        }
    }
}
