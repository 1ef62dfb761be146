//! Yogi (Zaheer et al. 2018, algorithm 2), with the corrections and the start of `optax.yogi`.

use super::{Bound, Dice, Oracle, decayed, ema, seen, sign};
use gradstep::{DecayForm, Yogi};

impl Oracle<2> for Yogi {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 8.0, state: 7.0 };

    fn start(&self, _p: f64) -> [f64; 2] {
        [self.initial_accumulator; 2]
    }

    fn sign_of(&self, p: f64, g: f64, [_, v]: &[f64; 2]) -> Option<f64> {
        let (_, g) = decayed!(self, p, g);
        Some(*v - g * g)
    }

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *m = ema(self.beta1, *m, g);
        *v -= (1.0 - self.beta2) * sign(*v - g * g) * g * g;
        let m_hat = *m / seen(self.beta1, t);
        let v_hat = *v / seen(self.beta2, t);
        p - self.lr * m_hat / (v_hat.sqrt() + self.eps)
    }

    fn presets() -> Vec<(Self, Self)> {
        let optax = Yogi {
            lr: 0.01,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-3,
            initial_accumulator: 1e-6,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        vec![
            (Yogi::default(), optax),
            (Yogi::optax(), optax),
            (Yogi::pytorch_optimizer(), Yogi { decay_form: DecayForm::Decoupled, ..optax }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            Yogi { beta1: 0.0, ..Yogi::default() },
            Yogi { beta2: 0.0, ..Yogi::default() },
            Yogi { beta2: 0.9999, eps: 0.0, initial_accumulator: 0.0, ..Yogi::default() },
            Yogi { weight_decay: 0.01, ..Yogi::default() },
            Yogi {
                lr: 0.3,
                beta1: 0.5,
                beta2: 0.8,
                eps: 1e-6,
                initial_accumulator: 1.0,
                weight_decay: 0.1,
                decay_form: DecayForm::Coupled,
                maximize: true,
            },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Yogi {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            eps: dice.eps(),
            initial_accumulator: dice.optional(1e-7, 1.0),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
