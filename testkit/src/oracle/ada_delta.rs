//! AdaDelta (Zeiler 2012, algorithm 1): `Δx = −RMS[Δx]/RMS[g] · g` with `RMS[y] = √(E[y²] + eps)`; a learning rate
//! multiplies Δx.

use super::{Bound, Dice, Oracle, decayed, ema};
use gradstep::{AdaDelta, DecayForm};

impl Oracle<2> for AdaDelta {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1];
    const BOUND: Bound = Bound { param: 9.0, state: 14.0 };

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [of_grad, of_step]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        let rms = |mean_square: f64| (mean_square + self.eps).sqrt();
        *of_grad = ema(self.rho, *of_grad, g * g);
        let step = -rms(*of_step) * g / rms(*of_grad);
        *of_step = ema(self.rho, *of_step, step * step);
        p + self.lr * step
    }

    fn presets() -> Vec<(Self, Self)> {
        let torch = AdaDelta {
            lr: 1.0,
            rho: 0.9,
            eps: 1e-6,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        vec![
            (AdaDelta::default(), torch),
            (AdaDelta::torch(), torch),
            (
                AdaDelta::keras(),
                AdaDelta { lr: 0.001, rho: 0.95, eps: 1e-7, decay_form: DecayForm::Decoupled, ..torch },
            ),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            AdaDelta { rho: 0.0, ..AdaDelta::default() },
            AdaDelta { weight_decay: 0.01, ..AdaDelta::default() },
            AdaDelta {
                lr: 0.3,
                rho: 0.9999,
                eps: 1e-3,
                weight_decay: 0.1,
                decay_form: DecayForm::Coupled,
                maximize: true,
            },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        AdaDelta {
            lr: dice.lr(),
            rho: dice.fraction(),
            eps: dice.log(1e-10, 1e-2),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
