//! Grams (Cao, Li & Song 2024, algorithm 1).

use super::{Bound, Dice, Oracle, decayed, ema, seen, sign};
use gradstep::{DecayForm, Grams};

impl Oracle<2> for Grams {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];
    const BOUND: Bound = Bound { param: 9.0, state: 5.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *m = ema(self.beta1, *m, g);
        *v = ema(self.beta2, *v, g * g);
        let adam = *m / seen(self.beta1, t) / ((*v / seen(self.beta2, t)).sqrt() + self.eps);
        p - self.lr * sign(g) * adam.abs()
    }

    fn presets() -> Vec<(Self, Self)> {
        let paper = Grams {
            lr: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 0.0,
            decay_form: DecayForm::Decoupled,
            maximize: false,
        };
        vec![(Grams::default(), paper), (Grams::pytorch_optimizer(), Grams { eps: 1e-6, ..paper })]
    }

    fn options() -> Vec<Self> {
        vec![
            Grams { beta1: 0.0, ..Grams::default() },
            Grams { beta2: 0.0, ..Grams::default() },
            Grams { beta2: 0.9999, eps: 0.0, ..Grams::default() },
            Grams { weight_decay: 0.1, ..Grams::default() },
            Grams {
                lr: 0.3,
                beta1: 0.5,
                beta2: 0.8,
                eps: 1e-3,
                weight_decay: 0.5,
                decay_form: DecayForm::Decoupled,
                maximize: true,
            },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Grams {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            eps: dice.eps(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
