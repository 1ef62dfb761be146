use super::second_moment::{Epsilon, SecondMoment};
use super::{Optimizer, bias_correction, next_step};
use crate::rule::DecoupledDecay;
use crate::{Adapter, Ema, Error, Objective, Real, Rule, check};

/// Adam that normalises the gradient first and averages after, which lets any β1 go with any β2.
///
/// ```text
/// v ← β2·v + (1−β2)·g²
/// m ← β1·m + (1−β1)·g/(√v̂ + eps)
/// p ← p − lr · m̂
/// ```
///
/// Source: Ziyin, Wang & Ueda, "LaProp: Separating Momentum and Adaptivity in Adam", 2020, arXiv 2002.04839, with
/// the values of the authors' code. State: `[m, v]`, zeros at the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaProp {
    /// Learning rate, at least 0. Default 4e-4.
    pub lr: f64,
    /// Decay rate of the first moment, in [0, 1). Default 0.9.
    pub beta1: f64,
    /// Decay rate of the second moment, in [0, 1). Default 0.999.
    pub beta2: f64,
    /// Added to the root, at least 0. Default 1e-15.
    pub eps: f64,
    /// Decoupled decay: p shrinks by `lr · weight_decay` of itself each step. At least 0. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending; the decay still shrinks. Default false.
    pub maximize: bool,
}

impl Default for LaProp {
    fn default() -> Self {
        LaProp { lr: 4e-4, beta1: 0.9, beta2: 0.999, eps: 1e-15, weight_decay: 0.0, maximize: false }
    }
}

/// One step of [`LaProp`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaPropRule {
    objective: Objective,
    decay: DecoupledDecay,
    first: Ema,
    second: SecondMoment,
    root_scale: f32,
    scale: f32,
}

impl Optimizer<2> for LaProp {
    type Clock = u64;
    type Rule = LaPropRule;

    fn tick(&self, clock: &mut u64) -> Result<LaPropRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::non_negative("lr", self.lr)?;
        let (first, seen2) = (Ema::new("beta1", self.beta1)?, bias_correction(self.beta2, step));
        let rule = LaPropRule {
            objective: Objective::new(self.maximize, 0.0)?,
            decay: DecoupledDecay::of_step(lr, self.weight_decay)?,
            first,
            second: SecondMoment::new("beta2", self.beta2, Epsilon::outside(self.eps), seen2)?,
            root_scale: libm::sqrt(seen2) as f32,
            scale: check::coefficient("lr", lr / bias_correction(self.beta1, step))?,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<2> for LaPropRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(LaPropRule {
            objective: self.objective.plain::<false>()?,
            decay: self.decay.plain::<DECAYS>()?,
            second: self.second.plain()?,
            ..self
        })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let g = self.objective.grad(p, g);
        let v = self.second.of(v, g);
        let m = self.first.of(m, R::splat(self.root_scale) * (g / self.second.root(v)));
        let p = p - self.decay.add_to(R::splat(self.scale) * m, p);
        (p, [m.flush_below(f32::MIN_POSITIVE), self.second.stored(v)])
    }
}
