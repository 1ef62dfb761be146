//! Simplified AdEMAMix (Morwani et al. 2025), as in `optax.contrib.simplified_ademamix`.

use super::{Bound, Dice, Oracle, decayed, ema, seen};
use gradstep::{DecayForm, SimplifiedAdEmaMix};

impl Oracle<2> for SimplifiedAdEmaMix {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];
    const BOUND: Bound = Bound { param: 10.0, state: 5.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *m = self.beta1 * *m + g;
        *v = ema(self.beta2, *v, g * g);
        let root = (*v / seen(self.beta2, t) + self.eps_root).sqrt() + self.eps;
        p - self.lr * (*m + self.alpha * g) / root
    }

    fn presets() -> Vec<(Self, Self)> {
        let optax = SimplifiedAdEmaMix {
            lr: 1e-4,
            beta1: 0.99,
            beta2: 0.95,
            alpha: 0.0,
            eps: 1e-8,
            eps_root: 0.0,
            weight_decay: 0.0,
            decay_form: DecayForm::Decoupled,
            maximize: false,
        };
        vec![(SimplifiedAdEmaMix::default(), optax), (SimplifiedAdEmaMix::optax(), optax)]
    }

    fn options() -> Vec<Self> {
        vec![SimplifiedAdEmaMix {
            lr: 0.03,
            beta1: 0.5,
            beta2: 0.8,
            alpha: 2.0,
            eps: 1e-3,
            eps_root: 1e-6,
            weight_decay: 0.1,
            decay_form: DecayForm::Decoupled,
            maximize: true,
        }]
    }

    fn random(dice: &mut Dice) -> Self {
        SimplifiedAdEmaMix {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            alpha: dice.optional(0.1, 10.0),
            eps: dice.eps(),
            eps_root: dice.optional(1e-10, 1e-2),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
