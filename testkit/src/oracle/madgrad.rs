//! MADGRAD (Defazio & Jelassi 2021, algorithm 1), as `madgrad/madgrad.py` of the authors has it: lr + eps where lr is not 0.

use super::{Bound, Dice, Oracle, decayed};
use gradstep::{DecayForm, Madgrad};

impl Oracle<3> for Madgrad {
    type Memory = ();
    const FADING: &'static [usize] = &[];
    const BOUND: Bound = Bound { param: 11.0, state: 6.0 };

    fn start(&self, p: f64) -> [f64; 3] {
        [0.0, 0.0, p]
    }

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [s, v, start]: &mut [f64; 3]) -> f64 {
        let (old, (_, g)) = (p, decayed!(self, p, g));
        let rate = if self.lr == 0.0 { 0.0 } else { self.lr + self.eps };
        let lambda = rate * libm::sqrt(t as f64);
        *s += lambda * g;
        *v += lambda * g * g;
        let z = *start - *s / (libm::cbrt(*v) + self.eps);
        // The authors decay the parameter of before the step, by the rate with epsilon.
        let decay = match self.decay_form {
            DecayForm::Decoupled | DecayForm::InUpdate => rate * self.weight_decay,
            DecayForm::Fixed => self.weight_decay,
            _ => 0.0,
        };
        let stays = if decay == 0.0 { self.momentum } else { self.momentum - decay };
        stays * old + (1.0 - self.momentum) * z
    }

    fn presets() -> Vec<(Self, Self)> {
        let authors = Madgrad {
            lr: 0.01,
            momentum: 0.9,
            eps: 1e-6,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        vec![(Madgrad::default(), authors), (Madgrad::authors(), authors)]
    }

    fn options() -> Vec<Self> {
        vec![
            Madgrad { momentum: 0.0, ..Madgrad::default() },
            Madgrad { weight_decay: 0.1, ..Madgrad::default() },
            Madgrad {
                lr: 0.3,
                momentum: 0.99,
                eps: 1e-3,
                weight_decay: 0.5,
                decay_form: DecayForm::Coupled,
                maximize: true,
            },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Madgrad {
            lr: dice.lr(),
            momentum: dice.fraction(),
            eps: dice.log(1e-10, 1e-2),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
