//! Tiger (Su 2023), without its scaling of the learning rate by a tensor's root mean square.

use super::{Bound, Dice, Oracle, ema, sign};
use gradstep::Tiger;

impl Oracle<1> for Tiger {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 6.0, state: 5.0 };

    fn sign_of(&self, _p: f64, g: f64, [m]: &[f64; 1]) -> Option<f64> {
        Some(ema(self.beta, *m, if self.maximize { -g } else { g }))
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [m]: &mut [f64; 1]) -> f64 {
        *m = ema(self.beta, *m, if self.maximize { -g } else { g });
        p - self.lr * (sign(*m) + self.weight_decay * p)
    }

    fn presets() -> Vec<(Self, Self)> {
        vec![(Tiger::default(), Tiger { lr: 0.001, beta: 0.965, weight_decay: 0.01, maximize: false })]
    }

    fn options() -> Vec<Self> {
        vec![
            Tiger { beta: 0.0, ..Tiger::default() },
            Tiger { weight_decay: 0.0, ..Tiger::default() },
            Tiger { lr: 0.3, beta: 0.9999, weight_decay: 0.5, maximize: true },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Tiger { lr: dice.lr(), beta: dice.fraction(), weight_decay: dice.weight_decay(), maximize: dice.flag() }
    }
}
