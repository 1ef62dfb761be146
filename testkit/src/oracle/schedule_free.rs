//! The schedule-free optimizers (Defazio et al. 2024, algorithm 1 and its AdamW form), with x spelled out.

use super::{Bound, Dice, Oracle, decayed, ema, rectification, seen};
use gradstep::{DecayForm, ScheduleFreeAdamW, ScheduleFreeSgd};

/// The fields that say how z moves and how it is averaged.
struct Averaging {
    lr: f64,
    beta1: f64,
    warmup: u64,
    warmup_from_zero: bool,
    r: f64,
    weight_lr_power: f64,
}

macro_rules! averaging {
    ($optimizer:expr) => {{
        let o = $optimizer;
        let (lr, beta1, warmup, warmup_from_zero) = (o.lr, o.beta1, o.warmup, o.warmup_from_zero);
        Averaging { lr, beta1, warmup, warmup_from_zero, r: o.r, weight_lr_power: o.weight_lr_power }
    }};
}

impl Averaging {
    fn warm(&self, t: u64) -> f64 {
        if t < self.warmup { self.lr * t as f64 / self.warmup as f64 } else { self.lr }
    }

    /// The learning rate of step `t`, which `factor` changes.
    fn rate(&self, t: u64, factor: &dyn Fn(u64) -> f64) -> f64 {
        factor(t) * self.warm(if self.warmup_from_zero { t - 1 } else { t })
    }

    /// The share of z in the average x at step `t`: its weight over the sum of all.
    fn share(&self, t: u64, factor: &dyn Fn(u64) -> f64) -> f64 {
        let largest = |t: u64| (1..=t).map(|t| factor(t) * self.warm(t)).fold(0.0, f64::max);
        let weight = |t: u64| libm::pow(t as f64, self.r) * libm::pow(largest(t), self.weight_lr_power);
        let sum: f64 = (1..=t).map(weight).sum();
        if sum > 0.0 { weight(t) / sum } else { 0.0 }
    }
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
        let (y, g) = decayed!(self, y, g);
        let averaging = averaging!(self);
        step(y, z, g, averaging.rate(t, &|_| 1.0), averaging.share(t, &|_| 1.0), averaging.beta1)
    }

    fn presets() -> Vec<(Self, Self)> {
        let paper = ScheduleFreeSgd {
            lr: 1.0,
            beta1: 0.9,
            warmup: 0,
            warmup_from_zero: false,
            r: 0.0,
            weight_lr_power: 2.0,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        vec![
            (ScheduleFreeSgd::default(), paper),
            (ScheduleFreeSgd::authors(), paper),
            (ScheduleFreeSgd::optax(), ScheduleFreeSgd { warmup_from_zero: true, ..paper }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            ScheduleFreeSgd { beta1: 0.5, ..ScheduleFreeSgd::default() },
            ScheduleFreeSgd { warmup: 5, ..ScheduleFreeSgd::default() },
            ScheduleFreeSgd { weight_decay: 0.1, ..ScheduleFreeSgd::default() },
            ScheduleFreeSgd { warmup: 5, ..ScheduleFreeSgd::optax() },
            ScheduleFreeSgd { r: 0.5, weight_lr_power: 1.0, ..ScheduleFreeSgd::default() },
            ScheduleFreeSgd {
                lr: 0.1,
                beta1: 0.98,
                warmup: 1000,
                weight_decay: 0.01,
                maximize: true,
                ..ScheduleFreeSgd::default()
            },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        ScheduleFreeSgd {
            lr: dice.lr(),
            beta1: 1.0 - dice.log(1e-3, 0.9),
            warmup: dice.optional(1.0, 100.0) as u64,
            warmup_from_zero: dice.flag(),
            r: dice.optional(0.1, 2.0),
            weight_lr_power: if dice.flag() { dice.roll() * 3.0 } else { 2.0 },
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
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
        let on_z = self.decay_on_z && self.decay_form == DecayForm::Decoupled;
        let (old, (y, g)) = (y, decayed!(self, y, g));
        *v = ema(self.beta2, *v, g * g);
        let normalised = g / ((*v / seen(self.beta2, t)).sqrt() + self.eps);
        let tractable = |t| !self.rectify || rectification(self.beta2, 4.0, t).is_some();
        let direction = if tractable(t) { normalised } else { g };
        let factor = |t| match self.rectify {
            true => rectification(self.beta2, 4.0, t).unwrap_or(if self.silent_sgd_phase { 0.0 } else { 1.0 }),
            false => 1.0,
        };
        let averaging = averaging!(self);
        let (rate, share) = (averaging.rate(t, &factor), averaging.share(t, &factor));
        if on_z && self.weight_decay != 0.0 {
            step(old, z, direction + self.weight_decay * old, rate, share, self.beta1)
        } else {
            step(y, z, direction, rate, share, self.beta1)
        }
    }

    fn presets() -> Vec<(Self, Self)> {
        let paper = ScheduleFreeAdamW {
            lr: 0.0025,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            warmup: 0,
            warmup_from_zero: false,
            r: 0.0,
            weight_lr_power: 2.0,
            rectify: false,
            silent_sgd_phase: true,
            weight_decay: 0.0,
            decay_form: DecayForm::Decoupled,
            decay_on_z: true,
            maximize: false,
        };
        vec![
            (ScheduleFreeAdamW::default(), paper),
            (ScheduleFreeAdamW::authors(), paper),
            (ScheduleFreeAdamW::radam(), ScheduleFreeAdamW { rectify: true, ..paper }),
            (ScheduleFreeAdamW::optax(), ScheduleFreeAdamW { warmup_from_zero: true, ..paper }),
            (ScheduleFreeAdamW::keras(), ScheduleFreeAdamW { weight_lr_power: 0.0, decay_on_z: false, ..paper }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            ScheduleFreeAdamW { beta1: 0.5, ..ScheduleFreeAdamW::default() },
            ScheduleFreeAdamW { beta2: 0.0, ..ScheduleFreeAdamW::default() },
            ScheduleFreeAdamW { beta2: 0.9999, eps: 0.0, ..ScheduleFreeAdamW::default() },
            ScheduleFreeAdamW { warmup: 5, ..ScheduleFreeAdamW::default() },
            ScheduleFreeAdamW { warmup: 5, weight_decay: 0.1, ..ScheduleFreeAdamW::optax() },
            ScheduleFreeAdamW { warmup: 5, weight_decay: 0.1, ..ScheduleFreeAdamW::keras() },
            ScheduleFreeAdamW { r: 0.5, weight_lr_power: 1.0, ..ScheduleFreeAdamW::default() },
            ScheduleFreeAdamW { beta2: 0.9, silent_sgd_phase: false, ..ScheduleFreeAdamW::radam() },
            ScheduleFreeAdamW { beta2: 0.9, ..ScheduleFreeAdamW::radam() },
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
            warmup_from_zero: dice.flag(),
            r: dice.optional(0.1, 2.0),
            weight_lr_power: if dice.flag() { dice.roll() * 3.0 } else { 2.0 },
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            decay_on_z: !dice.flag(),
            rectify: dice.flag(),
            silent_sgd_phase: !dice.flag(),
            maximize: dice.flag(),
        }
    }
}
