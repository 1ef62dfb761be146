//! LaProp (Ziyin, Wang & Ueda 2020, algorithm 1), and as the authors' code, timm and pytorch_optimizer have it.

use super::{Bound, Dice, Oracle, decayed, ema, seen};
use gradstep::{DecayForm, LaProp, LaPropCentered};

/// A step over `square`, which is v or the variance, not corrected. `average` is that of the learning rates; `old` is p before
/// its decay.
fn step(o: &LaProp, t: u64, average: &mut f64, [old, p]: [f64; 2], g: f64, square: f64, m: &mut f64) -> f64 {
    let seen2 = seen(o.beta2, t);
    let u = if o.eps_hat {
        g / (((square + o.eps_root).sqrt() + o.eps) / seen2.sqrt())
    } else {
        g / ((square / seen2 + o.eps_root).sqrt() + o.eps)
    };
    let update = if o.lr_in_moment {
        *average = ema(o.beta1, *average, o.lr);
        *m = ema(o.beta1, *m, o.lr * u);
        if *average == 0.0 { 0.0 } else { *m * o.lr / *average }
    } else {
        *m = ema(o.beta1, *m, u);
        o.lr * *m / seen(o.beta1, t)
    };
    if o.decay_after_step && o.decay_form != DecayForm::Coupled {
        let rate = if o.decay_form == DecayForm::Fixed { o.weight_decay } else { o.lr * o.weight_decay };
        (old - update) * (1.0 - rate)
    } else {
        p - update
    }
}

impl Oracle<2> for LaProp {
    /// The average of the learning rates.
    type Memory = f64;
    /// The second moment is exact down to zero: the default epsilon is too small to hide its end.
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 11.0, state: 14.0 };

    fn step(&self, t: u64, average: &mut f64, old: f64, g: f64, [m, v]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, old, g);
        *v = ema(self.beta2, *v, g * g);
        step(self, t, average, [old, p], g, *v, m)
    }

    fn presets() -> Vec<(Self, Self)> {
        let timm = LaProp { lr_in_moment: true, decay_after_step: true, ..paper() };
        vec![
            (LaProp::default(), paper()),
            (LaProp::paper(), paper()),
            (LaProp::timm(), timm),
            (LaProp::pytorch_optimizer(), LaProp { eps_root: 1e-15, eps_hat: true, ..timm }),
        ]
    }

    fn options() -> Vec<Self> {
        options()
    }

    fn random(dice: &mut Dice) -> Self {
        random(dice)
    }
}

fn paper() -> LaProp {
    LaProp {
        lr: 4e-4,
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-15,
        eps_root: 0.0,
        eps_hat: false,
        lr_in_moment: false,
        weight_decay: 0.0,
        decay_form: DecayForm::Decoupled,
        decay_after_step: false,
        maximize: false,
    }
}

fn options() -> Vec<LaProp> {
    vec![
        LaProp { beta1: 0.0, ..LaProp::default() },
        LaProp { beta2: 0.0, ..LaProp::default() },
        LaProp { beta2: 0.9999, eps: 0.0, ..LaProp::default() },
        LaProp { weight_decay: 0.1, ..LaProp::default() },
        LaProp { weight_decay: 0.1, ..LaProp::timm() },
        LaProp { weight_decay: 0.1, decay_form: DecayForm::Fixed, ..LaProp::pytorch_optimizer() },
        LaProp { lr: 0.3, beta1: 0.5, beta2: 0.8, eps: 1e-3, weight_decay: 0.5, maximize: true, ..LaProp::default() },
    ]
}

fn random(dice: &mut Dice) -> LaProp {
    LaProp {
        lr: dice.lr(),
        beta1: dice.fraction(),
        beta2: dice.fraction(),
        eps: dice.eps(),
        eps_root: dice.optional(1e-10, 1e-2),
        eps_hat: dice.flag(),
        lr_in_moment: dice.flag(),
        weight_decay: dice.weight_decay(),
        decay_form: dice.decay_form(),
        decay_after_step: dice.flag(),
        maximize: dice.flag(),
    }
}

impl Oracle<3> for LaPropCentered {
    /// The average of the learning rates.
    type Memory = f64;
    const FADING: &'static [usize] = &[0, 2];
    const BOUND: Bound = Bound { param: 11.0, state: 14.0 };

    fn step(&self, t: u64, average: &mut f64, old: f64, g: f64, [m, v, mean]: &mut [f64; 3]) -> f64 {
        let (p, g) = decayed!(self, old, g);
        *v = ema(self.beta2, *v, g * g);
        *mean = ema(self.beta2, *mean, g);
        // At least what rounding leaves of the variance.
        let variance = (*v - *mean * *mean).max(*v / 1_048_576.0);
        let square = if t > self.centered_after { variance } else { *v };
        let la_prop = LaProp {
            lr: self.lr,
            beta1: self.beta1,
            beta2: self.beta2,
            eps: self.eps,
            eps_root: self.eps_root,
            eps_hat: self.eps_hat,
            lr_in_moment: self.lr_in_moment,
            weight_decay: self.weight_decay,
            decay_form: self.decay_form,
            decay_after_step: self.decay_after_step,
            maximize: self.maximize,
        };
        step(&la_prop, t, average, [old, p], g, square, m)
    }

    fn presets() -> Vec<(Self, Self)> {
        let of = |preset: Self, values: LaProp| (preset, LaPropCentered { centered_after: 10, ..values.centered() });
        LaProp::presets()
            .into_iter()
            .zip([Self::default(), Self::paper(), Self::timm(), Self::pytorch_optimizer()])
            .map(|((_, values), preset)| of(preset, values))
            .collect()
    }

    fn options() -> Vec<Self> {
        let centered = |o: LaProp| LaPropCentered { centered_after: 2, ..o.centered() };
        options().into_iter().filter(|o| o.beta2 != 0.0).map(centered).collect()
    }

    fn random(dice: &mut Dice) -> Self {
        // A variance of averages that forget at once is nothing but rounding errors.
        let la_prop = LaProp { beta2: 1.0 - dice.log(1e-4, 0.1), ..random(dice) };
        LaPropCentered { centered_after: (dice.roll() * 6.0) as u64, ..la_prop.centered() }
    }
}
