//! NAdam (Dozat 2016) with the momentum schedule of `torch.optim.NAdam` and Keras, or the constant momentum of optax.

use super::{Bound, Dice, Oracle, decayed, ema, seen};
use gradstep::{DecayForm, NAdam};

/// The momentum of step `t`.
fn mu(o: &NAdam, t: u64) -> f64 {
    o.beta1 * (1.0 - o.momentum_warmup * libm::pow(0.96, t as f64 * o.momentum_decay))
}

impl Oracle<2> for NAdam {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];
    const BOUND: Bound = Bound { param: 10.0, state: 5.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *m = ema(self.beta1, *m, g);
        *v = ema(self.beta2, *v, g * g);
        // The product anew at every step, so that it depends on nothing that is carried along.
        let product: f64 = (1..=t).map(|step| mu(self, step)).product();
        let next = mu(self, t + 1);
        let g_hat = g / (1.0 - product);
        let m_hat = *m / (1.0 - if self.nesterov_correction { product * next } else { product });
        let v_hat = *v / seen(self.beta2, t);
        let nesterov = (1.0 - mu(self, t)) * g_hat + next * m_hat;
        p - self.lr * nesterov / ((v_hat + self.eps_root).sqrt() + self.eps)
    }

    fn presets() -> Vec<(Self, Self)> {
        let torch = NAdam {
            lr: 0.002,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            eps_root: 0.0,
            momentum_decay: 0.004,
            momentum_warmup: 0.5,
            nesterov_correction: true,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        let optax = NAdam { lr: 0.001, momentum_warmup: 0.0, ..torch };
        vec![
            (NAdam::default(), torch),
            (NAdam::torch(), torch),
            (
                NAdam::keras(),
                NAdam { lr: 0.001, eps: 1e-7, momentum_decay: 1.0, decay_form: DecayForm::Decoupled, ..torch },
            ),
            (NAdam::optax(), optax),
            (NAdam::optax_nadamw(), NAdam { weight_decay: 1e-4, decay_form: DecayForm::Decoupled, ..optax }),
            (
                NAdam::timm_nadamw(),
                NAdam { nesterov_correction: false, weight_decay: 0.01, decay_form: DecayForm::Decoupled, ..optax },
            ),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            NAdam { beta1: 0.0, ..NAdam::default() },
            NAdam { beta2: 0.0, ..NAdam::default() },
            NAdam { beta2: 0.9999, eps: 0.0, ..NAdam::default() },
            NAdam { momentum_warmup: 1.0, momentum_decay: 0.0, ..NAdam::default() },
            NAdam { eps_root: 1e-3, ..NAdam::default() },
            NAdam { weight_decay: 0.01, ..NAdam::default() },
            NAdam { weight_decay: 0.01, decay_form: DecayForm::Decoupled, ..NAdam::default() },
            NAdam { lr: 0.3, beta1: 0.5, beta2: 0.8, weight_decay: 0.5, maximize: true, ..NAdam::keras() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        NAdam {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            eps: dice.eps(),
            eps_root: dice.optional(1e-10, 1e-2),
            momentum_decay: dice.optional(1e-3, 2.0),
            momentum_warmup: if dice.flag() { dice.roll() } else { 0.0 },
            nesterov_correction: !dice.flag(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
