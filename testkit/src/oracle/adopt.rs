//! ADOPT (Taniguchi et al. 2024, algorithm 2, clipped as in its section 5.3), with decoupled decay.

use super::{Bound, Dice, Oracle, decayed, ema};
use gradstep::{Adopt, DecayForm};

impl Oracle<2> for Adopt {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];
    const BOUND: Bound = Bound { param: 8.0, state: 10.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v]: &mut [f64; 2]) -> f64 {
        let (old, (p, g)) = (p, decayed!(self, p, g));
        if t == 1 {
            *v = g * g;
            return old;
        }
        let mut normalised = g / v.sqrt().max(self.eps);
        if self.clip {
            let bound = libm::pow((t - 1) as f64, self.clip_exponent);
            normalised = normalised.clamp(-bound, bound);
        }
        *m = ema(self.beta1, *m, normalised);
        *v = ema(self.beta2, *v, g * g);
        if self.nesterov { p - self.lr * ema(self.beta1, *m, normalised) } else { p - self.lr * *m }
    }

    fn presets() -> Vec<(Self, Self)> {
        let paper = Adopt {
            lr: 0.001,
            beta1: 0.9,
            beta2: 0.9999,
            eps: 1e-6,
            clip: true,
            clip_exponent: 0.25,
            nesterov: false,
            weight_decay: 0.0,
            decay_form: DecayForm::Decoupled,
            maximize: false,
        };
        vec![
            (Adopt::default(), paper),
            (Adopt::optax(), paper),
            (Adopt::timm(), Adopt { clip_exponent: 0.333, decay_form: DecayForm::Coupled, ..paper }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            Adopt { beta1: 0.0, ..Adopt::default() },
            Adopt { beta2: 0.0, ..Adopt::default() },
            Adopt { clip: false, ..Adopt::default() },
            Adopt { weight_decay: 0.1, ..Adopt::default() },
            Adopt { nesterov: true, ..Adopt::default() },
            Adopt { lr: 0.3, beta1: 0.5, beta2: 0.8, eps: 1e-3, weight_decay: 0.5, maximize: true, ..Adopt::default() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Adopt {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            eps: dice.eps(),
            clip: !dice.flag(),
            clip_exponent: dice.roll(),
            nesterov: dice.flag(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
