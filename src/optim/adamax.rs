use super::{Optimizer, bias_correction, next_step};
use crate::{Adapter, Ema, Error, Objective, Real, Rule, check};

/// Adam with the infinity norm in place of the second moment.
///
/// ```text
/// m ← β1·m + (1−β1)·g
/// u ← max(β2·u, |g| + eps)
/// p ← p − lr/(1−β1ᵗ) · m/u
/// ```
///
/// Source: Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2014, arXiv 1412.6980, section 7.1.
/// State: `[m, u]`, zeros at the start.
///
/// | preset | lr | epsilon |
/// |---|---|---|
/// | [`Adamax::torch`], the default | 0.002 | 1e-8 inside the maximum |
/// | [`Adamax::optax`] | 0.001 (optax has no default) | 1e-8 inside the maximum |
/// | [`Adamax::keras`] | 0.001 | 1e-7 added to u |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adamax {
    /// Learning rate, at least 0. Default 0.002.
    pub lr: f64,
    /// Decay rate of the moment, in [0, 1). Default 0.9.
    pub beta1: f64,
    /// Decay rate of the norm, in [0, 1). Default 0.999.
    pub beta2: f64,
    /// Added to |g|, at least 0. Default 1e-8.
    pub eps: f64,
    /// Added to u in the denominator, at least 0. Default 0.
    pub eps_outside: f64,
    /// Coupled L2 penalty: `g + weight_decay · p`. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for Adamax {
    fn default() -> Self {
        Adamax { lr: 2e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, eps_outside: 0.0, weight_decay: 0.0, maximize: false }
    }
}

impl Adamax {
    /// `torch.optim.Adamax`, the default.
    pub fn torch() -> Self {
        Adamax::default()
    }

    /// `optax.adamax`.
    pub fn optax() -> Self {
        Adamax { lr: 1e-3, ..Adamax::default() }
    }

    /// `keras.optimizers.Adamax`: eps 1e-7 outside the maximum.
    pub fn keras() -> Self {
        Adamax { lr: 1e-3, eps: 0.0, eps_outside: 1e-7, ..Adamax::default() }
    }
}

/// One step of [`Adamax`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamaxRule {
    objective: Objective,
    first: Ema,
    beta2: f32,
    eps: f32,
    eps_outside: f32,
    scale: f32,
}

impl Optimizer<2> for Adamax {
    type Clock = u64;
    type Rule = AdamaxRule;

    fn tick(&self, clock: &mut u64) -> Result<AdamaxRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::non_negative("lr", self.lr)?;
        let rule = AdamaxRule {
            objective: Objective::new(self.maximize, self.weight_decay)?,
            first: Ema::new("beta1", self.beta1)?,
            beta2: check::fraction("beta2", self.beta2)? as f32,
            eps: check::non_negative("eps", self.eps)? as f32,
            eps_outside: check::non_negative("eps_outside", self.eps_outside)? as f32,
            scale: check::coefficient("lr", lr / bias_correction(self.beta1, step))?,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<2> for AdamaxRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(AdamaxRule { objective: self.objective.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m, u]: [R; 2]) -> (R, [R; 2]) {
        let g = self.objective.grad(p, g);
        let m = self.first.of(m, g);
        let u = (g.abs() + R::splat(self.eps)).max(R::splat(self.beta2) * u);
        let p = p - R::splat(self.scale) * (m / (u + R::splat(self.eps_outside)));
        (p, [m.flush_below(f32::MIN_POSITIVE), u])
    }
}
