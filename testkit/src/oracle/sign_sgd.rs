//! signSGD and Signum (Bernstein et al. 2018, algorithms 1 and 2).

use super::{Bound, Dice, Oracle, ema, objective, sign};
use gradstep::{SignSgd, Signum};

impl Oracle<0> for SignSgd {
    type Memory = ();
    const FADING: &'static [usize] = &[];
    const BOUND: Bound = Bound { param: 5.0, state: 0.0 };

    fn sign_of(&self, p: f64, g: f64, []: &[f64; 0]) -> Option<f64> {
        Some(objective(self.maximize, self.weight_decay, p, g))
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, []: &mut [f64; 0]) -> f64 {
        p - self.lr * sign(objective(self.maximize, self.weight_decay, p, g))
    }

    fn presets() -> Vec<(Self, Self)> {
        let optax = SignSgd { lr: 0.001, weight_decay: 0.0, maximize: false };
        vec![(SignSgd::default(), optax), (SignSgd::optax(), optax)]
    }

    fn options() -> Vec<Self> {
        vec![
            SignSgd { weight_decay: 0.01, ..SignSgd::default() },
            SignSgd { maximize: true, ..SignSgd::default() },
            SignSgd { lr: 0.3, weight_decay: 0.5, maximize: true },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        SignSgd { lr: dice.lr(), weight_decay: dice.weight_decay(), maximize: dice.flag() }
    }
}

impl Oracle<1> for Signum {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 5.0, state: 6.0 };

    fn sign_of(&self, p: f64, g: f64, [m]: &[f64; 1]) -> Option<f64> {
        Some(ema(self.beta, *m, objective(self.maximize, self.weight_decay, p, g)))
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [m]: &mut [f64; 1]) -> f64 {
        *m = ema(self.beta, *m, objective(self.maximize, self.weight_decay, p, g));
        p - self.lr * sign(*m)
    }

    fn presets() -> Vec<(Self, Self)> {
        vec![(Signum::default(), Signum { lr: 0.001, beta: 0.9, weight_decay: 0.0, maximize: false })]
    }

    fn options() -> Vec<Self> {
        vec![
            Signum { beta: 0.0, ..Signum::default() },
            Signum { weight_decay: 0.01, ..Signum::default() },
            Signum { lr: 0.3, beta: 0.9999, weight_decay: 0.5, maximize: true },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Signum { lr: dice.lr(), beta: dice.fraction(), weight_decay: dice.weight_decay(), maximize: dice.flag() }
    }
}
