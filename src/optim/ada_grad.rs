use super::{Optimizer, fill, next_step};
use crate::{Adapter, Error, Objective, Real, Rule, check};

/// Adaptive subgradient: each element's rate falls with the squares that it has seen.
///
/// ```text
/// h ← h + g²
/// p ← p − lr/(1+(t−1)·lr_decay) · g / (√h + eps)
/// ```
///
/// Source: Duchi, Hazan & Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", 2011.
/// State: `[h]`, starts at `initial_accumulator`: fill it with [`Optimizer::init`].
///
/// | preset | lr | epsilon | initial accumulator |
/// |---|---|---|---|
/// | default, the textbooks' code | 0.01 | 1e-7 | 0 |
/// | [`AdaGrad::textbook`], the formula | 0.01 | 1e-7 | 1e-7 |
/// | [`AdaGrad::torch`] | 0.01 | 1e-10 | 0 |
/// | [`AdaGrad::keras`] | 0.001 | 1e-7 inside the root | 0.1 |
/// | [`AdaGrad::optax`] | 0.01 (optax has no default) | 1e-7 inside the root | 0.1 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaGrad {
    /// Learning rate, at least 0. Default 0.01.
    pub lr: f64,
    /// How fast the rate falls with the step, at least 0. Default 0.
    pub lr_decay: f64,
    /// What `h` starts at, at least 0. Default 0.
    pub initial_accumulator: f64,
    /// Added to the root, at least 0. Default 1e-7.
    pub eps: f64,
    /// Added inside the root, at least 0. Default 0.
    pub eps_root: f64,
    /// Coupled L2 penalty: `g + weight_decay · p`. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for AdaGrad {
    fn default() -> Self {
        AdaGrad {
            lr: 0.01,
            lr_decay: 0.0,
            initial_accumulator: 0.0,
            eps: 1e-7,
            eps_root: 0.0,
            weight_decay: 0.0,
            maximize: false,
        }
    }
}

impl AdaGrad {
    /// `torch.optim.Adagrad`: eps 1e-10.
    pub fn torch() -> Self {
        AdaGrad { eps: 1e-10, ..AdaGrad::default() }
    }

    /// `keras.optimizers.Adagrad`: lr 0.001, accumulator from 0.1, eps 1e-7 inside the root.
    pub fn keras() -> Self {
        AdaGrad { lr: 1e-3, ..AdaGrad::optax() }
    }

    /// `optax.adagrad`: accumulator from 0.1, eps 1e-7 inside the root.
    pub fn optax() -> Self {
        AdaGrad { initial_accumulator: 0.1, eps: 0.0, eps_root: 1e-7, ..AdaGrad::default() }
    }

    /// The formula as textbooks print it: the accumulator starts at epsilon too.
    pub fn textbook() -> Self {
        AdaGrad { initial_accumulator: 1e-7, ..AdaGrad::default() }
    }
}

/// One step of [`AdaGrad`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaGradRule {
    objective: Objective,
    lr: f32,
    eps: f32,
    eps_root: f32,
}

impl Optimizer<1> for AdaGrad {
    type Clock = u64;
    type Rule = AdaGradRule;

    fn tick(&self, clock: &mut u64) -> Result<AdaGradRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::non_negative("lr", self.lr)?;
        let lr_decay = check::non_negative("lr_decay", self.lr_decay)?;
        check::non_negative("initial_accumulator", self.initial_accumulator)?;
        let rule = AdaGradRule {
            objective: Objective::new(self.maximize, self.weight_decay)?,
            lr: (lr / (1.0 + (step - 1) as f64 * lr_decay)) as f32,
            eps: check::non_negative("eps", self.eps)? as f32,
            eps_root: check::non_negative("eps_root", self.eps_root)? as f32,
        };
        *clock = step;
        Ok(rule)
    }

    fn init(&self, params: &[f32], state: [&mut [f32]; 1]) -> Result<(), Error> {
        let start = check::non_negative("initial_accumulator", self.initial_accumulator)?;
        fill(params, state, [start as f32])
    }
}

impl Rule<1> for AdaGradRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(AdaGradRule { objective: self.objective.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [h]: [R; 1]) -> (R, [R; 1]) {
        let g = self.objective.grad(p, g);
        let h = h + g * g;
        let root = (h + R::splat(self.eps_root)).sqrt() + R::splat(self.eps);
        (p - R::splat(self.lr) * (g / root), [h])
    }
}
