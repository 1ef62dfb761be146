//! RMSprop as TensorFlow 1 has it: epsilon inside the root, a mean square that starts at one, lr inside the buffer.

use super::{Bound, Dice, Oracle, decayed, ema};
use gradstep::{DecayForm, RmsPropTf};

impl Oracle<2> for RmsPropTf {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];
    const BOUND: Bound = Bound { param: 9.0, state: 10.0 };

    fn start(&self, _p: f64) -> [f64; 2] {
        [self.initial_square, 0.0]
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [h, b]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *h = ema(self.decay, *h, g * g);
        let u = g / (*h + self.eps).sqrt();
        if self.lr_in_buffer {
            *b = self.momentum * *b + self.lr * u;
            p - *b
        } else {
            *b = self.momentum * *b + u;
            p - self.lr * *b
        }
    }

    fn presets() -> Vec<(Self, Self)> {
        let tensorflow = RmsPropTf {
            lr: 0.001,
            decay: 0.9,
            momentum: 0.0,
            eps: 1e-10,
            initial_square: 1.0,
            lr_in_buffer: true,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        vec![(RmsPropTf::default(), tensorflow), (RmsPropTf::timm(), RmsPropTf { lr: 0.01, ..tensorflow })]
    }

    fn options() -> Vec<Self> {
        vec![
            RmsPropTf { decay: 0.0, ..RmsPropTf::default() },
            RmsPropTf { momentum: 0.9, ..RmsPropTf::default() },
            RmsPropTf { momentum: 0.9, lr_in_buffer: false, ..RmsPropTf::default() },
            RmsPropTf { decay: 0.9999, eps: 1e-3, initial_square: 0.0, ..RmsPropTf::default() },
            RmsPropTf { lr: 0.3, momentum: 0.5, weight_decay: 0.1, maximize: true, ..RmsPropTf::default() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        RmsPropTf {
            lr: dice.lr(),
            decay: dice.fraction(),
            momentum: dice.fraction(),
            eps: dice.eps(),
            initial_square: dice.optional(1e-3, 10.0),
            lr_in_buffer: dice.flag(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
