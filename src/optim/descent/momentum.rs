use crate::error::Error;
use crate::math::{self, Coefficient, TINY};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

hyper_parameters! {
    /// Momentum as PyTorch writes it, with the learning rate outside the buffer.
    ///
    /// ```text
    /// b ← g at t = 1, then b ← μ·b + (1−dampening)·g
    /// p ← p − lr · b, or p ← p − lr · (g + μ·b) with nesterov
    /// ```
    ///
    /// Source: Polyak 1964; Sutskever, Martens, Dahl & Hinton, "On the importance of initialization and momentum in deep
    /// learning", 2013, as in `torch.optim.SGD`.
    /// State: b (`momentum_buffer`), zeros at the start. A checkpoint of PyTorch or timm has no number of steps: go on from it
    /// with a clock of at least 1, since the first step of a clock takes its gradient without dampening.
    ///
    /// It differs from [`HeavyBall`](crate::HeavyBall) and [`Nesterov`](crate::Nesterov), the textbooks' forms, as soon as
    /// `lr` changes: here the new rate applies to earlier gradients too.
    pub struct Momentum {
        lr: f64 in NonNegative = 0.01,
        /// Momentum μ. PyTorch takes 1 and more too, with which the buffer never forgets.
        momentum: f64 in Fraction = 0.9,
        /// The fraction that is taken off each gradient after the first. PyTorch refuses nesterov with dampening; here
        /// they combine as the formula says. PyTorch takes numbers outside this range too, with which a gradient counts
        /// against its direction or more than once.
        dampening: f64 in Share = 0.0,
        /// Steps from the look-ahead point.
        nesterov: bool = false,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `torch.optim.SGD(momentum=0.9)`: lr 0.001.
        torch = { lr: 1e-3, };
        /// `timm.optim.SGDW(momentum=0.9)`: lr 0.001, decay is decoupled.
        timm_sgdw = { lr: 1e-3, decay_form: DecayForm::Decoupled, };
    }
}

impl Optimizer<1> for Momentum {
    type Clock = u64;
    type Rule = DecayedDescent<MomentumDirection>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("momentum_buffer")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let dampening = if t == 1 { 0.0 } else { self.dampening };
        let direction = MomentumDirection::new(self.lr, self.momentum, dampening, self.nesterov);
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

/// The momentum buffer, or Nesterov's look-ahead from it, times the learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MomentumDirection {
    lr: f32,
    momentum: f32,
    share: f32,
    nesterov: bool,
}

impl MomentumDirection {
    /// The arguments have been checked.
    #[inline]
    pub(crate) fn new(lr: f64, momentum: f64, dampening: f64, nesterov: bool) -> Self {
        let dampening = Coefficient::new(dampening);
        MomentumDirection {
            lr: math::rounded(lr),
            momentum: math::rounded(momentum),
            share: if dampening.is_zero() { 1.0 } else { dampening.complement().to_f32() },
            nesterov,
        }
    }
}

impl Direction<1> for MomentumDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [b]: [R; 1]) -> (R, [R; 1]) {
        let momentum = R::splat(self.momentum);
        let b = momentum * b + R::splat(self.share) * g;
        let direction = if self.nesterov { g + momentum * b } else { b };
        (R::splat(self.lr) * direction, [b])
    }

    /// Without dampening and look-ahead.
    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        let usual = MomentumDirection { share: 1.0, nesterov: false, ..self };
        (self.share == 1.0 && !self.nesterov).then_some(usual)
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 1] {
        [TINY]
    }
}
