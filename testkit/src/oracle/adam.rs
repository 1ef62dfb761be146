//! Adam (Kingma & Ba 2014): algorithm 1, "epsilon hat" of section 2, and the textbooks' form without corrections.

use super::{Bound, Dice, Oracle, decayed, ema, seen};
use gradstep::{Adam, DecayForm};

impl Oracle<2> for Adam {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];
    const BOUND: Bound = Bound { param: 9.0, state: 6.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *m = ema(self.beta1, *m, g);
        *v = ema(self.beta2, *v, g * g);
        let (seen1, seen2) = if self.bias_correction { (seen(self.beta1, t), seen(self.beta2, t)) } else { (1.0, 1.0) };
        if self.eps_hat {
            // Epsilon joins the uncorrected root; inside the root it still belongs to the corrected moment.
            let lr = self.lr * seen2.sqrt() / seen1;
            p - lr * *m / ((*v + self.eps_root * seen2).sqrt() + self.eps)
        } else {
            p - self.lr * (*m / seen1) / ((*v / seen2 + self.eps_root).sqrt() + self.eps)
        }
    }

    fn presets() -> Vec<(Self, Self)> {
        let paper = Adam {
            lr: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            eps_root: 0.0,
            eps_hat: false,
            bias_correction: true,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        vec![
            (Adam::default(), paper),
            (Adam::torch(), paper),
            (Adam::keras(), Adam { eps: 1e-7, eps_hat: true, decay_form: DecayForm::Decoupled, ..paper }),
            (Adam::textbook(), Adam { eps: 0.0, eps_root: 1e-8, bias_correction: false, ..paper }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            Adam { beta1: 0.0, ..Adam::default() },
            Adam { beta2: 0.0, ..Adam::default() },
            Adam { beta2: 0.9999, eps: 0.0, ..Adam::default() },
            Adam { eps_root: 1e-3, ..Adam::default() },
            Adam { weight_decay: 0.01, ..Adam::default() },
            Adam {
                lr: 0.3,
                beta1: 0.5,
                beta2: 0.8,
                eps_root: 1e-6,
                weight_decay: 0.1,
                maximize: true,
                ..Adam::keras()
            },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Adam {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            eps: dice.eps(),
            eps_root: dice.optional(1e-10, 1e-2),
            eps_hat: dice.flag(),
            bias_correction: !dice.flag(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
