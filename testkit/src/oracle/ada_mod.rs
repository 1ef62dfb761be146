//! AdaMod (Ding et al. 2019): step sizes are bounded by their average.

use super::{Bound, Dice, Oracle, decayed, ema, seen};
use gradstep::{AdaMod, DecayForm};

impl Oracle<3> for AdaMod {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 9.0, state: 6.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v, s]: &mut [f64; 3]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *m = ema(self.beta1, *m, g);
        *v = ema(self.beta2, *v, g * g);
        let size = self.lr * seen(self.beta2, t).sqrt() / seen(self.beta1, t) / (v.sqrt() + self.eps);
        *s = ema(self.beta3, *s, size);
        p - size.min(*s) * *m
    }

    fn presets() -> Vec<(Self, Self)> {
        let first = AdaMod {
            lr: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            beta3: 0.9999,
            eps: 1e-8,
            weight_decay: 0.0,
            decay_form: DecayForm::Decoupled,
            maximize: false,
        };
        vec![
            (AdaMod::default(), first),
            (AdaMod::paper(), first),
            (AdaMod::pytorch_optimizer(), AdaMod { beta2: 0.99, ..first }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            AdaMod { beta1: 0.0, ..AdaMod::default() },
            AdaMod { beta2: 0.0, beta3: 0.5, ..AdaMod::default() },
            AdaMod { lr: 0.03, beta3: 0.0, eps: 1e-3, ..AdaMod::default() },
            AdaMod { weight_decay: 0.1, decay_form: DecayForm::Coupled, ..AdaMod::default() },
            AdaMod { weight_decay: 0.01, decay_form: DecayForm::Fixed, maximize: true, ..AdaMod::default() },
            AdaMod { weight_decay: 0.5, decay_form: DecayForm::InUpdate, ..AdaMod::default() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        AdaMod {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            beta3: dice.fraction(),
            eps: dice.eps(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
