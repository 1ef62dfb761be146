use super::second_moment::{Epsilon, SecondMoment};
use super::{Optimizer, bias_correction, decay_of, next_step};
use crate::rule::DecoupledDecay;
use crate::{Adapter, Ema, Error, Objective, Real, Rule, check};

/// Adam whose denominator never shrinks.
///
/// ```text
/// m ← β1·m + (1−β1)·g
/// v ← β2·v + (1−β2)·g²
/// v_max ← max(v_max, v)
/// p ← p − lr · m̂ / (√(v_max/(1−β2ᵗ)) + eps)
/// ```
///
/// Source: Reddi, Kale & Kumar, "On the Convergence of Adam and Beyond", 2018, arXiv 1904.09237.
/// State: `[m, v, v_max]`, zeros at the start.
///
/// | preset | the maximum is over | weight decay |
/// |---|---|---|
/// | [`AmsGrad::torch`], `torch.optim.Adam(amsgrad=True)`, the default | v | coupled, 0 |
/// | [`AmsGrad::torch_adamw`], `torch.optim.AdamW(amsgrad=True)` | v | decoupled, 0.01 |
/// | [`AmsGrad::optax`], `optax.amsgrad` | v̂ | none |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AmsGrad {
    /// Learning rate, at least 0. Default 0.001.
    pub lr: f64,
    /// Decay rate of the first moment, in [0, 1). Default 0.9.
    pub beta1: f64,
    /// Decay rate of the second moment, in [0, 1). Default 0.999.
    pub beta2: f64,
    /// Added to the root, at least 0. Default 1e-8.
    pub eps: f64,
    /// Keeps the maximum of the corrected v̂ instead of v. Default false.
    pub max_of_corrected: bool,
    /// Weight decay, at least 0. Default 0.
    pub weight_decay: f64,
    /// Decays the parameters by `lr · weight_decay` instead of adding a penalty to the gradient. Default false.
    pub decoupled_weight_decay: bool,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for AmsGrad {
    fn default() -> Self {
        AmsGrad {
            lr: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            max_of_corrected: false,
            weight_decay: 0.0,
            decoupled_weight_decay: false,
            maximize: false,
        }
    }
}

impl AmsGrad {
    /// `torch.optim.Adam(amsgrad=True)`, the default.
    pub fn torch() -> Self {
        AmsGrad::default()
    }

    /// `torch.optim.AdamW(amsgrad=True)`: decoupled decay of 0.01.
    pub fn torch_adamw() -> Self {
        AmsGrad { weight_decay: 0.01, decoupled_weight_decay: true, ..AmsGrad::default() }
    }

    /// `optax.amsgrad`: the maximum of the corrected moment.
    pub fn optax() -> Self {
        AmsGrad { max_of_corrected: true, ..AmsGrad::default() }
    }
}

/// One step of [`AmsGrad`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AmsGradRule {
    objective: Objective,
    decay: DecoupledDecay,
    first: Ema,
    second: SecondMoment,
    correction: f32,
    scale: f32,
}

impl Optimizer<3> for AmsGrad {
    type Clock = u64;
    type Rule = AmsGradRule;

    fn tick(&self, clock: &mut u64) -> Result<AmsGradRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::non_negative("lr", self.lr)?;
        let (objective, decay) = decay_of(self.maximize, lr, self.weight_decay, self.decoupled_weight_decay)?;
        let (first, seen2) = (Ema::new("beta1", self.beta1)?, bias_correction(self.beta2, step));
        // Over v̂ the moment that the root sees is corrected already.
        let (correction, seen) = if self.max_of_corrected { (1.0 / seen2, 1.0) } else { (1.0, seen2) };
        let rule = AmsGradRule {
            objective,
            decay,
            first,
            second: SecondMoment::new("beta2", self.beta2, Epsilon::outside(self.eps), seen)?,
            correction: correction as f32,
            scale: check::coefficient("lr", lr * libm::sqrt(seen) / bias_correction(self.beta1, step))?,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<3> for AmsGradRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(AmsGradRule {
            objective: self.objective.plain::<false>()?,
            decay: self.decay.plain::<DECAYS>()?,
            second: self.second.plain()?,
            ..self
        })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m, v, v_max]: [R; 3]) -> (R, [R; 3]) {
        let g = self.objective.grad(p, g);
        let m = self.first.of(m, g);
        let v = self.second.of(v, g);
        let v_max = v_max.max(R::splat(self.correction) * v);
        let update = R::splat(self.scale) * (m / self.second.root(v_max));
        let p = p - self.decay.add_to(update, p);
        (p, [m.flush_below(f32::MIN_POSITIVE), self.second.stored(v), v_max])
    }
}
