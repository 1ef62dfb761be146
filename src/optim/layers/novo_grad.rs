use crate::error::Error;
use crate::math::{self, Coefficient, Factor, TINY, quotient};
use crate::optim::descent::MomentumDirection;
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction, Found, Pass, Passes, Penalty, Scope, Terms};
use crate::shape::Extent;

hyper_parameters! {
    /// Momentum of gradients that are divided by a moving average of their tensor's norm.
    ///
    /// ```text
    /// v ← β2·v + (1−β2)·‖g‖²                               one number for the tensor; ‖g‖² in the first step
    /// m ← β1·m + share · (g / (√(v + eps_root) + eps) + wd · p)        share 1, or 1−β1 with grad_averaging
    /// p ← p − lr · m
    /// ```
    ///
    /// Source: Ginsburg et al., "Stochastic Gradient Methods with Layer-wise Adaptive Moments for Training of Deep Networks",
    /// 2019, arXiv 1905.11286.
    /// State: m (`exp_avg`), and v of each tensor over its number of elements (`exp_avg_sq`), so that its range is that of a squared
    /// gradient; zeros at the start. Looks at each tensor: the sum of g². Coupled decay is in the moment.
    ///
    /// | preset | betas | eps | v of 0 |
    /// |---|---|---|---|
    /// | [`NovoGrad::timm`], the default and the paper | .95, .98 | 1e-8 | takes the next ‖g‖² whole |
    /// | [`NovoGrad::optax`] | .9, .25 | 1e-6 | averages, after the first step |
    /// | [`NovoGrad::pytorch_optimizer`] | .95, .98 | 1e-8 | averages, after the first step |
    pub struct NovoGrad {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.95,
        beta2: f64 in Fraction = 0.98,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-8,
        /// Added to v inside the root.
        eps_root: f64 in NonNegative = 0.0,
        /// Adds `1−β1` of what is new to the moment instead of all.
        grad_averaging: bool = false,
        /// Where v is 0, as after gradients of zeros alone, the next ‖g‖² becomes v.
        restarts: bool = true,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `timm.optim.NvNovoGrad`, the default.
        timm = {};
        /// `optax.novograd`.
        optax = { beta1: 0.9, beta2: 0.25, eps: 1e-6, restarts: false, };
        /// `pytorch_optimizer.NovoGrad`.
        pytorch_optimizer = { restarts: false, };
    }
}

impl Optimizer<2> for NovoGrad {
    type Clock = u64;
    type Rule = DecayedDescent<NovoGradDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq").of_each(Extent::Tensor)];

    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let is_coupled = self.decay_form == DecayForm::Coupled;
        let averaged = if self.grad_averaging { self.beta1 } else { 0.0 };
        let direction = NovoGradDirection {
            scale: Factor::ZERO,
            decay: Penalty::new(if is_coupled { math::rounded(self.weight_decay) } else { 0.0 }),
            momentum: MomentumDirection::new(self.lr, self.beta1, averaged, false),
            is_first: t == 1,
            hyper: *self,
        };
        let beside = if is_coupled { 0.0 } else { self.weight_decay };
        Ok(descent(self.maximize, decay(self.decay_form, beside, Coefficient::new(self.lr))?, direction))
    }
}

/// [`Momentum`](crate::Momentum) of a gradient that is divided by the norm of its tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NovoGradDirection {
    scale: Factor,
    decay: Penalty,
    momentum: MomentumDirection,
    is_first: bool,
    hyper: NovoGrad,
}

impl Direction<2> for NovoGradDirection {
    const EXTENTS: [Extent; 2] = [Extent::Element, Extent::Tensor];
    const PASSES: Passes = Passes::of(Pass::over(Scope::Tensor, 1));

    #[inline(always)]
    fn terms<R: Real>(&self, _: usize, _: R, g: R, _: [R; 2]) -> Terms<R> {
        Terms::of([[g, g]])
    }

    #[inline]
    fn found(&mut self, _: usize, found: &mut Found<2>) {
        let NovoGrad { beta2, eps, eps_root, restarts, .. } = self.hyper;
        let ([squares, ..], len, [m, mean]) = (found.sums, found.len as f64, found.slots);
        let v = f64::from(mean) * len;
        let is_start = self.is_first || (restarts && v == 0.0);
        let v = if is_start { squares } else { v + (1.0 - beta2) * (squares - v) };
        found.slots = [m, math::stored(v / len)];
        self.scale = Factor::new(quotient(1.0, math::sqrt(v + eps_root) + eps));
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m, mean]: [R; 2]) -> (R, [R; 2]) {
        let g = self.decay.add_to(self.scale.times(g), p);
        let (update, [m]) = self.momentum.lane(p, g, [m]);
        (update, [m, mean])
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        [TINY, 0.0]
    }
}
