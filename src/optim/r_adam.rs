use super::second_moment::{Epsilon, SecondMoment};
use super::{Optimizer, bias_correction, decay_of, next_step};
use crate::rule::DecoupledDecay;
use crate::{Adapter, Ema, Error, Objective, Real, Rule, check};

/// Adam that waits until its second moment can be trusted.
///
/// ```text
/// m ← β1·m + (1−β1)·g
/// v ← β2·v + (1−β2)·g²
/// ρ∞ = 2/(1−β2) − 1;  ρ = ρ∞ − 2t·β2ᵗ/(1−β2ᵗ)
/// r = √( (ρ−4)(ρ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρ) )
/// p ← p − lr · r · m̂ · √(1−β2ᵗ) / (√v + eps) where ρ > 5, else p − lr · m̂
/// ```
///
/// Source: Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2019, arXiv 1908.03265.
/// State: `[m, v]`, zeros at the start.
///
/// | preset | epsilon is added to |
/// |---|---|
/// | [`RAdam::torch`], the default | √v |
/// | [`RAdam::optax`] | √v̂ |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RAdam {
    /// Learning rate, at least 0. Default 0.001.
    pub lr: f64,
    /// Decay rate of the first moment, in [0, 1). Default 0.9.
    pub beta1: f64,
    /// Decay rate of the second moment, in [0, 1). Default 0.999.
    pub beta2: f64,
    /// Added to the root, at least 0. Default 1e-8.
    pub eps: f64,
    /// Adds `eps` to the uncorrected √v instead of √v̂. Default true.
    pub eps_hat: bool,
    /// Weight decay, at least 0. Default 0.
    pub weight_decay: f64,
    /// Decays the parameters by `lr · weight_decay` instead of adding a penalty to the gradient. Default false.
    pub decoupled_weight_decay: bool,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for RAdam {
    fn default() -> Self {
        RAdam {
            lr: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            eps_hat: true,
            weight_decay: 0.0,
            decoupled_weight_decay: false,
            maximize: false,
        }
    }
}

impl RAdam {
    /// `torch.optim.RAdam`, the default.
    pub fn torch() -> Self {
        RAdam::default()
    }

    /// `optax.radam`: epsilon beside the corrected root.
    pub fn optax() -> Self {
        RAdam { eps_hat: false, ..RAdam::default() }
    }

    /// The rectification r, or `None` where the variance cannot be estimated yet.
    fn rectification(&self, step: u64) -> Option<f64> {
        let rho_inf = 2.0 / (1.0 - self.beta2) - 1.0;
        let power = libm::pow(self.beta2, step as f64);
        let rho = rho_inf - 2.0 * step as f64 * power / (1.0 - power);
        let of = |rho: f64| (rho - 4.0) * (rho - 2.0) / rho;
        (rho > 5.0).then(|| libm::sqrt(of(rho) / of(rho_inf)))
    }
}

/// One step of [`RAdam`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RAdamRule {
    objective: Objective,
    decay: DecoupledDecay,
    first: Ema,
    second: SecondMoment,
    rectified: bool,
    scale: f32,
}

impl Optimizer<2> for RAdam {
    type Clock = u64;
    type Rule = RAdamRule;

    fn tick(&self, clock: &mut u64) -> Result<RAdamRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::non_negative("lr", self.lr)?;
        let (first, seen2) = (Ema::new("beta1", self.beta1)?, bias_correction(self.beta2, step));
        let (objective, decay) = decay_of(self.maximize, lr, self.weight_decay, self.decoupled_weight_decay)?;
        let epsilon = Epsilon { eps: self.eps, eps_root: 0.0, hat: self.eps_hat };
        let second = SecondMoment::new("beta2", self.beta2, epsilon, seen2)?;
        let rectification = self.rectification(step);
        let scale = lr / bias_correction(self.beta1, step) * rectification.map_or(1.0, |r| r * libm::sqrt(seen2));
        let rule = RAdamRule {
            objective,
            decay,
            first,
            second,
            rectified: rectification.is_some(),
            scale: check::coefficient("lr", scale)?,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<2> for RAdamRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        self.rectified.then_some(RAdamRule {
            objective: self.objective.plain::<false>()?,
            decay: self.decay.plain::<DECAYS>()?,
            second: self.second.plain()?,
            rectified: true,
            ..self
        })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let g = self.objective.grad(p, g);
        let m = self.first.of(m, g);
        let v = self.second.of(v, g);
        let direction = if self.rectified { m / self.second.root(v) } else { m };
        let p = p - self.decay.add_to(R::splat(self.scale) * direction, p);
        (p, [m.flush_below(f32::MIN_POSITIVE), self.second.stored(v)])
    }
}
