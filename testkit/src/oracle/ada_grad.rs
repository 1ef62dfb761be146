//! AdaGrad (Duchi, Hazan & Singer 2011): `h ← h + g²; p ← p − lr/(1+(t−1)·lr_decay) · g/(√h + eps)`, or
//! `g/√(h + eps)` with epsilon inside the root.

use super::{Bound, Dice, Oracle, decayed};
use gradstep::{AdaGrad, DecayForm};

impl Oracle<1> for AdaGrad {
    type Memory = ();
    const FADING: &'static [usize] = &[];
    const BOUND: Bound = Bound { param: 8.0, state: 4.0 };

    fn start(&self, _p: f64) -> [f64; 1] {
        [self.initial_accumulator]
    }

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [h]: &mut [f64; 1]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *h += g * g;
        let lr = self.lr / (1.0 + (t - 1) as f64 * self.lr_decay);
        p - lr * g / ((*h + self.eps_root).sqrt() + self.eps)
    }

    fn presets() -> Vec<(Self, Self)> {
        let code = AdaGrad {
            lr: 0.01,
            lr_decay: 0.0,
            initial_accumulator: 0.0,
            eps: 1e-7,
            eps_root: 0.0,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        let optax = AdaGrad { initial_accumulator: 0.1, eps: 0.0, eps_root: 1e-7, ..code };
        vec![
            (AdaGrad::default(), code),
            (AdaGrad::textbook(), AdaGrad { initial_accumulator: 1e-7, ..code }),
            (AdaGrad::torch(), AdaGrad { eps: 1e-10, ..code }),
            (AdaGrad::optax(), optax),
            (AdaGrad::keras(), AdaGrad { lr: 0.001, decay_form: DecayForm::Decoupled, ..optax }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            AdaGrad { lr_decay: 0.05, ..AdaGrad::default() },
            AdaGrad { weight_decay: 0.01, ..AdaGrad::default() },
            AdaGrad { eps: 0.0, ..AdaGrad::default() },
            AdaGrad { lr: 0.3, lr_decay: 1.0, weight_decay: 0.1, maximize: true, ..AdaGrad::optax() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        AdaGrad {
            lr: dice.lr(),
            lr_decay: dice.optional(1e-3, 1.0),
            initial_accumulator: dice.optional(1e-7, 1.0),
            eps: dice.eps(),
            eps_root: dice.optional(1e-10, 1e-2),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
