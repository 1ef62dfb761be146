//! Gradient descent: `p − lr·g`.

use super::{Bound, Dice, Oracle, objective};
use gradstep::Sgd;

impl Oracle<0> for Sgd {
    type Memory = ();
    const FADING: &'static [usize] = &[];
    const BOUND: Bound = Bound { param: 5.0, state: 0.0 };

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, []: &mut [f64; 0]) -> f64 {
        p - self.lr * objective(self.maximize, self.weight_decay, p, g)
    }

    fn presets() -> Vec<(Self, Self)> {
        let textbook = Sgd { lr: 0.01, weight_decay: 0.0, maximize: false };
        vec![
            (Sgd::default(), textbook),
            (Sgd::textbook(), textbook),
            (Sgd::keras(), textbook),
            (Sgd::torch(), Sgd { lr: 0.001, ..textbook }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            Sgd { weight_decay: 0.01, ..Sgd::default() },
            Sgd { maximize: true, ..Sgd::default() },
            Sgd { lr: 0.3, weight_decay: 0.1, maximize: true },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Sgd { lr: dice.lr(), weight_decay: dice.weight_decay(), maximize: dice.flag() }
    }
}
