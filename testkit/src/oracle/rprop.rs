//! Rprop (Riedmiller & Braun 1993) as `torch.optim.Rprop` has it, or each move one step late as in `optax.rprop`.

use super::{Bound, Dice, Oracle, decayed, sign};
use gradstep::{DecayForm, Rprop};

impl Oracle<2> for Rprop {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 5.0, state: 3.0 };

    fn start(&self, _p: f64) -> [f64; 2] {
        [0.0, self.lr]
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [last, size]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        let pending = -*size * sign(*last);
        let agreement = sign(g) * sign(*last);
        if agreement > 0.0 {
            *size *= self.etaplus;
        } else if agreement < 0.0 {
            *size *= self.etaminus;
        }
        *size = size.clamp(self.step_min, self.step_max);
        *last = if agreement < 0.0 { 0.0 } else { g };
        if agreement < 0.0 {
            p
        } else if self.delayed {
            p + pending
        } else {
            p - *size * sign(*last)
        }
    }

    fn presets() -> Vec<(Self, Self)> {
        let torch = Rprop {
            lr: 0.01,
            etaminus: 0.5,
            etaplus: 1.2,
            step_min: 1e-6,
            step_max: 50.0,
            delayed: false,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        vec![(Rprop::default(), torch), (Rprop::torch(), torch), (Rprop::optax(), Rprop { delayed: true, ..torch })]
    }

    fn options() -> Vec<Self> {
        vec![
            Rprop { etaminus: 0.0, step_min: 0.0, ..Rprop::default() },
            Rprop { etaplus: 1.0, ..Rprop::default() },
            Rprop { step_min: 0.01, step_max: 0.01, ..Rprop::default() },
            Rprop { lr: 1.0, step_min: 0.4, step_max: 1.3, maximize: true, ..Rprop::default() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        let step_min = dice.optional(1e-6, 1e-1);
        Rprop {
            lr: dice.lr(),
            etaminus: dice.fraction(),
            etaplus: 1.0 + dice.optional(1e-2, 1.0),
            step_min,
            step_max: step_min + dice.log(1e-2, 50.0),
            delayed: dice.flag(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
