use super::{Optimizer, next_step};
use crate::rule::DecoupledDecay;
use crate::{Adapter, Ema, Error, Objective, Real, Rule, check};

/// Tight-fisted optimizer: Lion with one decay rate, so that its moment can hold a gradient accumulation too.
///
/// ```text
/// m ← β·m + (1−β)·g
/// p ← p − lr · (sign(m) + wd · p)        sign(0) = 0
/// ```
///
/// Source: Su, "Tiger: A Tight-fisted Optimizer", 2023 (github.com/bojone/tiger).
/// State: `[m]`, zeros at the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tiger {
    /// Learning rate, at least 0. Default 0.001.
    pub lr: f64,
    /// Decay rate β of the moment, in [0, 1). Default 0.965.
    pub beta: f64,
    /// Decoupled decay: p shrinks by `lr · weight_decay` of itself each step. At least 0. Default 0.01.
    pub weight_decay: f64,
    /// Ascends instead of descending; the decay still shrinks. Default false.
    pub maximize: bool,
}

impl Default for Tiger {
    fn default() -> Self {
        Tiger { lr: 1e-3, beta: 0.965, weight_decay: 0.01, maximize: false }
    }
}

/// One step of [`Tiger`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TigerRule {
    objective: Objective,
    decay: DecoupledDecay,
    moment: Ema,
    lr: f32,
}

impl Optimizer<1> for Tiger {
    type Clock = u64;
    type Rule = TigerRule;

    fn tick(&self, clock: &mut u64) -> Result<TigerRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::non_negative("lr", self.lr)?;
        let rule = TigerRule {
            objective: Objective::new(self.maximize, 0.0)?,
            decay: DecoupledDecay::of_step(lr, self.weight_decay)?,
            moment: Ema::new("beta", self.beta)?,
            lr: lr as f32,
        };
        *clock = step;
        Ok(rule)
    }
}

impl Rule<1> for TigerRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(TigerRule { objective: self.objective.plain::<false>()?, decay: self.decay.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m]: [R; 1]) -> (R, [R; 1]) {
        let m = self.moment.of(m, self.objective.grad(p, g));
        let update = R::splat(self.lr) * m.sign();
        (p - self.decay.add_to(update, p), [m.flush_below(f32::MIN_POSITIVE)])
    }
}
