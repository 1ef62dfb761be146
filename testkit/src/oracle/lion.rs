//! Lion (Chen et al. 2023, algorithm 2).

use super::{Bound, Dice, Oracle, decayed, ema, sign};
use gradstep::{DecayForm, Lion};

impl Oracle<1> for Lion {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 6.0, state: 5.0 };

    fn sign_of(&self, p: f64, g: f64, [m]: &[f64; 1]) -> Option<f64> {
        let (_, g) = decayed!(self, p, g);
        Some(ema(self.beta1, *m, g))
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [m]: &mut [f64; 1]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        let direction = sign(ema(self.beta1, *m, g));
        *m = ema(self.beta2, *m, g);
        p - self.lr * direction
    }

    fn presets() -> Vec<(Self, Self)> {
        let paper = Lion {
            lr: 0.0001,
            beta1: 0.9,
            beta2: 0.99,
            weight_decay: 0.0,
            decay_form: DecayForm::Decoupled,
            maximize: false,
        };
        vec![
            (Lion::default(), paper),
            (Lion::paper(), paper),
            (Lion::optax(), Lion { weight_decay: 0.001, ..paper }),
            (Lion::keras(), Lion { lr: 0.001, ..paper }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            Lion { beta1: 0.0, ..Lion::default() },
            Lion { beta2: 0.0, ..Lion::default() },
            Lion {
                lr: 0.3,
                beta1: 0.5,
                beta2: 0.9999,
                weight_decay: 0.5,
                decay_form: DecayForm::Decoupled,
                maximize: true,
            },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Lion {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
