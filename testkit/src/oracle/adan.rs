//! Adan (Xie et al. 2022, algorithm 1), with β as in the authors' code: they keep, where the paper's replace. optax
//! weighs the difference by the paper's β2, which is `1 − β2` here.

use super::{Bound, Dice, Oracle, decayed, ema, seen};
use gradstep::{Adan, DecayForm};

impl Oracle<4> for Adan {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1, 2, 3];
    const BOUND: Bound = Bound { param: 9.0, state: 6.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v, n, last]: &mut [f64; 4]) -> f64 {
        let unchanged = p;
        let (p, g) = decayed!(self, p, g);
        let difference = if t == 1 { 0.0 } else { g - *last };
        let share = if self.complement { 1.0 - self.beta2 } else { self.beta2 };
        let ahead = g + share * difference;
        *m = ema(self.beta1, *m, g);
        *v = ema(self.beta2, *v, difference);
        *n = ema(self.beta3, *n, ahead * ahead);
        *last = g;
        let (m_hat, v_hat, n_hat) = (*m / seen(self.beta1, t), *v / seen(self.beta2, t), *n / seen(self.beta3, t));
        let update = self.lr * (m_hat + share * v_hat) / ((n_hat + self.eps_root).sqrt() + self.eps);
        if self.proximal {
            let rate = match self.decay_form {
                DecayForm::Decoupled | DecayForm::InUpdate => self.lr * self.weight_decay,
                DecayForm::Fixed => self.weight_decay,
                _ => 0.0,
            };
            (unchanged - update) / (1.0 + rate)
        } else {
            p - update
        }
    }

    fn presets() -> Vec<(Self, Self)> {
        let paper = Adan {
            lr: 0.001,
            beta1: 0.98,
            beta2: 0.92,
            beta3: 0.99,
            eps: 1e-8,
            eps_root: 0.0,
            complement: false,
            weight_decay: 0.0,
            decay_form: DecayForm::Decoupled,
            proximal: true,
            maximize: false,
        };
        let optax = Adan { eps_root: 1e-8, complement: true, proximal: false, ..paper };
        vec![(Adan::default(), paper), (Adan::paper(), paper), (Adan::optax(), optax)]
    }

    fn options() -> Vec<Self> {
        vec![
            Adan { beta1: 0.0, ..Adan::default() },
            Adan { beta2: 0.0, ..Adan::default() },
            Adan { beta3: 0.0, ..Adan::default() },
            Adan { beta3: 0.9999, eps: 0.0, ..Adan::default() },
            Adan { weight_decay: 0.02, ..Adan::default() },
            Adan { weight_decay: 0.02, proximal: false, ..Adan::default() },
            Adan { lr: 0.3, beta1: 0.5, beta2: 0.8, weight_decay: 0.5, maximize: true, ..Adan::default() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Adan {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            // Without memory the root would be of the very sum above it: both cancel, and their quotient shows it.
            beta3: 1.0 - dice.log(1e-4, 0.5),
            eps: dice.eps(),
            eps_root: dice.optional(1e-10, 1e-2),
            complement: dice.flag(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            proximal: !dice.flag(),
            maximize: dice.flag(),
        }
    }
}
