use super::second_moment::{Epsilon, SecondMoment};
use super::{Optimizer, bias_correction, next_step};
use crate::{Adapter, Ema, Error, Objective, Real, Rule, check};

/// Adaptive moment estimation.
///
/// ```text
/// m ← β1·m + (1−β1)·g
/// v ← β2·v + (1−β2)·g²
/// p ← p − lr · m̂ / (√v̂ + eps)        m̂ = m/(1−β1ᵗ), v̂ = v/(1−β2ᵗ)
/// ```
///
/// Source: Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2014, arXiv 1412.6980.
/// State: `[m, v]`, zeros at the start.
///
/// Three forms are in use, and they differ where epsilon and the corrections stand:
///
/// | preset | update |
/// |---|---|
/// | [`Adam::torch`], the default and the paper's algorithm 1 | `lr · m̂ / (√v̂ + eps)`, eps 1e-8 |
/// | [`Adam::keras`], the paper's section 2 and most textbook code | `lr·√(1−β2ᵗ)/(1−β1ᵗ) · m / (√v + eps)`, eps 1e-7: "epsilon hat", 31.6 times larger in effect at t = 1 |
/// | [`Adam::textbook`], the formula that textbooks print | `lr · m / √(v + eps)`, eps 1e-8 inside the root, no correction |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Learning rate, at least 0. Default 0.001.
    pub lr: f64,
    /// Decay rate of the first moment, in [0, 1). Default 0.9.
    pub beta1: f64,
    /// Decay rate of the second moment, in [0, 1). Default 0.999.
    pub beta2: f64,
    /// Added to the root, at least 0. Default 1e-8.
    pub eps: f64,
    /// Added to v̂ inside the root, at least 0. Default 0.
    pub eps_root: f64,
    /// Adds `eps` to the uncorrected √v instead of √v̂ ("epsilon hat"). Default false.
    pub eps_hat: bool,
    /// Divides the moments by what they have seen; off, m̂ is m and v̂ is v. Default true.
    pub bias_correction: bool,
    /// Coupled L2 penalty: `g + weight_decay · p`. Default 0. Decoupled: [`AdamW`](super::AdamW).
    pub weight_decay: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for Adam {
    fn default() -> Self {
        Adam {
            lr: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            eps_root: 0.0,
            eps_hat: false,
            bias_correction: true,
            weight_decay: 0.0,
            maximize: false,
        }
    }
}

impl Adam {
    /// `torch.optim.Adam`, the default.
    pub fn torch() -> Self {
        Adam::default()
    }

    /// `keras.optimizers.Adam`, TensorFlow's and the usual textbook code: epsilon hat, eps 1e-7.
    pub fn keras() -> Self {
        Adam { eps: 1e-7, eps_hat: true, ..Adam::default() }
    }

    /// The formula as textbooks print it: eps 1e-8 inside the root, no bias correction.
    pub fn textbook() -> Self {
        Adam { eps: 0.0, eps_root: 1e-8, bias_correction: false, ..Adam::default() }
    }
}

/// One step of [`Adam`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamRule {
    objective: Objective,
    direction: AdamDirection,
}

impl Optimizer<2> for Adam {
    type Clock = u64;
    type Rule = AdamRule;

    fn tick(&self, clock: &mut u64) -> Result<AdamRule, Error> {
        let step = next_step(*clock)?;
        let rule = AdamRule {
            objective: Objective::new(self.maximize, self.weight_decay)?,
            direction: AdamDirection::new(self, step)?,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<2> for AdamRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(AdamRule { objective: self.objective.plain::<DECAYS>()?, direction: self.direction.plain()? })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, moments: [R; 2]) -> (R, [R; 2]) {
        let (update, moments) = self.direction.of(self.objective.grad(p, g), moments);
        (p - update, moments)
    }
}

/// Adam's update from a gradient and the moments, without the parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct AdamDirection {
    first: Ema,
    second: SecondMoment,
    scale: f32,
}

impl AdamDirection {
    pub(super) fn new(adam: &Adam, step: u64) -> Result<Self, Error> {
        let lr = check::non_negative("lr", adam.lr)?;
        let (seen1, seen2) = if adam.bias_correction {
            (bias_correction(adam.beta1, step), bias_correction(adam.beta2, step))
        } else {
            (1.0, 1.0)
        };
        let epsilon = Epsilon { eps: adam.eps, eps_root: adam.eps_root, hat: adam.eps_hat };
        Ok(AdamDirection {
            first: Ema::new("beta1", adam.beta1)?,
            second: SecondMoment::new("beta2", adam.beta2, epsilon, seen2)?,
            scale: check::coefficient("lr", lr * libm::sqrt(seen2) / seen1)?,
        })
    }

    #[inline(always)]
    pub(super) fn plain(self) -> Option<Self> {
        Some(AdamDirection { second: self.second.plain()?, ..self })
    }

    /// What a step takes off the parameter, and the new moments.
    #[inline(always)]
    pub(super) fn of<R: Real>(&self, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let m = self.first.of(m, g);
        let v = self.second.of(v, g);
        let update = R::splat(self.scale) * (m / self.second.root(v));
        (update, [m.flush_below(f32::MIN_POSITIVE), self.second.stored(v)])
    }
}
