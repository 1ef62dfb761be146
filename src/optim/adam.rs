use super::{Optimizer, bias_correction, next_step, second_moment_flush};
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
    first: Ema,
    second: Ema,
    scale: f32,
    eps: f32,
    eps_root: f32,
    flush: f32,
}

impl Optimizer<2> for Adam {
    type Clock = u64;
    type Rule = AdamRule;

    fn tick(&self, clock: &mut u64) -> Result<AdamRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::non_negative("lr", self.lr)?;
        let (first, second) = (Ema::new("beta1", self.beta1)?, Ema::new("beta2", self.beta2)?);
        let eps = check::non_negative("eps", self.eps)?;
        let eps_root = check::non_negative("eps_root", self.eps_root)?;
        let (seen1, seen2) = if self.bias_correction {
            (bias_correction(self.beta1, step), bias_correction(self.beta2, step))
        } else {
            (1.0, 1.0)
        };
        // Both sides of the fraction times √(1−β2ᵗ): v̂ is never formed, which saves a division an element.
        let root = libm::sqrt(seen2);
        let rule = AdamRule {
            objective: Objective::new(self.maximize, self.weight_decay)?,
            first,
            second,
            scale: check::coefficient("lr", lr * root / seen1)?,
            eps: if self.eps_hat { eps } else { eps * root } as f32,
            eps_root: (eps_root * seen2) as f32,
            flush: second_moment_flush(self.beta2, eps, eps_root),
        };
        *clock = step;
        Ok(rule)
    }
}

impl AdamRule {
    /// What a step takes off the parameter, and the new moments.
    #[inline(always)]
    pub(super) fn update<R: Real>(&self, p: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let g = self.objective.grad(p, g);
        let m = self.first.of(m, g);
        let v = self.second.of(v, g * g);
        let root = (v + R::splat(self.eps_root)).sqrt() + R::splat(self.eps);
        let update = R::splat(self.scale) * (m / root);
        (update, [m.flush_below(f32::MIN_POSITIVE), v.flush_below(self.flush)])
    }
}

impl Rule<2> for AdamRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, moments: [R; 2]) -> (R, [R; 2]) {
        let (update, moments) = self.update(p, g, moments);
        (p - update, moments)
    }
}
