//! AdamW (Loshchilov & Hutter 2017): Adam on the gradient alone, and `p` shrinks by `lr·wd·p`.

use super::{Bound, Dice, Oracle, decayed, ema, seen};
use gradstep::{AdamW, DecayForm};

impl Oracle<2> for AdamW {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];
    const BOUND: Bound = Bound { param: 9.0, state: 5.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *m = ema(self.beta1, *m, g);
        *v = ema(self.beta2, *v, g * g);
        let (seen1, seen2) = if self.bias_correction { (seen(self.beta1, t), seen(self.beta2, t)) } else { (1.0, 1.0) };
        if self.eps_hat {
            p - self.lr * seen2.sqrt() / seen1 * *m / ((*v + self.eps_root * seen2).sqrt() + self.eps)
        } else {
            p - self.lr * (*m / seen1) / ((*v / seen2 + self.eps_root).sqrt() + self.eps)
        }
    }

    fn presets() -> Vec<(Self, Self)> {
        let torch = AdamW {
            lr: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            eps_root: 0.0,
            eps_hat: false,
            bias_correction: true,
            weight_decay: 0.01,
            decay_form: DecayForm::Decoupled,
            maximize: false,
        };
        vec![
            (AdamW::default(), torch),
            (AdamW::torch(), torch),
            (AdamW::optax(), AdamW { weight_decay: 1e-4, ..torch }),
            (AdamW::keras(), AdamW { eps: 1e-7, eps_hat: true, weight_decay: 0.004, ..torch }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            AdamW { beta1: 0.0, ..AdamW::default() },
            AdamW { beta2: 0.0, ..AdamW::default() },
            AdamW { beta2: 0.9999, eps: 0.0, ..AdamW::default() },
            AdamW { weight_decay: 0.0, ..AdamW::default() },
            AdamW { eps_root: 1e-3, bias_correction: false, ..AdamW::default() },
            AdamW { lr: 0.3, beta1: 0.5, beta2: 0.8, weight_decay: 0.5, maximize: true, ..AdamW::keras() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        AdamW {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            eps: dice.eps(),
            eps_root: dice.optional(1e-10, 1e-2),
            eps_hat: dice.flag(),
            bias_correction: !dice.flag(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
