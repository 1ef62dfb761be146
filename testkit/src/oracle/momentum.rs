//! Momentum as `torch.optim.SGD` documents it: `b ← g` first, then `b ← μb + (1−d)g`; `p ← p − lr·b`, or
//! `p − lr·(g + μb)` with nesterov.

use super::{Bound, Dice, Oracle, decayed};
use gradstep::{DecayForm, Momentum};

impl Oracle<1> for Momentum {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 7.0, state: 6.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [b]: &mut [f64; 1]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *b = if t == 1 { g } else { self.momentum * *b + (1.0 - self.dampening) * g };
        p - self.lr * if self.nesterov { g + self.momentum * *b } else { *b }
    }

    fn presets() -> Vec<(Self, Self)> {
        let default = Momentum {
            lr: 0.01,
            momentum: 0.9,
            dampening: 0.0,
            nesterov: false,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        vec![
            (Momentum::default(), default),
            (Momentum::torch(), Momentum { lr: 0.001, ..default }),
            (Momentum::timm_sgdw(), Momentum { lr: 0.001, decay_form: DecayForm::Decoupled, ..default }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            Momentum { dampening: 0.5, ..Momentum::default() },
            Momentum { dampening: 1.0, ..Momentum::default() },
            Momentum { nesterov: true, ..Momentum::default() },
            Momentum { weight_decay: 0.01, ..Momentum::default() },
            Momentum { momentum: 0.0, nesterov: true, ..Momentum::default() },
            Momentum {
                lr: 0.3,
                momentum: 0.99,
                dampening: 0.1,
                nesterov: true,
                weight_decay: 0.1,
                decay_form: DecayForm::Coupled,
                maximize: true,
            },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Momentum {
            lr: dice.lr(),
            momentum: dice.fraction(),
            dampening: if dice.flag() { dice.roll() } else { 0.0 },
            nesterov: dice.flag(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
