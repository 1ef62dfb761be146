//! Sophia (Liu et al. 2023, algorithm 3) between two estimates of the Hessian: h does not change.

use super::{Bound, Dice, Oracle, decayed, ema};
use gradstep::{DecayForm, Sophia};

impl Oracle<2> for Sophia {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 8.0, state: 5.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, h]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *m = ema(self.beta1, *m, g);
        // `optax/contrib/_sophia.py` corrects m, the authors' code does not.
        let seen = if self.bias_correction { 1.0 - libm::pow(self.beta1, t as f64) } else { 1.0 };
        let newton = *m / seen / (self.gamma * *h).max(self.eps);
        p - self.lr * newton.clamp(-self.clip, self.clip)
    }

    fn presets() -> Vec<(Self, Self)> {
        let paper = Sophia {
            lr: 0.001,
            beta1: 0.965,
            beta2: 0.99,
            gamma: 0.01,
            eps: 1e-8,
            clip: 1.0,
            bias_correction: false,
            weight_decay: 0.0,
            decay_form: DecayForm::Decoupled,
            maximize: false,
        };
        vec![
            (Sophia::default(), paper),
            (Sophia::optax(), Sophia { weight_decay: 1e-4, bias_correction: true, ..paper }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            Sophia { clip: 0.5, ..Sophia::default() },
            Sophia { beta1: 0.0, ..Sophia::default() },
            Sophia { beta2: 0.0, gamma: 0.0, ..Sophia::default() },
            // The least denominator is far above the gradients: nothing is clipped.
            Sophia { lr: 0.3, beta1: 0.9999, eps: 1e3, ..Sophia::default() },
            Sophia { eps: 1e7, weight_decay: 0.5, maximize: true, ..Sophia::default() },
            Sophia { eps: 1e3, bias_correction: true, ..Sophia::default() },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Sophia {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            gamma: dice.optional(1e-3, 1.0),
            // Up to above the largest gradients, so that some steps are clipped and some are not.
            clip: dice.log(0.1, 10.0),
            eps: dice.log(1e-8, 1e7),
            bias_correction: dice.flag(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
