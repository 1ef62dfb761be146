//! COCOB (Orabona & Tommasi 2017, algorithm 2), as in `optax.contrib.cocob`.

use super::{Bound, Dice, Oracle, decayed};
use gradstep::{Cocob, DecayForm};

impl Oracle<5> for Cocob {
    type Memory = ();
    const FADING: &'static [usize] = &[];
    const BOUND: Bound = Bound { param: 16.0, state: 6.0 };

    fn start(&self, p: f64) -> [f64; 5] {
        [self.eps, 0.0, 0.0, 0.0, p]
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, state: &mut [f64; 5]) -> f64 {
        let [largest, sum, reward, bets, start] = state;
        let (p, g) = decayed!(self, p, g);
        let c = self.lr * g;
        *largest = largest.max(c.abs());
        *sum += c.abs();
        *reward = (*reward - c * (p - *start)).max(0.0);
        *bets -= c;
        let fraction = *bets / (*largest * (*sum + *largest).max(self.alpha * *largest));
        *start + fraction * (*largest + *reward)
    }

    fn presets() -> Vec<(Self, Self)> {
        let optax = Cocob {
            lr: 1.0,
            alpha: 100.0,
            eps: 1e-8,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        vec![(Cocob::default(), optax), (Cocob::optax(), optax)]
    }

    fn options() -> Vec<Self> {
        vec![
            Cocob { eps: 1.0, ..Cocob::default() },
            Cocob { lr: 0.3, alpha: 2.0, eps: 1e-3, weight_decay: 0.1, decay_form: DecayForm::Coupled, maximize: true },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Cocob {
            lr: dice.lr(),
            alpha: dice.log(1.0, 1000.0),
            eps: dice.log(1e-10, 1.0),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
