//! AMSGrad (Reddi, Kale & Kumar 2018): Adam over the largest second moment so far, of the raw moments as in
//! `torch.optim.Adam(amsgrad=True)` or of the corrected ones as in `optax.amsgrad`.

use super::{Bound, Dice, Oracle, ema, objective, seen};
use gradstep::AmsGrad;

impl Oracle<3> for AmsGrad {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];
    const BOUND: Bound = Bound { param: 9.0, state: 6.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v, v_max]: &mut [f64; 3]) -> f64 {
        let (coupled, decoupled) =
            if self.decoupled_weight_decay { (0.0, self.weight_decay) } else { (self.weight_decay, 0.0) };
        let g = objective(self.maximize, coupled, p, g);
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
        p * (1.0 - self.lr * decoupled) - self.lr * m_hat / (v_hat.sqrt() + self.eps)
    }

    fn presets() -> Vec<(Self, Self)> {
        let torch = AmsGrad {
            lr: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            max_of_corrected: false,
            weight_decay: 0.0,
            decoupled_weight_decay: false,
            maximize: false,
        };
        vec![
            (AmsGrad::default(), torch),
            (AmsGrad::torch(), torch),
            (AmsGrad::torch_adamw(), AmsGrad { weight_decay: 0.01, decoupled_weight_decay: true, ..torch }),
            (AmsGrad::optax(), AmsGrad { max_of_corrected: true, ..torch }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            AmsGrad { beta1: 0.0, ..AmsGrad::default() },
            AmsGrad { beta2: 0.0, ..AmsGrad::optax() },
            AmsGrad { beta2: 0.9999, eps: 0.0, ..AmsGrad::default() },
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
            max_of_corrected: dice.flag(),
            weight_decay: dice.weight_decay(),
            decoupled_weight_decay: dice.flag(),
            maximize: dice.flag(),
        }
    }
}
