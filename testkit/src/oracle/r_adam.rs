//! RAdam (Liu et al. 2019, algorithm 2), with epsilon beside the uncorrected root as in `torch.optim.RAdam` or beside
//! the corrected one as in `optax.radam`.

use super::{Bound, Dice, Oracle, ema, objective, seen};
use gradstep::RAdam;

impl Oracle<2> for RAdam {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];
    const BOUND: Bound = Bound { param: 9.0, state: 6.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v]: &mut [f64; 2]) -> f64 {
        let (coupled, decoupled) =
            if self.decoupled_weight_decay { (0.0, self.weight_decay) } else { (self.weight_decay, 0.0) };
        let g = objective(self.maximize, coupled, p, g);
        *m = ema(self.beta1, *m, g);
        *v = ema(self.beta2, *v, g * g);
        let m_hat = *m / seen(self.beta1, t);
        let seen2 = seen(self.beta2, t);
        let longest = 2.0 / (1.0 - self.beta2) - 1.0;
        let length = longest - 2.0 * t as f64 * libm::pow(self.beta2, t as f64) / seen2;
        if length <= self.threshold && !self.degenerated_to_sgd {
            return p;
        }
        let direction = if length > self.threshold {
            let rectification =
                ((length - 4.0) * (length - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * length)).sqrt();
            let adaptive = if self.eps_hat {
                seen2.sqrt() / (v.sqrt() + self.eps)
            } else {
                1.0 / ((*v / seen2).sqrt() + self.eps)
            };
            rectification * adaptive * m_hat
        } else {
            m_hat
        };
        p * (1.0 - self.lr * decoupled) - self.lr * direction
    }

    fn presets() -> Vec<(Self, Self)> {
        let torch = RAdam {
            lr: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            eps_hat: true,
            threshold: 5.0,
            degenerated_to_sgd: true,
            weight_decay: 0.0,
            decoupled_weight_decay: false,
            maximize: false,
        };
        vec![(RAdam::default(), torch), (RAdam::torch(), torch), (RAdam::optax(), RAdam { eps_hat: false, ..torch })]
    }

    fn options() -> Vec<Self> {
        vec![
            RAdam { beta1: 0.0, ..RAdam::default() },
            RAdam { beta2: 0.0, ..RAdam::default() },
            RAdam { beta2: 0.9999, eps: 0.0, ..RAdam::default() },
            RAdam { weight_decay: 0.01, ..RAdam::default() },
            RAdam { threshold: 4.5, ..RAdam::default() },
            RAdam { degenerated_to_sgd: false, weight_decay: 0.01, decoupled_weight_decay: true, ..RAdam::default() },
            RAdam { weight_decay: 0.01, decoupled_weight_decay: true, ..RAdam::default() },
            RAdam { lr: 0.3, beta1: 0.5, beta2: 0.8, weight_decay: 0.5, maximize: true, ..RAdam::optax() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        RAdam {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            eps: dice.eps(),
            eps_hat: dice.flag(),
            threshold: 4.5 + dice.roll(),
            degenerated_to_sgd: !dice.flag(),
            weight_decay: dice.weight_decay(),
            decoupled_weight_decay: dice.flag(),
            maximize: dice.flag(),
        }
    }
}
