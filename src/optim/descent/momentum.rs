use crate::check;
use crate::error::Error;
use crate::math::Coefficient;
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{Decaying, Direction, DirectionVisitor};

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
    type Rule = Decaying<MomentumDirection>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("momentum_buffer")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let dampening = Coefficient::new(self.dampening);
        let direction = MomentumDirection {
            lr: check::rounded(self.lr),
            momentum: check::rounded(self.momentum),
            share: if t == 1 || dampening.is_zero() { 1.0 } else { dampening.complement().to_f32() },
            nesterov: self.nesterov,
        };
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

impl Direction<1> for MomentumDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, g: R, [b]: [R; 1]) -> (R, [R; 1]) {
        let momentum = R::splat(self.momentum);
        let b = momentum * b + R::splat(self.share) * g;
        let direction = if self.nesterov { g + momentum * b } else { b };
        (R::splat(self.lr) * direction, [b])
    }

    #[inline(always)]
    fn form<V: DirectionVisitor<1>>(&self, visitor: V) -> V::Output {
        let MomentumDirection { lr, momentum, share, nesterov } = *self;
        if share == 1.0 && !nesterov { visitor.visit(Usual { lr, momentum }) } else { visitor.general() }
    }

    #[inline(always)]
    fn fades(&self) -> [bool; 1] {
        [true]
    }
}

/// [`MomentumDirection`] without dampening and look-ahead.
#[derive(Clone, Copy)]
struct Usual {
    lr: f32,
    momentum: f32,
}

impl Direction<1> for Usual {
    #[inline(always)]
    fn lane<R: Real>(&self, g: R, [b]: [R; 1]) -> (R, [R; 1]) {
        let b = R::splat(self.momentum) * b + g;
        (R::splat(self.lr) * b, [b])
    }
}
