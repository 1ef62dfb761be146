//! AMSGrad (Reddi, Kale & Kumar 2018): Adam over the largest second moment so far, of the raw moments as in
//! `torch.optim.Adam(amsgrad=True)` or of the corrected ones as in `optax.amsgrad`.

use super::{Bound, Dice, Oracle, decayed, ema, seen};
use gradstep::{AmsGrad, DecayForm};

impl Oracle<3> for AmsGrad {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];
    const BOUND: Bound = Bound { param: 9.0, state: 6.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v, v_max]: &mut [f64; 3]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *m = ema(self.beta1, *m, g);
        *v = ema(self.beta2, *v, g * g);
        let m_hat = *m / seen(self.beta1, t);
        let v_hat = if self.max_of_corrected {
            *v_max = v_max.max(*v / seen(self.beta2, t));
            *v_max
        } else {
            *v_max = v_max.max(*v);
            *v_max / seen(self.beta2, t)
        };
        let root = (v_hat + self.eps_root).sqrt();
        if self.eps_hat {
            // Epsilon joins the uncorrected root.
            let correction = if self.max_of_corrected { 1.0 } else { seen(self.beta2, t).sqrt() };
            p - self.lr * m_hat * correction / (root * correction + self.eps)
        } else {
            p - self.lr * m_hat / (root + self.eps)
        }
    }

    fn presets() -> Vec<(Self, Self)> {
        let torch = AmsGrad {
            lr: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            eps_root: 0.0,
            eps_hat: false,
            max_of_corrected: false,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        vec![
            (AmsGrad::default(), torch),
            (AmsGrad::torch(), torch),
            (AmsGrad::torch_adamw(), AmsGrad { weight_decay: 0.01, decay_form: DecayForm::Decoupled, ..torch }),
            (AmsGrad::keras(), AmsGrad { eps: 1e-7, eps_hat: true, decay_form: DecayForm::Decoupled, ..torch }),
            (
                AmsGrad::keras_adamw(),
                AmsGrad { eps: 1e-7, eps_hat: true, weight_decay: 0.004, decay_form: DecayForm::Decoupled, ..torch },
            ),
            (AmsGrad::optax(), AmsGrad { max_of_corrected: true, ..torch }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            AmsGrad { beta1: 0.0, ..AmsGrad::default() },
            AmsGrad { beta2: 0.0, ..AmsGrad::optax() },
            AmsGrad { beta2: 0.9999, eps: 0.0, ..AmsGrad::default() },
            AmsGrad { eps_root: 1e-3, ..AmsGrad::keras() },
            AmsGrad { eps_root: 1e-3, ..AmsGrad::optax() },
            AmsGrad { weight_decay: 0.01, ..AmsGrad::default() },
            AmsGrad { lr: 0.3, beta1: 0.5, beta2: 0.8, weight_decay: 0.5, maximize: true, ..AmsGrad::torch_adamw() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        AmsGrad {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            eps: dice.eps(),
            eps_root: dice.optional(1e-10, 1e-2),
            eps_hat: dice.flag(),
            max_of_corrected: dice.flag(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
