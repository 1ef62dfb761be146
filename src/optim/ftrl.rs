use super::{Optimizer, fill, next_step};
use crate::rule::Penalty;
use crate::{Adapter, Error, Objective, Real, Rule, check};

/// Follow the regularised leader, proximal: parameters that carry little weight are exactly zero.
///
/// ```text
/// n' = n + g²
/// z ← z + (g + 2·l2_shrinkage·p) − (√n' − √n)/lr · p
/// p ← (clamp(z, −l1, l1) − z) / (√n'/lr + 2·(l2 + beta/(2·lr)))
/// n ← n'
/// ```
///
/// Source: McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD 2013, in the form of
/// `keras.optimizers.Ftrl` with its learning-rate power of −½, whose values are the defaults. Other powers need a
/// power function, which no element path has. As in the paper, a parameter whose z is 0 becomes 0, also while n is.
/// State: `[z, n]`, n starts at `initial_accumulator`: fill it with [`Optimizer::init`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ftrl {
    /// Learning rate, above 0, with an inverse that fits an f32. Default 0.001.
    pub lr: f64,
    /// What n starts at, at least 0. Default 0.1.
    pub initial_accumulator: f64,
    /// L1 penalty, at least 0. Default 0.
    pub l1: f64,
    /// L2 penalty, at least 0. Default 0.
    pub l2: f64,
    /// L2 penalty on the gradient, at least 0. Default 0.
    pub l2_shrinkage: f64,
    /// The paper's β, at least 0. Default 0.
    pub beta: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for Ftrl {
    fn default() -> Self {
        Ftrl { lr: 1e-3, initial_accumulator: 0.1, l1: 0.0, l2: 0.0, l2_shrinkage: 0.0, beta: 0.0, maximize: false }
    }
}

impl Ftrl {
    /// `keras.optimizers.Ftrl`, the default.
    pub fn keras() -> Self {
        Ftrl::default()
    }
}

/// One step of [`Ftrl`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FtrlRule {
    objective: Objective,
    shrinkage: Penalty,
    lr: f32,
    inverse_lr: f32,
    l1: f32,
    quadratic: f32,
}

impl Optimizer<2> for Ftrl {
    type Clock = u64;
    type Rule = FtrlRule;

    fn tick(&self, clock: &mut u64) -> Result<FtrlRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::positive("lr", self.lr)?;
        let (l2, beta) = (check::non_negative("l2", self.l2)?, check::non_negative("beta", self.beta)?);
        let shrinkage = check::non_negative("l2_shrinkage", self.l2_shrinkage)?;
        check::non_negative("initial_accumulator", self.initial_accumulator)?;
        let rule = FtrlRule {
            objective: Objective::new(self.maximize, 0.0)?,
            shrinkage: Penalty::new(check::coefficient("l2_shrinkage", 2.0 * shrinkage)?.into()),
            lr: lr as f32,
            inverse_lr: check::coefficient("lr", 1.0 / lr)?,
            l1: check::non_negative("l1", self.l1)? as f32,
            // Both sides of the last fraction times lr. Not zero, which would make NaN of an n that is.
            quadratic: check::coefficient("l2", 2.0 * lr * l2 + beta)?.max(f32::MIN_POSITIVE),
        };
        *clock = step;
        Ok(rule)
    }

    fn init(&self, params: &[f32], state: [&mut [f32]; 2]) -> Result<(), Error> {
        let start = check::non_negative("initial_accumulator", self.initial_accumulator)?;
        fill(params, state, [0.0, start as f32])
    }
}

impl Rule<2> for FtrlRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(FtrlRule {
            objective: self.objective.plain::<false>()?,
            shrinkage: self.shrinkage.plain::<DECAYS>()?,
            ..self
        })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [z, n]: [R; 2]) -> (R, [R; 2]) {
        let g = self.objective.grad(p, g);
        let (lr, l1) = (R::splat(self.lr), R::splat(self.l1));
        let square = g * g;
        let sum = n + square;
        let root = sum.sqrt();
        // √n' − √n without its cancellation. The smallest normal number changes no root but zero, which must not divide.
        let growth = square / (root + n.sqrt() + R::splat(f32::MIN_POSITIVE));
        let z = z + (self.shrinkage.add_to(g, p) - growth * R::splat(self.inverse_lr) * p);
        let p = lr * (z.max(-l1).min(l1) - z) / (root + R::splat(self.quadratic));
        (p, [z, sum])
    }
}
