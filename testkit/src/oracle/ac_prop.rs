//! AcProp (Zhuang et al. 2021), as in `optax.contrib.acprop`.

use super::{Bound, Dice, Oracle, decayed, ema, seen};
use gradstep::{AcProp, DecayForm};

impl Oracle<2> for AcProp {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 6.0, state: 6.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m, s]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        let spread = if t == 1 { 1.0 } else { *s / seen(self.beta2, t - 1) };
        *s = ema(self.beta2, *s, (g - *m) * (g - *m)) + self.eps_root;
        *m = ema(self.beta1, *m, g);
        p - self.lr * g / (spread.sqrt() + self.eps)
    }

    fn presets() -> Vec<(Self, Self)> {
        let optax = AcProp {
            lr: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-16,
            eps_root: 1e-16,
            weight_decay: 0.0,
            decay_form: DecayForm::Decoupled,
            maximize: false,
        };
        vec![(AcProp::default(), optax), (AcProp::optax(), optax)]
    }

    fn options() -> Vec<Self> {
        vec![AcProp {
            lr: 0.03,
            beta1: 0.5,
            beta2: 0.8,
            eps: 1e-3,
            eps_root: 1e-6,
            weight_decay: 0.1,
            decay_form: DecayForm::Decoupled,
            maximize: true,
        }]
    }

    fn random(dice: &mut Dice) -> Self {
        AcProp {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            eps: dice.log(1e-10, 1e-2),
            eps_root: dice.log(1e-10, 1e-2),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
