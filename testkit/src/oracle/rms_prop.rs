//! RMSprop (Tieleman & Hinton 2012), centered as in Graves 2013, and with momentum as in `torch.optim.RMSprop`
//! (learning rate outside the buffer) or Keras and optax (inside).

use super::{Bound, Dice, Oracle, decayed, ema, seen};
use gradstep::{DecayForm, RmsProp, RmsPropCentered, RmsPropCenteredMomentum, RmsPropMomentum};

/// `1−αᵗ`, or 1 without correction.
fn correction(o: &RmsProp, t: u64) -> f64 {
    if o.bias_correction { seen(o.decay, t) } else { 1.0 }
}

/// `g/(√h + eps)`.
fn normalized(o: &RmsProp, t: u64, g: f64, h: &mut f64) -> f64 {
    *h = ema(o.decay, *h, g * g);
    g / ((*h / correction(o, t) + o.eps_root).sqrt() + o.eps)
}

/// `g/(√(h − ḡ²) + eps)`, with at least `h·2⁻²⁰` for the variance: what rounding leaves of it where it cancels.
fn centered(o: &RmsProp, t: u64, g: f64, h: &mut f64, mean: &mut f64) -> f64 {
    *h = ema(o.decay, *h, g * g);
    *mean = ema(o.decay, *mean, g);
    let seen = correction(o, t);
    let variance = (*h / seen - (*mean / seen) * (*mean / seen)).max(*h / seen / 1_048_576.0);
    g / ((variance + o.eps_root).sqrt() + o.eps)
}

/// The fields that say how momentum acts.
struct Buffering {
    lr: f64,
    momentum: f64,
    nesterov: bool,
    lr_in_buffer: bool,
}

/// `b ← μb + u; p ← p − lr·b`, or `b ← μb + lr·u; p ← p − b`; with nesterov the move is made of `μb + u` with the new b.
fn with_momentum(o: &Buffering, p: f64, u: f64, b: &mut f64) -> f64 {
    let (u, rate) = if o.lr_in_buffer { (o.lr * u, 1.0) } else { (u, o.lr) };
    *b = o.momentum * *b + u;
    p - rate * if o.nesterov { u + o.momentum * *b } else { *b }
}

/// The fields of momentum of a form.
macro_rules! buffering {
    ($form:expr) => {{
        let o = $form;
        Buffering { lr: o.lr, momentum: o.momentum, nesterov: o.nesterov, lr_in_buffer: o.lr_in_buffer }
    }};
}

fn default() -> RmsProp {
    RmsProp {
        lr: 0.01,
        decay: 0.99,
        eps: 1e-7,
        eps_root: 0.0,
        initial_square: 0.0,
        lr_in_buffer: false,
        bias_correction: false,
        weight_decay: 0.0,
        decay_form: DecayForm::Coupled,
        maximize: false,
    }
}

fn torch() -> RmsProp {
    RmsProp { eps: 1e-8, ..default() }
}

fn keras() -> RmsProp {
    RmsProp {
        lr: 0.001,
        decay: 0.9,
        eps: 0.0,
        eps_root: 1e-7,
        lr_in_buffer: true,
        decay_form: DecayForm::Decoupled,
        ..default()
    }
}

fn optax() -> RmsProp {
    RmsProp { decay: 0.9, eps: 0.0, eps_root: 1e-8, lr_in_buffer: true, ..default() }
}

fn options() -> Vec<RmsProp> {
    vec![
        RmsProp { decay: 0.0, ..RmsProp::default() },
        RmsProp { decay: 0.9999, eps: 0.0, ..RmsProp::default() },
        RmsProp { weight_decay: 0.01, ..RmsProp::default() },
        RmsProp { bias_correction: true, ..RmsProp::optax() },
        RmsProp {
            lr: 0.3,
            decay: 0.8,
            eps: 1e-3,
            eps_root: 1e-6,
            initial_square: 1.0,
            lr_in_buffer: true,
            weight_decay: 0.1,
            maximize: true,
            ..RmsProp::default()
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
        bias_correction: dice.flag(),
        weight_decay: dice.weight_decay(),
        decay_form: dice.decay_form(),
        maximize: dice.flag(),
    }
}

/// A variance of averages that forget at once is nothing but rounding errors, and so is that of the first step where the
/// averages are corrected.
fn random_centered(dice: &mut Dice) -> RmsPropCentered {
    RmsProp { decay: 1.0 - dice.log(1e-4, 0.1), bias_correction: false, ..random(dice) }.centered()
}

impl Oracle<1> for RmsProp {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 9.0, state: 5.0 };

    fn start(&self, _p: f64) -> [f64; 1] {
        [self.initial_square]
    }

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [h]: &mut [f64; 1]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        p - self.lr * normalized(self, t, g, h)
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
            bias_correction: o.bias_correction,
            weight_decay: o.weight_decay,
            decay_form: o.decay_form,
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

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [h, mean]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        p - self.lr * centered(&shared!(self), t, g, h, mean)
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

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [h, b]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        let u = normalized(&shared!(self), t, g, h);
        with_momentum(&buffering!(self), p, u, b)
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
        options.push(RmsPropMomentum { nesterov: true, ..RmsProp::optax().with_momentum(0.9) });
        options
    }

    fn random(dice: &mut Dice) -> Self {
        RmsPropMomentum { nesterov: dice.flag(), ..random(dice).with_momentum(dice.fraction()) }
    }
}

impl Oracle<3> for RmsPropCenteredMomentum {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1, 2];
    const BOUND: Bound = Bound { param: 9.0, state: 11.0 };

    fn start(&self, _p: f64) -> [f64; 3] {
        [self.initial_square, 0.0, 0.0]
    }

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [h, mean, b]: &mut [f64; 3]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        let u = centered(&shared!(self), t, g, h, mean);
        with_momentum(&buffering!(self), p, u, b)
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
        options.push(RmsPropCenteredMomentum { nesterov: true, ..centered(RmsProp::torch()) });
        options
    }

    fn random(dice: &mut Dice) -> Self {
        RmsPropCenteredMomentum { nesterov: dice.flag(), ..random_centered(dice).with_momentum(dice.fraction()) }
    }
}
