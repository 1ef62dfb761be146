//! FTRL-proximal (McMahan et al. 2013, algorithm 1) with the penalties of `keras.optimizers.Ftrl`.

use super::{Bound, Dice, Oracle, decayed, sign};
use gradstep::{DecayForm, Ftrl};

impl Oracle<2> for Ftrl {
    type Memory = ();
    const FADING: &'static [usize] = &[];
    const BOUND: Bound = Bound { param: 17.0, state: 7.0 };

    /// Powers by square roots are less accurate than one root.
    fn bound(&self) -> Bound {
        if self.power == 0.5 { Self::BOUND } else { Bound { param: 36.0, state: 34.0 } }
    }

    fn start(&self, _p: f64) -> [f64; 2] {
        [0.0, self.initial_accumulator]
    }

    fn step(&self, _t: u64, _memory: &mut (), p: f64, g: f64, [z, n]: &mut [f64; 2]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        let shrunk = g + 2.0 * self.l2_shrinkage * p;
        let sum = *n + g * g;
        // sum^power − n^power, without its cancellation.
        let growth = if self.power == 0.5 {
            if g == 0.0 { 0.0 } else { g * g / (sum.sqrt() + n.sqrt()) }
        } else if *n == 0.0 {
            libm::pow(sum, self.power) - libm::pow(0.0, self.power)
        } else {
            libm::pow(*n, self.power) * libm::expm1(self.power * libm::log1p(g * g / *n))
        };
        *z += shrunk - growth / self.lr * p;
        *n = sum;
        let quadratic = libm::pow(sum, self.power) / self.lr + 2.0 * (self.l2 + self.beta / (2.0 * self.lr));
        if z.abs() <= self.l1 { 0.0 } else { (sign(*z) * self.l1 - *z) / quadratic }
    }

    fn presets() -> Vec<(Self, Self)> {
        let paper = Ftrl {
            lr: 0.001,
            initial_accumulator: 0.1,
            l1: 0.0,
            l2: 0.0,
            l2_shrinkage: 0.0,
            beta: 0.0,
            power: 0.5,
            weight_decay: 0.0,
            decay_form: DecayForm::Coupled,
            maximize: false,
        };
        vec![
            (Ftrl::default(), paper),
            (Ftrl::paper(), paper),
            (Ftrl::keras(), Ftrl { decay_form: DecayForm::Decoupled, ..paper }),
        ]
    }

    fn options() -> Vec<Self> {
        vec![
            Ftrl { l1: 0.5, ..Ftrl::default() },
            Ftrl { l2: 0.5, ..Ftrl::default() },
            Ftrl { initial_accumulator: 0.0, ..Ftrl::default() },
            Ftrl { l2_shrinkage: 0.01, ..Ftrl::default() },
            Ftrl { power: 0.4, ..Ftrl::default() },
            Ftrl { power: 0.75, l1: 0.01, ..Ftrl::default() },
            Ftrl { power: 0.0, ..Ftrl::default() },
            Ftrl { power: 1.0, ..Ftrl::default() },
            Ftrl {
                lr: 0.3,
                initial_accumulator: 1.0,
                l1: 0.1,
                l2: 0.1,
                l2_shrinkage: 0.1,
                beta: 1.0,
                weight_decay: 0.1,
                maximize: true,
                ..Ftrl::default()
            },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        Ftrl {
            lr: dice.lr(),
            initial_accumulator: dice.log(1e-3, 1.0),
            l1: dice.optional(1e-4, 1.0),
            l2: dice.optional(1e-4, 1.0),
            l2_shrinkage: dice.optional(1e-4, 0.1),
            beta: dice.optional(1e-2, 1.0),
            power: if dice.flag() { dice.roll() } else { 0.5 },
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
