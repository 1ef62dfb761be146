//! ADOPT (Taniguchi et al. 2024, algorithm 2, clipped as in its section 5.3), with decoupled decay.

use super::{Bound, Dice, Oracle, ema};
use gradstep::Adopt;

impl Oracle<2> for Adopt {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];
    const BOUND: Bound = Bound { param: 8.0, state: 10.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v]: &mut [f64; 2]) -> f64 {
        let g = if self.maximize { -g } else { g };
        if t == 1 {
            *v = g * g;
            return p;
        }
        let mut normalised = g / v.sqrt().max(self.eps);
        if self.clip {
            let bound = libm::pow((t - 1) as f64, 0.25);
            normalised = normalised.clamp(-bound, bound);
        }
        *m = ema(self.beta1, *m, normalised);
        *v = ema(self.beta2, *v, g * g);
        p - self.lr * (*m + self.weight_decay * p)
    }

    fn presets() -> Vec<(Self, Self)> {
        let paper =
            Adopt { lr: 0.001, beta1: 0.9, beta2: 0.9999, eps: 1e-6, clip: true, weight_decay: 0.0, maximize: false };
        vec![(Adopt::default(), paper), (Adopt::optax(), paper)]
    }

    fn options() -> Vec<Self> {
        vec![
            Adopt { beta1: 0.0, ..Adopt::default() },
            Adopt { beta2: 0.0, ..Adopt::default() },
            Adopt { clip: false, ..Adopt::default() },
            Adopt { weight_decay: 0.1, ..Adopt::default() },
            Adopt { lr: 0.3, beta1: 0.5, beta2: 0.8, eps: 1e-3, weight_decay: 0.5, maximize: true, clip: true },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Adopt {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            eps: dice.eps(),
            clip: !dice.flag(),
            weight_decay: dice.weight_decay(),
            maximize: dice.flag(),
        }
    }
}
