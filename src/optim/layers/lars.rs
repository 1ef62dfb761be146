use crate::error::Error;
use crate::math::{self, Coefficient, Factor, trust_ratio};
use crate::optim::descent::MomentumDirection;
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction, Found, Pass, Passes, Penalty, Scope, Terms};

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
    /// State: b (`momentum_buffer`), zeros at the start. Looks at each tensor: the sums of p² and of g², or `(g + wd · p)²`.
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
        /// The fraction that is taken off u in the buffer after the first step; nothing where momentum is 0.
        dampening: f64 in Share = 0.0,
        /// Looks ahead along the buffer.
        nesterov: bool = false,
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
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
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

impl Optimizer<1> for Lars {
    type Clock = u64;
    type Rule = DecayedDescent<LarsDirection>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("momentum_buffer")];

    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let lr = if self.lr_in_buffer { 1.0 } else { self.lr };
        let dampening = if t == 1 || self.momentum == 0.0 { 0.0 } else { self.dampening };
        // The direction decays the gradient by itself, since the norm may be that without decay.
        let is_coupled = self.decay_form == DecayForm::Coupled;
        let direction = LarsDirection {
            decay: Penalty::new(if is_coupled { math::rounded(self.weight_decay) } else { 0.0 }),
            ratio: Factor::ONE,
            momentum: MomentumDirection::new(lr, self.momentum, dampening, self.nesterov),
            hyper: *self,
        };
        let beside = if is_coupled { 0.0 } else { self.weight_decay };
        Ok(descent(self.maximize, decay(self.decay_form, beside, Coefficient::new(self.lr))?, direction))
    }
}

/// [`Momentum`](crate::Momentum) of a gradient that is scaled by the trust ratio of its tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LarsDirection {
    decay: Penalty,
    ratio: Factor,
    momentum: MomentumDirection,
    hyper: Lars,
}

impl Direction<1> for LarsDirection {
    const PASSES: Passes = Passes::of(Pass::over(Scope::Tensor, 2));

    #[inline(always)]
    fn terms<R: Real>(&self, _: usize, p: R, g: R, _: [R; 1]) -> Terms<R> {
        let g = if self.hyper.norm_of_sum { self.decay.add_to(g, p) } else { g };
        Terms::of([[p, p], [g, g]])
    }

    #[inline]
    fn found(&mut self, _: usize, found: &mut Found<1>) {
        let [of_params, of_grads, ..] = found.sums.map(crate::math::sqrt);
        self.ratio = Factor::new(self.hyper.ratio(of_params, of_grads));
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; 1]) -> (R, [R; 1]) {
        self.momentum.lane(p, self.ratio.times(self.decay.add_to(g, p)), state)
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 1] {
        self.momentum.fades_below()
    }
}

impl Lars {
    /// What the gradient is multiplied by: the trust ratio, and the learning rate where that is inside the buffer.
    fn ratio(&self, of_params: f64, of_grads: f64) -> f64 {
        let Lars { lr, weight_decay, trust_coefficient, eps, always_adapt, adapts_zeros, norm_of_sum, .. } = *self;
        let weight_decay = if self.decay_form == DecayForm::Coupled { weight_decay } else { 0.0 };
        let of_decay = if norm_of_sum { 0.0 } else { weight_decay * of_params };
        let ratio = if !always_adapt && weight_decay == 0.0 {
            1.0
        } else {
            let ratio = if adapts_zeros && of_grads == 0.0 {
                trust_ratio(trust_coefficient, of_params, of_decay, eps)
            } else {
                trust_ratio(trust_coefficient, of_params, of_grads, of_decay + eps)
            };
            if self.trust_clip && ratio > lr {
                1.0
            } else if self.trust_clip {
                ratio / lr
            } else {
                ratio
            }
        };
        if self.lr_in_buffer { ratio * lr } else { ratio }
    }
}
