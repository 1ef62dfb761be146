//! Gradient descent: `p − lr·g`.

use super::{Bound, Dice, Oracle, decayed};
use gradstep::{DecayForm, Sgd};

impl Oracle<0> for Sgd {
    type Memory = ();
    const FADING: &'static [usize] = &[];
    const BOUND: Bound = Bound { param: 5.0, state: 0.0 };

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, []: &mut [f64; 0]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        p - self.lr * g
    }

    fn presets() -> Vec<(Self, Self)> {
        let textbook = Sgd { lr: 0.01, weight_decay: 0.0, decay_form: DecayForm::Coupled, maximize: false };
        vec![
            (Sgd::default(), textbook),
            (Sgd::textbook(), textbook),
            (Sgd::keras(), Sgd { decay_form: DecayForm::Decoupled, ..textbook }),
            (Sgd::torch(), Sgd { lr: 0.001, ..textbook }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            Sgd { weight_decay: 0.01, ..Sgd::default() },
            Sgd { maximize: true, ..Sgd::default() },
            Sgd { lr: 0.3, weight_decay: 0.1, decay_form: DecayForm::Coupled, maximize: true },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Sgd { lr: dice.lr(), weight_decay: dice.weight_decay(), decay_form: dice.decay_form(), maximize: dice.flag() }
    }
}
