use super::measures::{norms, trust_ratio};
use super::step::{Phases, WholeOptimizer};
use crate::check;
use crate::error::Error;
use crate::optim::Slot;
use crate::real::Real;
use crate::rule::{Measure, Penalty, Rule, Switch};
use crate::sum::Sum;

hyper_parameters! {
    /// Momentum whose gradient is scaled to a length in proportion to that of the parameters, for large batches.
    ///
    /// ```text
    /// u ← trust_coefficient · ‖p‖ / (‖g‖ + wd · ‖p‖ + eps) · (g + wd · p)        the ratio is 1 where a norm is 0
    /// b ← momentum · b + (1 − dampening) · u                                    b ← u in the first step
    /// p ← p − lr · b                                                            nesterov: lr · (u + momentum · b)
    /// ```
    ///
    /// Source: You, Gitman & Ginsburg, "Large Batch Training of Convolutional Networks", 2017, arXiv 1708.03888.
    /// State: b (`momentum_buffer`), zeros at the start. Sums: of p² and of g², or `(g + wd · p)²`.
    ///
    /// | preset | differs in |
    /// |---|---|
    /// | [`Lars::timm`], the default | eps 1e-8; a tensor without weight decay has ratio 1 |
    /// | [`Lars::larc`], timm's and apex's LARC | the same, and the ratio over lr is at most 1 |
    /// | [`Lars::optax`] | eps 0; the ratio has `‖g + wd · p‖`; every tensor has it; lr is inside the buffer |
    /// | [`Lars::pytorch_optimizer`] | eps 0; every tensor has its ratio, with a gradient of zeros too |
    pub struct Lars {
        lr: f64 in NonNegative = 1.0,
        /// Decay rate of the buffer.
        momentum: f64 in Fraction = 0.9,
        /// The part of u that is left out of the buffer.
        dampening: f64 in Share = 0.0,
        /// Looks ahead along the buffer.
        nesterov: bool = false,
        /// Weight decay, in the gradient.
        weight_decay: f64 in NonNegative = 0.0,
        /// The length of a step over that of the parameters, at a learning rate of 1.
        trust_coefficient: f64 in Positive = 1e-3,
        /// Added below the ratio.
        eps: f64 in NonNegative = 1e-8,
        /// The ratio over lr is at most 1: LARC.
        trust_clip: bool = false,
        /// Without weight decay too, the gradient has its ratio.
        always_adapt: bool = false,
        /// A gradient of zeros has its ratio too, so that weight decay has.
        adapts_zeros: bool = false,
        /// The ratio has `‖g + wd · p‖` instead of `‖g‖ + wd · ‖p‖`.
        norm_of_sum: bool = false,
        /// The buffer holds steps instead of gradients.
        lr_in_buffer: bool = false,
    }
    presets {
        /// `timm.optim.Lars`, the default.
        timm = {};
        /// `timm.optim.Lars` with `trust_clip`, `apex.parallel.LARC`.
        larc = { trust_clip: true, };
        /// `optax.lars`.
        optax = { eps: 0.0, always_adapt: true, norm_of_sum: true, lr_in_buffer: true, };
        /// `pytorch_optimizer.LARS`.
        pytorch_optimizer = { eps: 0.0, always_adapt: true, adapts_zeros: true, };
    }
}

impl WholeOptimizer<1, 2> for Lars {
    type Clock = u64;
    type Phases = LarsPhases;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("momentum_buffer")];

    fn phases(&self, t: u64, _: &mut u64) -> Result<LarsPhases, Error> {
        let decay = Penalty::new(check::rounded(self.weight_decay));
        Ok(LarsPhases { decay, is_first: t == 1, hyper: *self })
    }
}

/// The two phases of [`Lars`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LarsPhases {
    decay: Penalty,
    is_first: bool,
    hyper: Lars,
}

/// The squares that [`Lars`] sums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LarsMeasure {
    decay: Penalty,
}

/// The rule of [`Lars`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LarsRule {
    decay: Penalty,
    ratio: f32,
    momentum: f32,
    share: f32,
    nesterov: bool,
    rate: f32,
}

impl Measure<1, 2> for LarsMeasure {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, _: [R; 1]) -> [[R; 2]; 2] {
        let g = self.decay.add_to(g, p);
        [[p, p], [g, g]]
    }
}

impl Rule<1> for LarsRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [b]: [R; 1]) -> (R, [R; 1]) {
        let momentum = R::splat(self.momentum);
        let u = R::splat(self.ratio) * self.decay.add_to(g, p);
        let b = momentum * b + R::splat(self.share) * u;
        let direction = if self.nesterov { u + momentum * b } else { b };
        (p - R::splat(self.rate) * direction, [b])
    }

    #[inline(always)]
    fn fades(&self) -> [bool; 1] {
        [true]
    }
}

impl Phases<1, 2> for LarsPhases {
    type Memory = ();
    type Measure = LarsMeasure;
    type Update = LarsRule;

    fn measure(&self, (): &()) -> LarsMeasure {
        LarsMeasure { decay: if self.hyper.norm_of_sum { self.decay } else { Penalty::new(0.0) } }
    }

    fn update(&self, sums: &[Sum; 2], (): &mut ()) -> LarsRule {
        let Lars { lr, weight_decay, trust_coefficient, eps, always_adapt, adapts_zeros, norm_of_sum, .. } = self.hyper;
        let (of_params, of_grads) = norms(sums);
        let of_decay = if norm_of_sum { 0.0 } else { weight_decay * of_params };
        let ratio = if !always_adapt && weight_decay == 0.0 {
            1.0
        } else {
            let ratio = if adapts_zeros && of_grads == 0.0 {
                trust_ratio(trust_coefficient, of_params, of_decay, eps)
            } else {
                trust_ratio(trust_coefficient, of_params, of_grads, of_decay + eps)
            };
            if self.hyper.trust_clip && ratio > lr {
                1.0
            } else if self.hyper.trust_clip {
                ratio / lr
            } else {
                ratio
            }
        };
        let (inner, outer) = if self.hyper.lr_in_buffer { (ratio * lr, 1.0) } else { (ratio, lr) };
        LarsRule {
            decay: self.decay,
            ratio: inner as f32,
            momentum: self.hyper.momentum as f32,
            share: if self.is_first { 1.0 } else { (1.0 - self.hyper.dampening) as f32 },
            nesterov: self.hyper.nesterov,
            rate: outer as f32,
        }
    }
}
