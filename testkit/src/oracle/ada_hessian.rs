//! AdaHessian (Yao et al. 2020) on an estimate of the Hessian's diagonal that the caller brings.

use super::{Bound, Dice, Oracle, decayed, ema, seen};
use gradstep::{AdaHessian, DecayForm};

impl Oracle<3> for AdaHessian {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 16.0, state: 6.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v, h]: &mut [f64; 3]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *m = ema(self.beta1, *m, g);
        *v = ema(self.beta2, *v, *h * *h);
        let diagonal = libm::pow((*v / seen(self.beta2, t)).sqrt(), self.hessian_power);
        p - self.lr * (*m / seen(self.beta1, t)) / (diagonal + self.eps)
    }

    fn presets() -> Vec<(Self, Self)> {
        let first = AdaHessian {
            lr: 0.1,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            hessian_power: 1.0,
            weight_decay: 0.0,
            decay_form: DecayForm::Decoupled,
            maximize: false,
        };
        vec![(AdaHessian::default(), first), (AdaHessian::timm(), first)]
    }

    fn options() -> Vec<Self> {
        vec![
            AdaHessian { beta1: 0.0, ..AdaHessian::default() },
            AdaHessian { beta2: 0.0, ..AdaHessian::default() },
            AdaHessian { hessian_power: 0.0, ..AdaHessian::default() },
            AdaHessian { hessian_power: 0.5, eps: 1e-3, ..AdaHessian::default() },
            AdaHessian {
                lr: 0.03,
                eps: 1.0,
                weight_decay: 0.1,
                decay_form: DecayForm::Coupled,
                ..AdaHessian::default()
            },
            AdaHessian {
                eps: 1.0,
                weight_decay: 0.01,
                decay_form: DecayForm::Fixed,
                maximize: true,
                ..AdaHessian::default()
            },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        AdaHessian {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            eps: dice.eps(),
            hessian_power: dice.optional(0.1, 1.0),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
