//! Adamax (Kingma & Ba 2014, section 7.1) with epsilon inside the maximum as in `torch.optim.Adamax` and
//! `optax.adamax`, or beside the norm as in `keras.optimizers.Adamax`.

use super::{Bound, Dice, Oracle, decayed, ema, seen};
use gradstep::{Adamax, DecayForm};

impl Oracle<2> for Adamax {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 9.0, state: 6.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, u]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *m = ema(self.beta1, *m, g);
        *u = (self.beta2 * *u).max(g.abs() + self.eps);
        let m_hat = *m / seen(self.beta1, t);
        p - self.lr * m_hat / (*u + self.eps_outside)
    }

    fn presets() -> Vec<(Self, Self)> {
        let torch = Adamax {
            lr: 0.002,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            eps_outside: 0.0,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        vec![
            (Adamax::default(), torch),
            (Adamax::torch(), torch),
            (Adamax::optax(), Adamax { lr: 0.001, ..torch }),
            (
                Adamax::keras(),
                Adamax { lr: 0.001, eps: 0.0, eps_outside: 1e-7, decay_form: DecayForm::Decoupled, ..torch },
            ),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            Adamax { beta1: 0.0, ..Adamax::default() },
            Adamax { beta2: 0.0, ..Adamax::default() },
            Adamax { beta2: 0.9999, eps: 0.0, ..Adamax::default() },
            Adamax { weight_decay: 0.01, ..Adamax::default() },
            Adamax { lr: 0.3, beta1: 0.5, beta2: 0.8, weight_decay: 0.1, maximize: true, ..Adamax::keras() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Adamax {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            eps: dice.eps(),
            eps_outside: dice.optional(1e-10, 1e-2),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
