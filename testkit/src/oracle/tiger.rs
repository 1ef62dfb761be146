//! Tiger (Su 2023), without its scaling of the learning rate by a tensor's root mean square.

use super::{Bound, Dice, Oracle, decayed, ema, sign};
use gradstep::{DecayForm, Tiger};

impl Oracle<1> for Tiger {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 6.0, state: 5.0 };

    fn sign_of(&self, p: f64, g: f64, [m]: &[f64; 1]) -> Option<f64> {
        Some(ema(self.beta, *m, decayed!(self, p, g).1))
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [m]: &mut [f64; 1]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *m = ema(self.beta, *m, g);
        p - self.lr * sign(*m)
    }

    fn presets() -> Vec<(Self, Self)> {
        vec![(
            Tiger::default(),
            Tiger { lr: 0.001, beta: 0.965, weight_decay: 0.01, decay_form: DecayForm::Decoupled, maximize: false },
        )]
    }

    fn options() -> Vec<Self> {
        vec![
            Tiger { beta: 0.0, ..Tiger::default() },
            Tiger { weight_decay: 0.0, ..Tiger::default() },
            Tiger { lr: 0.3, beta: 0.9999, weight_decay: 0.5, decay_form: DecayForm::Decoupled, maximize: true },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Tiger {
            lr: dice.lr(),
            beta: dice.fraction(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
