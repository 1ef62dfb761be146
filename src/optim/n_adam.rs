use super::second_moment::{Epsilon, SecondMoment};
use super::{Optimizer, bias_correction, decay_of, next_step};
use crate::rule::DecoupledDecay;
use crate::{Adapter, Ema, Error, Objective, Real, Rule, check};

/// Adam with Nesterov momentum.
///
/// ```text
/// μt = β1 · (1 − warmup · .96^(t·momentum_decay))
/// m ← β1·m + (1−β1)·g
/// v ← β2·v + (1−β2)·g²
/// p ← p − lr · [(1−μt)·g/(1−Πμ) + μt₊₁·m/(1−Πμ·μt₊₁)] / (√v̂ + eps)        Πμ = μ1·…·μt
/// ```
///
/// Source: Dozat, "Incorporating Nesterov Momentum into Adam", ICLR workshop 2016.
/// State: `[m, v]`, zeros at the start; the clock holds Πμ.
///
/// | preset | lr | momentum_decay | warmup | eps | weight decay |
/// |---|---|---|---|---|---|
/// | [`NAdam::torch`], the default | 0.002 | 0.004 | 0.5 | 1e-8 | coupled, 0 |
/// | [`NAdam::keras`] | 0.001 | 1 | 0.5 | 1e-7 | coupled, 0 |
/// | [`NAdam::optax`] | 0.001 (optax has no default) | – | 0: μ is β1 | 1e-8 | coupled, 0 |
/// | [`NAdam::optax_nadamw`] | 0.001 | – | 0 | 1e-8 | decoupled, 1e-4 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NAdam {
    /// Learning rate, at least 0. Default 0.002.
    pub lr: f64,
    /// Decay rate of the first moment and the limit of μ, in [0, 1). Default 0.9.
    pub beta1: f64,
    /// Decay rate of the second moment, in [0, 1). Default 0.999.
    pub beta2: f64,
    /// Added to the root, at least 0. Default 1e-8.
    pub eps: f64,
    /// How fast μ reaches β1, at least 0. Default 0.004.
    pub momentum_decay: f64,
    /// The part of β1 that μ lacks at the start, in [0, 1]. Default 0.5.
    pub momentum_warmup: f64,
    /// Weight decay, at least 0. Default 0.
    pub weight_decay: f64,
    /// Decays the parameters by `lr · weight_decay` instead of adding a penalty to the gradient. Default false.
    pub decoupled_weight_decay: bool,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for NAdam {
    fn default() -> Self {
        NAdam {
            lr: 2e-3,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            momentum_decay: 4e-3,
            momentum_warmup: 0.5,
            weight_decay: 0.0,
            decoupled_weight_decay: false,
            maximize: false,
        }
    }
}

impl NAdam {
    /// `torch.optim.NAdam`, the default.
    pub fn torch() -> Self {
        NAdam::default()
    }

    /// `keras.optimizers.Nadam`: lr 0.001, eps 1e-7, μ reaches β1 250 times faster.
    pub fn keras() -> Self {
        NAdam { lr: 1e-3, eps: 1e-7, momentum_decay: 1.0, ..NAdam::default() }
    }

    /// `optax.nadam`: μ is β1 from the start.
    pub fn optax() -> Self {
        NAdam { lr: 1e-3, momentum_warmup: 0.0, ..NAdam::default() }
    }

    /// `optax.nadamw`: decoupled decay of 1e-4.
    pub fn optax_nadamw() -> Self {
        NAdam { weight_decay: 1e-4, decoupled_weight_decay: true, ..NAdam::optax() }
    }

    /// μ of a step.
    fn mu(&self, step: u64) -> f64 {
        self.beta1 * (1.0 - self.momentum_warmup * libm::pow(0.96, step as f64 * self.momentum_decay))
    }
}

/// What [`NAdam`] remembers between steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NAdamClock {
    /// Steps done.
    pub step: u64,
    /// Πμ over these steps, 1 at the start.
    pub mu_product: f64,
}

impl Default for NAdamClock {
    fn default() -> Self {
        NAdamClock { step: 0, mu_product: 1.0 }
    }
}

/// One step of [`NAdam`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NAdamRule {
    objective: Objective,
    decay: DecoupledDecay,
    first: Ema,
    second: SecondMoment,
    of_grad: f32,
    of_moment: f32,
}

impl Optimizer<2> for NAdam {
    type Clock = NAdamClock;
    type Rule = NAdamRule;

    fn tick(&self, clock: &mut NAdamClock) -> Result<NAdamRule, Error> {
        let step = next_step(clock.step)?;
        let lr = check::non_negative("lr", self.lr)?;
        check::non_negative("momentum_decay", self.momentum_decay)?;
        check::at_most_one("momentum_warmup", self.momentum_warmup)?;
        let (first, seen2) = (Ema::new("beta1", self.beta1)?, bias_correction(self.beta2, step));
        let (objective, decay) = decay_of(self.maximize, lr, self.weight_decay, self.decoupled_weight_decay)?;
        let (mu, mu_next) = (self.mu(step), self.mu(step.saturating_add(1)));
        let mu_product = clock.mu_product * mu;
        let scale = lr * libm::sqrt(seen2);
        let rule = NAdamRule {
            objective,
            decay,
            first,
            second: SecondMoment::new("beta2", self.beta2, Epsilon::outside(self.eps), seen2)?,
            of_grad: check::coefficient("lr", scale * (1.0 - mu) / (1.0 - mu_product))?,
            of_moment: check::coefficient("lr", scale * mu_next / (1.0 - mu_product * mu_next))?,
        };
        *clock = NAdamClock { step, mu_product };
        Ok(rule)
    }
}

impl Rule<2> for NAdamRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(NAdamRule {
            objective: self.objective.plain::<false>()?,
            decay: self.decay.plain::<DECAYS>()?,
            second: self.second.plain()?,
            ..self
        })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let g = self.objective.grad(p, g);
        let m = self.first.of(m, g);
        let v = self.second.of(v, g);
        let update = (R::splat(self.of_grad) * g + R::splat(self.of_moment) * m) / self.second.root(v);
        let p = p - self.decay.add_to(update, p);
        (p, [m.flush_below(f32::MIN_POSITIVE), self.second.stored(v)])
    }
}
