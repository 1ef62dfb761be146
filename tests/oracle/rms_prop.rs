//! RMSprop (Tieleman & Hinton 2012), centered as in Graves 2013, and with momentum as in `torch.optim.RMSprop`
//! (learning rate outside the buffer) or Keras and optax (inside).

use super::{Dice, NOT_FRACTION, NOT_NON_NEGATIVE, Oracle, bad_fields, ema, objective};
use gradstep::{RmsProp, RmsPropCentered, RmsPropCenteredMomentum, RmsPropMomentum};

/// `g/(√h + eps)`.
fn normalised(o: &RmsProp, p: f64, g: f64, h: &mut f64) -> f64 {
    let g = objective(o.maximize, o.weight_decay, p, g);
    *h = ema(o.decay, *h, g * g);
    g / ((*h + o.eps_root).sqrt() + o.eps)
}

/// `g/(√(h − ḡ²) + eps)`. The variance of exact averages is never negative.
fn centered(o: &RmsProp, p: f64, g: f64, h: &mut f64, mean: &mut f64) -> f64 {
    let g = objective(o.maximize, o.weight_decay, p, g);
    *h = ema(o.decay, *h, g * g);
    *mean = ema(o.decay, *mean, g);
    let variance = *h - *mean * *mean;
    g / ((if variance < 0.0 { 0.0 } else { variance } + o.eps_root).sqrt() + o.eps)
}

/// `b ← μb + u; p ← p − lr·b`, or `b ← μb + lr·u; p ← p − b`.
fn with_momentum(lr: f64, momentum: f64, lr_in_buffer: bool, p: f64, u: f64, b: &mut f64) -> f64 {
    if lr_in_buffer {
        *b = momentum * *b + lr * u;
        p - *b
    } else {
        *b = momentum * *b + u;
        p - lr * *b
    }
}

fn default() -> RmsProp {
    RmsProp { lr: 0.01, decay: 0.99, eps: 1e-7, eps_root: 0.0, initial_square: 0.0, weight_decay: 0.0, maximize: false }
}

fn presets() -> Vec<(RmsProp, RmsProp)> {
    vec![
        (RmsProp::default(), default()),
        (RmsProp::textbook(), default()),
        (RmsProp::torch(), RmsProp { eps: 1e-8, ..default() }),
        (RmsProp::keras(), RmsProp { lr: 0.001, decay: 0.9, eps: 0.0, eps_root: 1e-7, ..default() }),
        (RmsProp::optax(), RmsProp { decay: 0.9, eps: 0.0, eps_root: 1e-8, ..default() }),
    ]
}

fn options() -> Vec<RmsProp> {
    vec![
        RmsProp { decay: 0.0, ..RmsProp::default() },
        RmsProp { decay: 0.9999, eps: 0.0, ..RmsProp::default() },
        RmsProp { weight_decay: 0.01, ..RmsProp::default() },
        RmsProp {
            lr: 0.3,
            decay: 0.8,
            eps: 1e-3,
            eps_root: 1e-6,
            initial_square: 1.0,
            weight_decay: 0.1,
            maximize: true,
        },
    ]
}

fn random(dice: &mut Dice) -> RmsProp {
    RmsProp {
        lr: dice.lr(),
        decay: dice.fraction(),
        eps: dice.eps(),
        eps_root: dice.optional(1e-10, 1e-2),
        initial_square: dice.optional(1e-3, 1.0),
        weight_decay: dice.weight_decay(),
        maximize: dice.flag(),
    }
}

/// A variance of averages that forget at once is nothing but rounding errors.
fn random_centered(dice: &mut Dice) -> RmsPropCentered {
    RmsProp { decay: 1.0 - dice.log(1e-4, 0.1), ..random(dice) }.centered()
}

impl Oracle<1> for RmsProp {
    type Memory = ();
    const FADING: &'static [usize] = &[0];

    fn start(&self, _p: f64) -> [f64; 1] {
        [self.initial_square]
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [h]: &mut [f64; 1]) -> f64 {
        p - self.lr * normalised(self, p, g, h)
    }

    fn presets() -> Vec<(Self, Self)> {
        presets()
    }

    fn options() -> Vec<Self> {
        options()
    }

    fn random(dice: &mut Dice) -> Self {
        random(dice)
    }

    fn invalid() -> Vec<(Self, &'static str)> {
        bad_fields![
            lr: NOT_NON_NEGATIVE,
            decay: NOT_FRACTION,
            eps: NOT_NON_NEGATIVE,
            eps_root: NOT_NON_NEGATIVE,
            initial_square: NOT_NON_NEGATIVE,
            weight_decay: NOT_NON_NEGATIVE,
        ]
    }

    fn with_lr(self, lr: f64) -> Self {
        RmsProp { lr, ..self }
    }
}

