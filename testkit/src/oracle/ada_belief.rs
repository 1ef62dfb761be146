//! AdaBelief (Zhuang et al. 2020, algorithm 2): the second moment is that of `g − m`, and a small number joins it at
//! every step. The step may be rectified as in the authors' package adabelief-pytorch.

use super::{Bound, Dice, Oracle, decayed, ema, m_hat, rectification, seen};
use gradstep::{AdaBelief, DecayForm};

impl Oracle<2> for AdaBelief {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 9.0, state: 6.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, s]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *m = ema(self.beta1, *m, g);
        let surprise = g - *m;
        *s = ema(self.beta2, *s, surprise * surprise) + self.eps_root;
        let m_hat = m_hat(self.beta1, self.nesterov, t, *m, g);
        let seen2 = seen(self.beta2, t);
        if !self.rectify {
            return p - self.lr * m_hat / ((*s / seen2).sqrt() + self.eps);
        }
        match rectification(self.beta2, 5.0, t) {
            Some(r) => p - self.lr * r * m_hat * seen2.sqrt() / (s.sqrt() + self.eps),
            None if self.degenerated_to_sgd => p - self.lr * m_hat,
            None => p,
        }
    }

    fn presets() -> Vec<(Self, Self)> {
        let optax = AdaBelief {
            lr: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-16,
            eps_root: 1e-16,
            rectify: false,
            degenerated_to_sgd: true,
            nesterov: false,
            weight_decay: 0.0,
            decay_form: DecayForm::Decoupled,
            maximize: false,
        };
        vec![
            (AdaBelief::default(), optax),
            (AdaBelief::optax(), optax),
            (AdaBelief::authors(), AdaBelief { rectify: true, ..optax }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            AdaBelief { beta1: 0.0, eps_root: 1e-3, ..AdaBelief::default() },
            AdaBelief { beta2: 0.0, ..AdaBelief::default() },
            AdaBelief { beta2: 0.9999, eps: 0.0, eps_root: 0.0, ..AdaBelief::default() },
            AdaBelief { eps: 1e-3, ..AdaBelief::default() },
            AdaBelief { nesterov: true, ..AdaBelief::default() },
            AdaBelief { nesterov: true, weight_decay: 0.1, ..AdaBelief::authors() },
            AdaBelief { degenerated_to_sgd: false, weight_decay: 0.1, ..AdaBelief::authors() },
            AdaBelief { lr: 0.3, beta1: 0.5, beta2: 0.8, weight_decay: 0.5, maximize: true, ..AdaBelief::default() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        AdaBelief {
            lr: dice.lr(),
            // A moment without memory is the gradient: nothing but the epsilons would be left to divide by.
            beta1: 1.0 - dice.log(1e-4, 0.95),
            beta2: dice.fraction(),
            eps: dice.eps(),
            eps_root: dice.optional(1e-16, 1e-2),
            rectify: dice.flag(),
            degenerated_to_sgd: !dice.flag(),
            nesterov: dice.flag(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
