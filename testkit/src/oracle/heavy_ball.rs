//! Polyak's momentum with the learning rate inside the buffer: `v ← μv − lr·g; p ← p + v`.

use super::{Bound, Dice, Oracle, decayed};
use gradstep::{DecayForm, HeavyBall};

impl Oracle<1> for HeavyBall {
    type Memory = ();
    const FADING: &'static [usize] = &[0];
    const BOUND: Bound = Bound { param: 6.0, state: 6.0 };

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [v]: &mut [f64; 1]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        *v = self.momentum * *v - self.lr * g;
        p + *v
    }

    fn presets() -> Vec<(Self, Self)> {
        let textbook =
            HeavyBall { lr: 0.01, momentum: 0.9, weight_decay: 0.0, decay_form: DecayForm::Coupled, maximize: false };
        vec![
            (HeavyBall::default(), textbook),
            (HeavyBall::textbook(), textbook),
            (HeavyBall::keras(), HeavyBall { decay_form: DecayForm::Decoupled, ..textbook }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            HeavyBall { weight_decay: 0.01, ..HeavyBall::default() },
            HeavyBall { momentum: 0.0, ..HeavyBall::default() },
            HeavyBall { lr: 0.3, momentum: 0.99, weight_decay: 0.1, decay_form: DecayForm::Coupled, maximize: true },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        HeavyBall {
            lr: dice.lr(),
            momentum: dice.fraction(),
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
