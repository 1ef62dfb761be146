//! LaProp (Ziyin, Wang & Ueda 2020, algorithm 1), with decoupled decay.

use super::{Bound, Dice, Oracle, ema, seen};
use gradstep::LaProp;

impl Oracle<2> for LaProp {
    type Memory = ();
    /// The second moment is exact down to zero: the default epsilon is too small to hide its end.
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 11.0, state: 14.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, v]: &mut [f64; 2]) -> f64 {
        let g = if self.maximize { -g } else { g };
        *v = ema(self.beta2, *v, g * g);
        *m = ema(self.beta1, *m, g / ((*v / seen(self.beta2, t)).sqrt() + self.eps));
        p - self.lr * (*m / seen(self.beta1, t) + self.weight_decay * p)
    }

    fn presets() -> Vec<(Self, Self)> {
        let authors = LaProp { lr: 4e-4, beta1: 0.9, beta2: 0.999, eps: 1e-15, weight_decay: 0.0, maximize: false };
        vec![(LaProp::default(), authors)]
    }

    fn options() -> Vec<Self> {
        vec![
            LaProp { beta1: 0.0, ..LaProp::default() },
            LaProp { beta2: 0.0, ..LaProp::default() },
            LaProp { beta2: 0.9999, eps: 0.0, ..LaProp::default() },
            LaProp { weight_decay: 0.1, ..LaProp::default() },
            LaProp { lr: 0.3, beta1: 0.5, beta2: 0.8, eps: 1e-3, weight_decay: 0.5, maximize: true },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        LaProp {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            eps: dice.eps(),
            weight_decay: dice.weight_decay(),
            maximize: dice.flag(),
        }
    }
}
