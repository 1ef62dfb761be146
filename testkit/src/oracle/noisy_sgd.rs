//! Gradient descent with annealed noise (Neelakantan et al. 2015), as in `optax.noisy_sgd`, on given normal numbers.

use super::{Bound, Dice, Oracle, decayed};
use gradstep::{DecayForm, NoisySgd};

impl Oracle<1> for NoisySgd {
    type Memory = ();
    const FADING: &'static [usize] = &[];
    const BOUND: Bound = Bound { param: 5.0, state: 0.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [z]: &mut [f64; 1]) -> f64 {
        let variance = self.eta / libm::pow(t as f64, self.gamma);
        let (p, g) = decayed!(self, p, g);
        p - self.lr * (g + variance.sqrt() * *z)
    }

    fn presets() -> Vec<(Self, Self)> {
        let optax = NoisySgd {
            lr: 0.01,
            eta: 0.01,
            gamma: 0.55,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        vec![(NoisySgd::default(), optax), (NoisySgd::optax(), optax)]
    }

    fn options() -> Vec<Self> {
        vec![
            NoisySgd { eta: 0.0, ..NoisySgd::default() },
            NoisySgd {
                lr: 0.3,
                eta: 2.0,
                gamma: 1.0,
                weight_decay: 0.1,
                decay_form: DecayForm::Coupled,
                maximize: true,
            },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        NoisySgd {
            lr: dice.lr(),
            eta: dice.optional(1e-4, 10.0),
            gamma: dice.optional(0.1, 2.0),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
