//! AdaBelief (Zhuang et al. 2020, algorithm 2): the second moment is that of `g − m`, and a small number joins it at
//! every step.

use super::{Bound, Dice, Oracle, ema, seen};
use gradstep::AdaBelief;

impl Oracle<2> for AdaBelief {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 9.0, state: 6.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, s]: &mut [f64; 2]) -> f64 {
        let g = if self.maximize { -g } else { g };
        *m = ema(self.beta1, *m, g);
        let surprise = g - *m;
        *s = ema(self.beta2, *s, surprise * surprise) + self.eps_root;
        let m_hat = *m / seen(self.beta1, t);
        let s_hat = *s / seen(self.beta2, t);
        p * (1.0 - self.lr * self.weight_decay) - self.lr * m_hat / (s_hat.sqrt() + self.eps)
    }

    fn presets() -> Vec<(Self, Self)> {
        let optax = AdaBelief {
            lr: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-16,
            eps_root: 1e-16,
            weight_decay: 0.0,
            maximize: false,
        };
        vec![(AdaBelief::default(), optax), (AdaBelief::optax(), optax)]
    }

    fn options() -> Vec<Self> {
        vec![
            AdaBelief { beta1: 0.0, eps_root: 1e-3, ..AdaBelief::default() },
            AdaBelief { beta2: 0.0, ..AdaBelief::default() },
            AdaBelief { beta2: 0.9999, eps: 0.0, eps_root: 0.0, ..AdaBelief::default() },
            AdaBelief { eps: 1e-3, ..AdaBelief::default() },
            AdaBelief { lr: 0.3, beta1: 0.5, beta2: 0.8, weight_decay: 0.5, maximize: true, ..AdaBelief::default() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        AdaBelief {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            eps: dice.eps(),
            eps_root: dice.optional(1e-16, 1e-2),
            weight_decay: dice.weight_decay(),
            maximize: dice.flag(),
        }
    }
}
