//! RAdam (Liu et al. 2019, algorithm 2), with epsilon beside the uncorrected root as in `torch.optim.RAdam` or beside
//! the corrected one as in `optax.radam`.

use super::{Bound, Dice, Oracle, decayed, ema, m_hat, rectification, seen};
use gradstep::{DecayForm, RAdam};

impl Oracle<2> for RAdam {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];
    const BOUND: Bound = Bound { param: 9.0, state: 6.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v]: &mut [f64; 2]) -> f64 {
        let (old, (p, g)) = (p, decayed!(self, p, g));
        *m = ema(self.beta1, *m, g);
        *v = ema(self.beta2, *v, g * g);
        let m_hat = m_hat(self.beta1, self.nesterov, t, *m, g);
        let seen2 = seen(self.beta2, t);
        match rectification(self.beta2, self.threshold, t) {
            Some(r) if self.eps_hat => {
                p - self.lr * r * m_hat * seen2.sqrt() / ((*v + self.eps_root * seen2).sqrt() + self.eps)
            }
            Some(r) => p - self.lr * r * m_hat / ((*v / seen2 + self.eps_root).sqrt() + self.eps),
            None if self.degenerated_to_sgd => p - self.lr * m_hat,
            None => old,
        }
    }

    fn presets() -> Vec<(Self, Self)> {
        let torch = RAdam {
            lr: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            eps_root: 0.0,
            eps_hat: true,
            threshold: 5.0,
            degenerated_to_sgd: true,
            nesterov: false,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
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
            RAdam { eps_root: 1e-3, nesterov: true, ..RAdam::default() },
            RAdam { eps_root: 1e-3, ..RAdam::optax() },
            RAdam { threshold: 4.5, ..RAdam::default() },
            RAdam {
                degenerated_to_sgd: false,
                weight_decay: 0.01,
                decay_form: DecayForm::Decoupled,
                ..RAdam::default()
            },
            RAdam { weight_decay: 0.01, decay_form: DecayForm::Decoupled, ..RAdam::default() },
            RAdam { lr: 0.3, beta1: 0.5, beta2: 0.8, weight_decay: 0.5, maximize: true, ..RAdam::optax() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        RAdam {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            eps: dice.eps(),
            eps_root: dice.optional(1e-10, 1e-2),
            eps_hat: dice.flag(),
            threshold: 4.5 + dice.roll(),
            degenerated_to_sgd: !dice.flag(),
            nesterov: dice.flag(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
