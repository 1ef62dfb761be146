//! Nesterov's accelerated gradient as Bengio et al. 2012 write it, `v` before the step on the right:
//! `p ← p + μ²v − (1+μ)·lr·g; v ← μv − lr·g`.

use super::{Bound, Dice, Oracle, decayed};
use gradstep::{DecayForm, Nesterov};

impl Oracle<1> for Nesterov {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 6.0, state: 6.0 };

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [v]: &mut [f64; 1]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        let mu = self.momentum;
        let next = p + mu * mu * *v - (1.0 + mu) * self.lr * g;
        *v = mu * *v - self.lr * g;
        next
    }

    fn presets() -> Vec<(Self, Self)> {
        let textbook =
            Nesterov { lr: 0.01, momentum: 0.9, weight_decay: 0.0, decay_form: DecayForm::Coupled, maximize: false };
        vec![
            (Nesterov::default(), textbook),
            (Nesterov::textbook(), textbook),
            (Nesterov::keras(), Nesterov { decay_form: DecayForm::Decoupled, ..textbook }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            Nesterov { weight_decay: 0.01, ..Nesterov::default() },
            Nesterov { momentum: 0.0, ..Nesterov::default() },
            Nesterov { lr: 0.3, momentum: 0.99, weight_decay: 0.1, decay_form: DecayForm::Coupled, maximize: true },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Nesterov {
            lr: dice.lr(),
            momentum: dice.fraction(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
