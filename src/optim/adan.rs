use super::second_moment::{Epsilon, SecondMoment};
use super::{Optimizer, bias_correction, next_step};
use crate::rule::DecoupledDecay;
use crate::{Adapter, Ema, Error, Objective, Real, Rule, check};

/// Adaptive Nesterov momentum: averages the gradient, its difference from the last one, and the square of both.
///
/// ```text
/// d = g − g₋        0 at t = 1
/// m ← β1·m + (1−β1)·g
/// v ← β2·v + (1−β2)·d
/// n ← β3·n + (1−β3)·(g + κ·d)²        κ = β2
/// p ← p − lr · (m̂ + κ·v̂) / (√n̂ + eps), then p ← p / (1 + lr·wd)
/// ```
///
/// Source: Xie, Zhou, Li, Lin & Yan, "Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models",
/// 2022, arXiv 2208.06677, with the authors' code's meaning of β (the paper writes 1−β).
/// State: `[m, v, n, g₋]`, zeros at the start.
///
/// | preset | κ | eps_root | weight decay |
/// |---|---|---|---|
/// | [`Adan::paper`], the authors' code, the default | β2 | 0 | divides after the step, 0 |
/// | [`Adan::optax`] | 1−β2 | 1e-8 | decoupled, 0 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adan {
    /// Learning rate, at least 0. Default 0.001.
    pub lr: f64,
    /// Decay rate of the gradient's average, in [0, 1). Default 0.98.
    pub beta1: f64,
    /// Decay rate of the difference's average, in [0, 1). Default 0.92.
    pub beta2: f64,
    /// Decay rate of the square's average, in [0, 1). Default 0.99.
    pub beta3: f64,
    /// Added to the root, at least 0. Default 1e-8.
    pub eps: f64,
    /// Added inside the root, at least 0. Default 0.
    pub eps_root: f64,
    /// Takes κ = 1−β2, as optax does, instead of β2. Default false.
    pub complement: bool,
    /// Weight decay, at least 0. Default 0.
    pub weight_decay: f64,
    /// Divides p by `1 + lr·wd` after the step (the paper's proximal form) instead of taking `lr·wd·p` off before it.
    /// Default true.
    pub proximal: bool,
    /// Ascends instead of descending; the decay still shrinks. Default false.
    pub maximize: bool,
}

impl Default for Adan {
    fn default() -> Self {
        Adan {
            lr: 1e-3,
            beta1: 0.98,
            beta2: 0.92,
            beta3: 0.99,
            eps: 1e-8,
            eps_root: 0.0,
            complement: false,
            weight_decay: 0.0,
            proximal: true,
            maximize: false,
        }
    }
}

impl Adan {
    /// The authors' code, the default.
    pub fn paper() -> Self {
        Adan::default()
    }

    /// `optax.adan`: differences weigh 1−β2, eps_root is 1e-8, decay is decoupled.
    pub fn optax() -> Self {
        Adan { complement: true, eps_root: 1e-8, proximal: false, ..Adan::default() }
    }
}

/// One step of [`Adan`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdanRule {
    objective: Objective,
    decay: DecoupledDecay,
    first: bool,
    of_grad: Ema,
    of_difference: Ema,
    of_square: SecondMoment,
    kappa: f32,
    grad_scale: f32,
    difference_scale: f32,
}

impl Optimizer<4> for Adan {
    type Clock = u64;
    type Rule = AdanRule;

    fn tick(&self, clock: &mut u64) -> Result<AdanRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::non_negative("lr", self.lr)?;
        let weight_decay = check::non_negative("weight_decay", self.weight_decay)?;
        let (of_grad, of_difference) = (Ema::new("beta1", self.beta1)?, Ema::new("beta2", self.beta2)?);
        let epsilon = Epsilon { eps: self.eps, eps_root: self.eps_root, hat: false };
        let seen3 = bias_correction(self.beta3, step);
        let of_square = SecondMoment::new("beta3", self.beta3, epsilon, seen3)?;
        let kappa = if self.complement { 1.0 - self.beta2 } else { self.beta2 };
        // (p − u)/(1+r) = p − (u + r·p)/(1+r): the division becomes part of the coefficients.
        let shrunk_lr = if self.proximal { lr / (1.0 + lr * weight_decay) } else { lr };
        let scale = shrunk_lr * libm::sqrt(seen3);
        let rule = AdanRule {
            objective: Objective::new(self.maximize, 0.0)?,
            decay: DecoupledDecay::of_step(shrunk_lr, weight_decay)?,
            first: step == 1,
            of_grad,
            of_difference,
            of_square,
            kappa: kappa as f32,
            grad_scale: check::coefficient("lr", scale / bias_correction(self.beta1, step))?,
            difference_scale: check::coefficient("lr", scale * kappa / bias_correction(self.beta2, step))?,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<4> for AdanRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        (!self.first).then_some(AdanRule {
            objective: self.objective.plain::<false>()?,
            decay: self.decay.plain::<DECAYS>()?,
            of_square: self.of_square.plain()?,
            first: false,
            ..self
        })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m, v, n, last]: [R; 4]) -> (R, [R; 4]) {
        let g = self.objective.grad(p, g);
        let difference = if self.first { R::splat(0.0) } else { g - last };
        let m = self.of_grad.of(m, g);
        let v = self.of_difference.of(v, difference);
        let n = self.of_square.of(n, g + R::splat(self.kappa) * difference);
        let update = (R::splat(self.grad_scale) * m + R::splat(self.difference_scale) * v) / self.of_square.root(n);
        let p = p - self.decay.add_to(update, p);
        (p, [m.flush_below(f32::MIN_POSITIVE), v.flush_below(f32::MIN_POSITIVE), self.of_square.stored(n), g])
    }
}
