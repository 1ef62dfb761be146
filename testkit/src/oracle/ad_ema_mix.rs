//! AdEMAMix (Pagliardini, Ablin & Grangier 2024, algorithm 1 and the schedules of its section 3).

use super::{Bound, Dice, Oracle, decayed, ema, seen};
use gradstep::{AdEmaMix, DecayForm};

/// The decay rate whose half-life is a share `done` of the way from that of `start` to that of `end`.
fn between_half_lives(start: f64, end: f64, done: f64) -> f64 {
    let half_life = |beta: f64| libm::log(0.5) / libm::log(beta);
    libm::pow(0.5, 1.0 / ((1.0 - done) * half_life(start) + done * half_life(end)))
}

impl Oracle<3> for AdEmaMix {
    type Memory = ();
    const FADING: &'static [usize] = &[0, 1, 2];
    const BOUND: Bound = Bound { param: 9.0, state: 5.0 };

    fn step(&self, t: u64, _memory: &mut (), p: f64, g: f64, [m1, m2, v]: &mut [f64; 3]) -> f64 {
        let (p, g) = decayed!(self, p, g);
        let share = |warmup: u64| if t < warmup { t as f64 / warmup as f64 } else { 1.0 };
        let alpha = self.alpha * share(self.alpha_warmup);
        let mut beta3 = self.beta3;
        if share(self.beta3_warmup) < 1.0 && self.beta1 > 0.0 && self.beta3 > 0.0 {
            beta3 = beta3.min(between_half_lives(self.beta1, beta3, share(self.beta3_warmup)));
        }
        *m1 = ema(self.beta1, *m1, g);
        *m2 = ema(beta3, *m2, g);
        *v = ema(self.beta2, *v, g * g);
        let (m_hat, v_hat) = (*m1 / seen(self.beta1, t), *v / seen(self.beta2, t));
        p - self.lr * (m_hat + alpha * *m2) / ((v_hat + self.eps_root).sqrt() + self.eps)
    }

    fn presets() -> Vec<(Self, Self)> {
        let optax = AdEmaMix {
            lr: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            beta3: 0.9999,
            alpha: 5.0,
            eps: 1e-8,
            eps_root: 0.0,
            alpha_warmup: 0,
            beta3_warmup: 0,
            weight_decay: 0.0,
            decay_form: DecayForm::Decoupled,
            maximize: false,
        };
        vec![(AdEmaMix::default(), optax), (AdEmaMix::optax(), optax)]
    }

    fn options() -> Vec<Self> {
        vec![
            AdEmaMix { eps_root: 1e-3, ..AdEmaMix::default() },
            AdEmaMix { beta1: 0.0, beta3_warmup: 100, ..AdEmaMix::default() },
            AdEmaMix { beta2: 0.0, ..AdEmaMix::default() },
            AdEmaMix { beta3: 0.0, beta3_warmup: 3, ..AdEmaMix::default() },
            AdEmaMix { alpha: 0.0, eps: 0.0, ..AdEmaMix::default() },
            AdEmaMix { alpha_warmup: 7, beta3_warmup: 5, ..AdEmaMix::default() },
            AdEmaMix { alpha_warmup: 1000, beta3_warmup: 1000, weight_decay: 0.1, ..AdEmaMix::default() },
            AdEmaMix {
                lr: 0.3,
                beta1: 0.5,
                beta2: 0.8,
                beta3: 0.9,
                alpha: 8.0,
                weight_decay: 0.5,
                maximize: true,
                ..AdEmaMix::default()
            },
        ]
    }

    fn random(dice: &mut Dice) -> Self {
        AdEmaMix {
            lr: dice.lr(),
            beta1: dice.fraction(),
            beta2: dice.fraction(),
            beta3: dice.fraction(),
            alpha: dice.optional(0.1, 10.0),
            eps: dice.eps(),
            eps_root: dice.optional(1e-10, 1e-2),
            alpha_warmup: dice.optional(1.0, 100.0) as u64,
            beta3_warmup: dice.optional(1.0, 100.0) as u64,
            weight_decay: dice.weight_decay(),
            decay_form: dice.decay_form(),
            maximize: dice.flag(),
        }
    }
}
