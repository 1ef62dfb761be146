//! QHAdam (Ma & Yarats 2018): quasi-hyperbolic moments, in the form whose averages are corrected as they are made.

use super::{Bound, Dice, Oracle, decayed, seen};
use gradstep::{DecayForm, QhAdam};

impl Oracle<2> for QhAdam {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 9.0, state: 6.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        let toward = |beta: f64, average: f64, x: f64| {
            // The two weights sum to 1; a difference from 1 would lose the digits of a small one.
            (beta * seen(beta, t - 1) * average + (1.0 - beta) * x) / seen(beta, t)
        };
        *m = toward(self.beta1, *m, g);
        *v = toward(self.beta2, *v, g * g);
        let square = self.nu2 * *v + (1.0 - self.nu2) * g * g;
        p - self.lr * (self.nu1 * *m + (1.0 - self.nu1) * g) / (square.sqrt() + self.eps)
    }

    fn presets() -> Vec<(Self, Self)> {
        let first = QhAdam {
            lr: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            nu1: 0.7,
            nu2: 1.0,
            eps: 1e-8,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        vec![
            (QhAdam::default(), first),
            (QhAdam::paper(), first),
            (QhAdam::pytorch_optimizer(), QhAdam { nu1: 1.0, ..first }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            QhAdam { beta1: 0.0, ..QhAdam::default() },
            QhAdam { beta2: 0.0, ..QhAdam::default() },
            QhAdam { nu1: 0.0, nu2: 0.5, ..QhAdam::default() },
            QhAdam { lr: 0.03, nu1: 1.0, eps: 1e-3, ..QhAdam::default() },
            QhAdam { weight_decay: 0.1, ..QhAdam::default() },
            QhAdam { weight_decay: 0.01, decay_form: DecayForm::Decoupled, maximize: true, ..QhAdam::default() },
            QhAdam { weight_decay: 0.01, decay_form: DecayForm::Fixed, ..QhAdam::default() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        QhAdam {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            nu1: dice.optional(0.1, 1.0),
            nu2: dice.optional(0.1, 1.0),
            eps: dice.eps(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
