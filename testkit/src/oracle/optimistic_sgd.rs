//! Optimistic gradient descent (Mokhtari, Ozdaglar & Pattathil 2019), as in `optax.optimistic_gradient_descent`.

use super::{Bound, Dice, Oracle, decayed};
use gradstep::{DecayForm, OptimisticSgd};

impl Oracle<1> for OptimisticSgd {
    type Memory = ();
    const FADING: &'static [usize] = &[];
    const BOUND: Bound = Bound { param: 6.0, state: 4.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [last]: &mut [f64; 1]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        let before = if t == 1 { g } else { *last };
        *last = g;
        p - self.lr * (self.alpha * g + self.beta * (g - before))
    }

    fn presets() -> Vec<(Self, Self)> {
        let optax = OptimisticSgd {
            lr: 0.01,
            alpha: 1.0,
            beta: 1.0,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        vec![(OptimisticSgd::default(), optax), (OptimisticSgd::optax(), optax)]
    }

    fn options() -> Vec<Self> {
        vec![
            OptimisticSgd { beta: 0.0, ..OptimisticSgd::default() },
            OptimisticSgd {
                lr: 0.3,
                alpha: 0.7,
                beta: 0.4,
                weight_decay: 0.1,
                decay_form: DecayForm::Coupled,
                maximize: true,
            },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        OptimisticSgd {
            lr: dice.lr(),
            alpha: dice.optional(0.1, 2.0),
            beta: dice.optional(0.1, 2.0),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
