use super::measures::{Squares, quotient};
use super::step::{Phases, WholeOptimizer};
use crate::check;
use crate::error::Error;
use crate::optim::Slot;
use crate::real::Real;
use crate::rule::{Off, Penalty, Rule, Switch};
use crate::sum::Sum;

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
    /// State: m (`exp_avg`), zeros at the start. Memory: v of the tensor, in f64, 0 at the start. Sum: of g².
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
        /// Weight decay, in the moment or beside the step.
        weight_decay: f64 in NonNegative = 0.0,
        /// Takes `lr · wd · p` off p instead of adding `wd · p` to the moment.
        decoupled: bool = false,
        /// Adds `1−β1` of what is new to the moment instead of all.
        grad_averaging: bool = false,
        /// Where v is 0, as after gradients of zeros alone, the next ‖g‖² becomes v.
        restarts: bool = true,
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

impl WholeOptimizer<1, 1> for NovoGrad {
    type Clock = u64;
    type Phases = NovoGradPhases;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("exp_avg")];

    fn phases(&self, t: u64, _: &mut u64) -> Result<NovoGradPhases, Error> {
        let rate = check::product("weight_decay", self.weight_decay, self.lr)?;
        Ok(NovoGradPhases {
            rule: NovoGradRule {
                scale: 0.0,
                in_moment: Penalty::new(if self.decoupled { 0.0 } else { check::rounded(self.weight_decay) }),
                beside: Penalty::new(if self.decoupled { rate } else { 0.0 }),
                beta1: check::rounded(self.beta1),
                share: if self.grad_averaging { (1.0 - self.beta1) as f32 } else { 1.0 },
                lr: check::rounded(self.lr),
            },
            is_first: t == 1,
            hyper: *self,
        })
    }
}

/// The two phases of [`NovoGrad`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NovoGradPhases {
    rule: NovoGradRule,
    is_first: bool,
    hyper: NovoGrad,
}

/// The rule of [`NovoGrad`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NovoGradRule {
    scale: f32,
    in_moment: Penalty,
    beside: Penalty,
    beta1: f32,
    share: f32,
    lr: f32,
}

impl Rule<1> for NovoGradRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m]: [R; 1]) -> (R, [R; 1]) {
        let p = self.beside.take_from(p, p);
        let new = self.in_moment.add_to(R::splat(self.scale) * g, p);
        let m = R::splat(self.beta1) * m + R::splat(self.share) * new;
        (p - R::splat(self.lr) * m, [m])
    }

    #[inline(always)]
    fn fades(&self) -> [bool; 1] {
        [true]
    }
}

impl Phases<1, 1> for NovoGradPhases {
    type Memory = f64;
    type Measure = Squares;
    type Update = NovoGradRule;

    fn measure(&self, _: &f64) -> Squares {
        Squares(Off)
    }

    fn update(&self, [squares]: &[Sum; 1], v: &mut f64) -> NovoGradRule {
        let NovoGrad { beta2, eps, eps_root, restarts, .. } = self.hyper;
        let squares = squares.value();
        let is_start = self.is_first || (restarts && *v == 0.0);
        *v = if is_start { squares } else { *v + (1.0 - beta2) * (squares - *v) };
        NovoGradRule { scale: quotient(1.0, libm::sqrt(*v + eps_root) + eps) as f32, ..self.rule }
    }
}
