//! Averaged SGD (Polyak & Juditsky 1992) as `torch.optim.ASGD` has it.

use super::{Bound, Dice, Oracle, decayed};
use gradstep::{Asgd, DecayForm};

impl Oracle<1> for Asgd {
    type Memory = ();
    const FADING: &'static [usize] = &[];
    const BOUND: Bound = Bound { param: 6.0, state: 7.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [a]: &mut [f64; 1]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        let done = (t - 1) as f64;
        let eta = self.lr / libm::pow(1.0 + self.lambda * self.lr * done, self.alpha);
        let p = p * (1.0 - self.lambda * eta) - eta * g;
        let mu = 1.0 / (done - self.t0).max(1.0);
        *a = if mu == 1.0 { p } else { *a + (p - *a) * mu };
        p
    }

    fn presets() -> Vec<(Self, Self)> {
        let torch = Asgd {
            lr: 0.01,
            lambda: 1e-4,
            alpha: 0.75,
            t0: 1e6,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        vec![(Asgd::default(), torch), (Asgd::torch(), torch)]
    }

    fn options() -> Vec<Self> {
        vec![
            Asgd { lambda: 0.1, t0: 3.0, ..Asgd::default() },
            Asgd { lambda: 0.0, t0: 0.0, ..Asgd::default() },
            Asgd {
                lr: 0.3,
                lambda: 0.01,
                alpha: 1.0,
                t0: 5.0,
                weight_decay: 0.1,
                decay_form: DecayForm::Coupled,
                maximize: true,
            },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Asgd {
            lr: dice.lr(),
            lambda: dice.optional(1e-5, 0.1),
            alpha: dice.optional(0.1, 1.0),
            t0: dice.optional(1.0, 10.0),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
