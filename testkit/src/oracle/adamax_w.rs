//! Adamax (Kingma & Ba 2014, section 7.1) with decoupled decay, as in `optax.adamaxw`.

use super::{Bound, Dice, Oracle, decayed, ema, seen};
use gradstep::{AdamaxW, DecayForm};

impl Oracle<2> for AdamaxW {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 9.0, state: 5.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, u]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *m = ema(self.beta1, *m, g);
        *u = (self.beta2 * *u).max(g.abs() + self.eps);
        p - self.lr * *m / seen(self.beta1, t) / (*u + self.eps_outside)
    }

    fn presets() -> Vec<(Self, Self)> {
        let optax = AdamaxW {
            lr: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            eps_outside: 0.0,
            weight_decay: 1e-4,
            decay_form: DecayForm::Decoupled,
            maximize: false,
        };
        vec![(AdamaxW::default(), optax), (AdamaxW::optax(), optax)]
    }

    fn options() -> Vec<Self> {
        vec![
            AdamaxW { weight_decay: 0.0, ..AdamaxW::default() },
            AdamaxW { eps: 0.0, eps_outside: 1e-7, ..AdamaxW::default() },
            AdamaxW { lr: 0.3, beta1: 0.5, beta2: 0.8, weight_decay: 0.5, maximize: true, ..AdamaxW::default() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        AdamaxW {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            eps: dice.log(1e-10, 1e-2),
            eps_outside: dice.optional(1e-10, 1e-2),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
