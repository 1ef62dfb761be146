use super::adam::AdamDirection;
use super::{Adam, Optimizer, next_step};
use crate::rule::DecoupledDecay;
use crate::{Adapter, Error, Objective, Real, Rule};

/// Adam with decoupled weight decay.
///
/// ```text
/// p ← p − lr · wd · p − lr · m̂ / (√v̂ + eps)        m̂ and v̂ as in Adam, from the gradient alone
/// ```
///
/// Source: Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2017, arXiv 1711.05101.
/// State: `[m, v]`, zeros at the start.
///
/// PyTorch multiplies p by `1 − lr·wd` and then subtracts the step; here both are summed first and p is rounded once.
///
/// | preset | lr | eps | weight_decay |
/// |---|---|---|---|
/// | [`AdamW::torch`], the default | 0.001 | 1e-8 | 0.01 |
/// | [`AdamW::keras`] | 0.001 | 1e-7, "epsilon hat" | 0.004 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Learning rate, at least 0. Default 0.001.
    pub lr: f64,
    /// Decay rate of the first moment, in [0, 1). Default 0.9.
    pub beta1: f64,
    /// Decay rate of the second moment, in [0, 1). Default 0.999.
    pub beta2: f64,
    /// Added to the root, at least 0. Default 1e-8.
    pub eps: f64,
    /// Adds `eps` to the uncorrected √v instead of √v̂ ("epsilon hat"). Default false.
    pub eps_hat: bool,
    /// Decoupled decay: p shrinks by `lr · weight_decay` of itself each step. At least 0. Default 0.01.
    pub weight_decay: f64,
    /// Ascends instead of descending; the decay still shrinks. Default false.
    pub maximize: bool,
}

impl Default for AdamW {
    fn default() -> Self {
        AdamW { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, eps_hat: false, weight_decay: 0.01, maximize: false }
    }
}

impl AdamW {
    /// `torch.optim.AdamW`, the default.
    pub fn torch() -> Self {
        AdamW::default()
    }

    /// `keras.optimizers.AdamW`: epsilon hat, eps 1e-7, weight decay 0.004.
    pub fn keras() -> Self {
        AdamW { eps: 1e-7, eps_hat: true, weight_decay: 0.004, ..AdamW::default() }
    }
}

/// One step of [`AdamW`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWRule {
    objective: Objective,
    direction: AdamDirection,
    decay: DecoupledDecay,
}

impl Optimizer<2> for AdamW {
    type Clock = u64;
    type Rule = AdamWRule;

    fn tick(&self, clock: &mut u64) -> Result<AdamWRule, Error> {
        let step = next_step(*clock)?;
        let AdamW { lr, beta1, beta2, eps, eps_hat, .. } = *self;
        let rule = AdamWRule {
            objective: Objective::new(self.maximize, 0.0)?,
            direction: AdamDirection::new(&Adam { lr, beta1, beta2, eps, eps_hat, ..Adam::default() }, step)?,
            decay: DecoupledDecay::of_step(lr, self.weight_decay)?,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<2> for AdamWRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(AdamWRule {
            objective: self.objective.plain::<false>()?,
            direction: self.direction.plain()?,
            decay: self.decay.plain::<DECAYS>()?,
        })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, moments: [R; 2]) -> (R, [R; 2]) {
        let (update, moments) = self.direction.of(self.objective.grad(p, g), moments);
        (p - self.decay.add_to(update, p), moments)
    }
}
