//! Optimistic Adam (Daskalakis et al. 2017), as in `optax.optimistic_adam_v2`.

use super::{Bound, Dice, Oracle, decayed, ema, seen};
use gradstep::{DecayForm, OptimisticAdam};

impl Oracle<3> for OptimisticAdam {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];
    const BOUND: Bound = Bound { param: 15.0, state: 9.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v, last]: &mut [f64; 3]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *m = ema(self.beta1, *m, g);
        *v = ema(self.beta2, *v, g * g);
        let corrected = if self.nesterov {
            self.beta1 * *m / seen(self.beta1, t + 1) + (1.0 - self.beta1) * g / seen(self.beta1, t)
        } else {
            *m / seen(self.beta1, t)
        };
        let r = corrected / ((*v / seen(self.beta2, t) + self.eps_root).sqrt() + self.eps);
        let before = if t == 1 { r } else { *last };
        *last = r;
        p - self.lr * ((self.alpha + self.beta) * r - self.beta * before)
    }

    fn presets() -> Vec<(Self, Self)> {
        let optax = OptimisticAdam {
            lr: 0.001,
            alpha: 1.0,
            beta: 1.0,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            eps_root: 0.0,
            nesterov: true,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        vec![
            (OptimisticAdam::default(), optax),
            (OptimisticAdam::optax(), optax),
            (OptimisticAdam::paper(), OptimisticAdam { nesterov: false, ..optax }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![OptimisticAdam {
            lr: 0.3,
            alpha: 0.7,
            beta: 0.4,
            beta1: 0.5,
            beta2: 0.8,
            eps: 1e-3,
            eps_root: 1e-6,
            weight_decay: 0.1,
            maximize: true,
            ..OptimisticAdam::default()
        }]
    }

    fn random(dice: &mut Dice) -> Self {
        OptimisticAdam {
            lr: dice.lr(),
            alpha: dice.optional(0.1, 2.0),
            beta: dice.optional(0.1, 2.0),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            eps: dice.eps(),
            eps_root: dice.optional(1e-10, 1e-2),
            nesterov: !dice.flag(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
