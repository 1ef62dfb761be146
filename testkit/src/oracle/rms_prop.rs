//! RMSprop (Tieleman & Hinton 2012), centered as in Graves 2013, and with momentum as in `torch.optim.RMSprop`
//! (learning rate outside the buffer) or Keras and optax (inside).

use super::{Bound, Dice, Oracle, ema, objective};
use gradstep::{RmsProp, RmsPropCentered, RmsPropCenteredMomentum, RmsPropMomentum};

/// `g/(√h + eps)`.
fn normalized(o: &RmsProp, p: f64, g: f64, h: &mut f64) -> f64 {
    let g = objective(o.maximize, o.weight_decay, p, g);
    *h = ema(o.decay, *h, g * g);
    g / ((*h + o.eps_root).sqrt() + o.eps)
}

/// `g/(√(h − ḡ²) + eps)`, with at least `h·2⁻²⁰` for the variance: what rounding leaves of it where it cancels.
fn centered(o: &RmsProp, p: f64, g: f64, h: &mut f64, mean: &mut f64) -> f64 {
    let g = objective(o.maximize, o.weight_decay, p, g);
    *h = ema(o.decay, *h, g * g);
    *mean = ema(o.decay, *mean, g);
    let variance = (*h - *mean * *mean).max(*h / 1_048_576.0);
    g / ((variance + o.eps_root).sqrt() + o.eps)
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
    RmsProp {
        lr: 0.01,
        decay: 0.99,
        eps: 1e-7,
        eps_root: 0.0,
        initial_square: 0.0,
        lr_in_buffer: false,
        weight_decay: 0.0,
        maximize: false,
    }
}

fn torch() -> RmsProp {
    RmsProp { eps: 1e-8, ..default() }
}

fn keras() -> RmsProp {
    RmsProp { lr: 0.001, decay: 0.9, eps: 0.0, eps_root: 1e-7, lr_in_buffer: true, ..default() }
}

fn optax() -> RmsProp {
    RmsProp { decay: 0.9, eps: 0.0, eps_root: 1e-8, lr_in_buffer: true, ..default() }
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
            lr_in_buffer: true,
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
        lr_in_buffer: dice.flag(),
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
    const BOUND: Bound = Bound { param: 9.0, state: 5.0 };

    fn start(&self, _p: f64) -> [f64; 1] {
        [self.initial_square]
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [h]: &mut [f64; 1]) -> f64 {
        p - self.lr * normalized(self, p, g, h)
    }

    fn presets() -> Vec<(Self, Self)> {
        vec![
            (RmsProp::default(), default()),
            (RmsProp::textbook(), default()),
            (RmsProp::torch(), torch()),
            (RmsProp::keras(), keras()),
            (RmsProp::optax(), optax()),
        ]
    }

    fn options() -> Vec<Self> {
        options()
    }

    fn random(dice: &mut Dice) -> Self {
        random(dice)
    }
}

/// The fields that all forms have.
macro_rules! shared {
    ($form:expr) => {{
        let o = $form;
        let (lr, decay, eps, eps_root) = (o.lr, o.decay, o.eps, o.eps_root);
        RmsProp {
            lr,
            decay,
            eps,
            eps_root,
            initial_square: o.initial_square,
            lr_in_buffer: o.lr_in_buffer,
            weight_decay: o.weight_decay,
            maximize: o.maximize,
        }
    }};
}

impl Oracle<2> for RmsPropCentered {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];
    const BOUND: Bound = Bound { param: 9.0, state: 6.0 };

    fn start(&self, _p: f64) -> [f64; 2] {
        [self.initial_square, 0.0]
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [h, mean]: &mut [f64; 2]) -> f64 {
        p - self.lr * centered(&shared!(self), p, g, h, mean)
    }

    fn presets() -> Vec<(Self, Self)> {
        let of = |preset: Self, values: RmsProp| (preset, values.centered());
        vec![
            of(RmsPropCentered::default(), default()),
            of(RmsPropCentered::torch(), torch()),
            of(RmsPropCentered::keras(), keras()),
            of(RmsPropCentered::optax(), optax()),
        ]
    }

    fn options() -> Vec<Self> {
        options().into_iter().map(RmsProp::centered).collect()
    }

    fn random(dice: &mut Dice) -> Self {
        random_centered(dice)
    }
}

impl Oracle<2> for RmsPropMomentum {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];
    const BOUND: Bound = Bound { param: 8.0, state: 10.0 };

    fn start(&self, _p: f64) -> [f64; 2] {
        [self.initial_square, 0.0]
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [h, b]: &mut [f64; 2]) -> f64 {
        let u = normalized(&shared!(self), p, g, h);
        with_momentum(self.lr, self.momentum, self.lr_in_buffer, p, u, b)
    }

    fn presets() -> Vec<(Self, Self)> {
        let of = |preset: Self, values: RmsProp| (preset, values.with_momentum(0.9));
        vec![
            of(RmsPropMomentum::default(), default()),
            of(RmsPropMomentum::torch(), torch()),
            of(RmsPropMomentum::keras(), keras()),
            of(RmsPropMomentum::optax(), optax()),
        ]
    }

    fn options() -> Vec<Self> {
        let mut options: Vec<Self> = options().into_iter().map(|rms_prop| rms_prop.with_momentum(0.9)).collect();
        options.push(RmsProp::default().with_momentum(0.0));
        options
    }

    fn random(dice: &mut Dice) -> Self {
        random(dice).with_momentum(dice.fraction())
    }
}

impl Oracle<3> for RmsPropCenteredMomentum {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1, 2];
    const BOUND: Bound = Bound { param: 9.0, state: 11.0 };

    fn start(&self, _p: f64) -> [f64; 3] {
        [self.initial_square, 0.0, 0.0]
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [h, mean, b]: &mut [f64; 3]) -> f64 {
        let u = centered(&shared!(self), p, g, h, mean);
        with_momentum(self.lr, self.momentum, self.lr_in_buffer, p, u, b)
    }

    fn presets() -> Vec<(Self, Self)> {
        let of = |preset: Self, values: RmsProp| (preset, values.centered().with_momentum(0.9));
        vec![
            of(RmsPropCenteredMomentum::default(), default()),
            of(RmsPropCenteredMomentum::torch(), torch()),
            of(RmsPropCenteredMomentum::keras(), keras()),
            of(RmsPropCenteredMomentum::optax(), optax()),
        ]
    }

    fn options() -> Vec<Self> {
        let centered = |rms_prop: RmsProp| rms_prop.centered().with_momentum(0.9);
        let mut options: Vec<Self> = options().into_iter().map(centered).collect();
        options.push(RmsProp::default().centered().with_momentum(0.0));
        options
    }

    fn random(dice: &mut Dice) -> Self {
        random_centered(dice).with_momentum(dice.fraction())
    }
}