impl Oracle<2> for RmsPropCentered {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];

    fn start(&self, _p: f64) -> [f64; 2] {
        [self.rms_prop.initial_square, 0.0]
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [h, mean]: &mut [f64; 2]) -> f64 {
        p - self.rms_prop.lr * centered(&self.rms_prop, p, g, h, mean)
    }

    fn presets() -> Vec<(Self, Self)> {
        vec![
            (RmsPropCentered::default(), RmsPropCentered { rms_prop: default() }),
            (RmsProp::torch().centered(), RmsPropCentered { rms_prop: RmsProp::torch() }),
        ]
    }

    fn options() -> Vec<Self> {
        options().into_iter().map(RmsProp::centered).collect()
    }

    fn random(dice: &mut Dice) -> Self {
        random_centered(dice)
    }

    fn invalid() -> Vec<(Self, &'static str)> {
        RmsProp::invalid().into_iter().map(|(bad, name)| (bad.centered(), name)).collect()
    }

    fn with_lr(self, lr: f64) -> Self {
        RmsPropCentered { rms_prop: self.rms_prop.with_lr(lr) }
    }
}

impl Oracle<2> for RmsPropMomentum {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];

    fn start(&self, _p: f64) -> [f64; 2] {
        [self.rms_prop.initial_square, 0.0]
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [h, b]: &mut [f64; 2]) -> f64 {
        let u = normalised(&self.rms_prop, p, g, h);
        with_momentum(self.rms_prop.lr, self.momentum, self.lr_in_buffer, p, u, b)
    }

    fn presets() -> Vec<(Self, Self)> {
        let of = |rms_prop, momentum| RmsPropMomentum { rms_prop, momentum, lr_in_buffer: false };
        vec![
            (RmsPropMomentum::default(), of(default(), 0.9)),
            (RmsProp::torch().with_momentum(0.5), of(RmsProp::torch(), 0.5)),
        ]
    }

    fn options() -> Vec<Self> {
        let mut options: Vec<Self> = options().into_iter().map(|rms_prop| rms_prop.with_momentum(0.9)).collect();
        options.push(RmsPropMomentum { lr_in_buffer: true, ..RmsProp::optax().with_momentum(0.9) });
        options.push(RmsProp::default().with_momentum(0.0));
        options
    }

    fn random(dice: &mut Dice) -> Self {
        RmsPropMomentum { rms_prop: random(dice), momentum: dice.fraction(), lr_in_buffer: dice.flag() }
    }

    fn invalid() -> Vec<(Self, &'static str)> {
        let mut bad = bad_fields![momentum: NOT_FRACTION];
        bad.extend(RmsProp::invalid().into_iter().map(|(bad, name)| (bad.with_momentum(0.9), name)));
        bad
    }

    fn with_lr(self, lr: f64) -> Self {
        RmsPropMomentum { rms_prop: self.rms_prop.with_lr(lr), ..self }
    }
}

impl Oracle<3> for RmsPropCenteredMomentum {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1, 2];

    fn start(&self, _p: f64) -> [f64; 3] {
        [self.rms_prop.initial_square, 0.0, 0.0]
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [h, mean, b]: &mut [f64; 3]) -> f64 {
        let u = centered(&self.rms_prop, p, g, h, mean);
        with_momentum(self.rms_prop.lr, self.momentum, self.lr_in_buffer, p, u, b)
    }

    fn presets() -> Vec<(Self, Self)> {
        let of = |rms_prop, momentum| RmsPropCenteredMomentum { rms_prop, momentum, lr_in_buffer: false };
        vec![
            (RmsPropCenteredMomentum::default(), of(default(), 0.9)),
            (RmsProp::torch().centered().with_momentum(0.5), of(RmsProp::torch(), 0.5)),
        ]
    }

    fn options() -> Vec<Self> {
        let centered = |rms_prop: RmsProp| rms_prop.centered().with_momentum(0.9);
        let mut options: Vec<Self> = options().into_iter().map(centered).collect();
        options.push(RmsPropCenteredMomentum { lr_in_buffer: true, ..centered(RmsProp::optax()) });
        options.push(RmsProp::default().centered().with_momentum(0.0));
        options
    }

    fn random(dice: &mut Dice) -> Self {
        RmsPropCenteredMomentum {
            momentum: dice.fraction(),
            lr_in_buffer: dice.flag(),
            ..random_centered(dice).with_momentum(0.0)
        }
    }

    fn invalid() -> Vec<(Self, &'static str)> {
        let mut bad = bad_fields![momentum: NOT_FRACTION];
        bad.extend(RmsProp::invalid().into_iter().map(|(bad, name)| (bad.centered().with_momentum(0.9), name)));
        bad
    }

    fn with_lr(self, lr: f64) -> Self {
        RmsPropCenteredMomentum { rms_prop: self.rms_prop.with_lr(lr), ..self }
    }
}
