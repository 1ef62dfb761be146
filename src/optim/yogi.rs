use super::{Optimizer, bias_correction, fill, next_step};
use crate::{Adapter, Ema, Error, Objective, Real, Rule, check};

/// Adam whose second moment changes by steps of a fixed relative size, however far g² is from it.
///
/// ```text
/// m ← β1·m + (1−β1)·g
/// v ← v − (1−β2)·sign(v−g²)·g²
/// p ← p − lr · m̂ / (√v̂ + eps)
/// ```
///
/// Source: Zaheer, Reddi, Sachan, Kale & Kumar, "Adaptive Methods for Nonconvex Optimization", NeurIPS 2018.
/// State: `[m, v]`, both start at `initial_accumulator` (as in optax, the default): fill them with
/// [`Optimizer::init`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Yogi {
    /// Learning rate, at least 0. Default 0.01.
    pub lr: f64,
    /// Decay rate of the first moment, in [0, 1). Default 0.9.
    pub beta1: f64,
    /// Decay rate of the second moment, in [0, 1). Default 0.999.
    pub beta2: f64,
    /// Added to the root, at least 0. Default 0.001.
    pub eps: f64,
    /// What both moments start at, at least 0. Default 1e-6.
    pub initial_accumulator: f64,
    /// Coupled L2 penalty: `g + weight_decay · p`. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for Yogi {
    fn default() -> Self {
        Yogi {
            lr: 1e-2,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-3,
            initial_accumulator: 1e-6,
            weight_decay: 0.0,
            maximize: false,
        }
    }
}

impl Yogi {
    /// `optax.yogi`, the default.
    pub fn optax() -> Self {
        Yogi::default()
    }
}

/// One step of [`Yogi`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct YogiRule {
    objective: Objective,
    first: Ema,
    weight: f32,
    eps: f32,
    scale: f32,
}

impl Optimizer<2> for Yogi {
    type Clock = u64;
    type Rule = YogiRule;

    fn tick(&self, clock: &mut u64) -> Result<YogiRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::non_negative("lr", self.lr)?;
        let first = Ema::new("beta1", self.beta1)?;
        let beta2 = check::fraction("beta2", self.beta2)?;
        check::non_negative("initial_accumulator", self.initial_accumulator)?;
        // As in Adam, both sides of the fraction are multiplied by √(1−β2ᵗ).
        let root = libm::sqrt(bias_correction(beta2, step));
        let rule = YogiRule {
            objective: Objective::new(self.maximize, self.weight_decay)?,
            first,
            weight: (1.0 - beta2) as f32,
            eps: (check::non_negative("eps", self.eps)? * root) as f32,
            scale: check::coefficient("lr", lr * root / bias_correction(self.beta1, step))?,
        };
        *clock = step;
        Ok(rule)
    }

    fn init(&self, params: &[f32], state: [&mut [f32]; 2]) -> Result<(), Error> {
        let start = check::non_negative("initial_accumulator", self.initial_accumulator)? as f32;
        fill(params, state, [start; 2])
    }
}

impl Rule<2> for YogiRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(YogiRule { objective: self.objective.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let g = self.objective.grad(p, g);
        let m = self.first.of(m, g);
        let square = g * g;
        let v = v - R::splat(self.weight) * ((v - square).sign() * square);
        let p = p - R::splat(self.scale) * (m / (v.sqrt() + R::splat(self.eps)));
        (p, [m.flush_below(f32::MIN_POSITIVE), v])
    }
}
