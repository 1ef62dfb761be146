//! MADGRAD (Defazio & Jelassi 2021, algorithm 1), as `madgrad/madgrad.py` of the authors has it: lr + eps where lr is not 0.

use super::{Bound, Dice, Oracle, objective};
use gradstep::Madgrad;

impl Oracle<3> for Madgrad {
    type Memory = ();
    const FADING: &'static [usize] = &[];
    const BOUND: Bound = Bound { param: 11.0, state: 6.0 };

    fn start(&self, p: f64) -> [f64; 3] {
        [0.0, 0.0, p]
    }

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [s, v, start]: &mut [f64; 3]) -> f64 {
        let g = objective(self.maximize, self.weight_decay, p, g);
        let rate = if self.lr == 0.0 { 0.0 } else { self.lr + self.eps };
        let lambda = rate * libm::sqrt(t as f64);
        *s += lambda * g;
        *v += lambda * g * g;
        let z = *start - *s / (libm::cbrt(*v) + self.eps);
        self.momentum * p + (1.0 - self.momentum) * z
    }

    fn presets() -> Vec<(Self, Self)> {
        let authors = Madgrad { lr: 0.01, momentum: 0.9, eps: 1e-6, weight_decay: 0.0, maximize: false };
        vec![(Madgrad::default(), authors)]
    }

    fn options() -> Vec<Self> {
        vec![
            Madgrad { momentum: 0.0, ..Madgrad::default() },
            Madgrad { weight_decay: 0.1, ..Madgrad::default() },
            Madgrad { lr: 0.3, momentum: 0.99, eps: 1e-3, weight_decay: 0.5, maximize: true },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Madgrad {
            lr: dice.lr(),
            momentum: dice.fraction(),
            eps: dice.log(1e-10, 1e-2),
            weight_decay: dice.weight_decay(),
            maximize: dice.flag(),
        }
    }
}
