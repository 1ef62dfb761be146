//! signSGD and Signum (Bernstein et al. 2018, algorithms 1 and 2).

use super::{Bound, Dice, Oracle, decayed, ema, sign};
use gradstep::{DecayForm, SignSgd, Signum};

impl Oracle<0> for SignSgd {
    type Memory = ();
    const FADING: &'static [usize] = &[];
    const BOUND: Bound = Bound { param: 5.0, state: 0.0 };

    fn sign_of(&self, p: f64, g: f64, []: &[f64; 0]) -> Option<f64> {
        Some(decayed!(self, p, g).1)
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, []: &mut [f64; 0]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        p - self.lr * sign(g)
    }

    fn presets() -> Vec<(Self, Self)> {
        let optax = SignSgd { lr: 0.001, weight_decay: 0.0, decay_form: DecayForm::Coupled, maximize: false };
        vec![(SignSgd::default(), optax), (SignSgd::optax(), optax)]
    }

    fn options() -> Vec<Self> {
        vec![
            SignSgd { weight_decay: 0.01, ..SignSgd::default() },
            SignSgd { maximize: true, ..SignSgd::default() },
            SignSgd { lr: 0.3, weight_decay: 0.5, decay_form: DecayForm::Coupled, maximize: true },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        SignSgd {
            lr: dice.lr(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}

impl Oracle<1> for Signum {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 5.0, state: 6.0 };

    fn sign_of(&self, p: f64, g: f64, [m]: &[f64; 1]) -> Option<f64> {
        Some(ema(self.beta, *m, decayed!(self, p, g).1))
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [m]: &mut [f64; 1]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *m = ema(self.beta, *m, g);
        p - self.lr * sign(*m)
    }

    fn presets() -> Vec<(Self, Self)> {
        let paper = Signum { lr: 0.001, beta: 0.9, weight_decay: 0.0, decay_form: DecayForm::Coupled, maximize: false };
        vec![
            (Signum::default(), paper),
            (Signum::paper(), paper),
            (Signum::pytorch_optimizer(), Signum { decay_form: DecayForm::Decoupled, ..paper }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            Signum { beta: 0.0, ..Signum::default() },
            Signum { weight_decay: 0.01, ..Signum::default() },
            Signum { lr: 0.3, beta: 0.9999, weight_decay: 0.5, decay_form: DecayForm::Coupled, maximize: true },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Signum {
            lr: dice.lr(),
            beta: dice.fraction(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
