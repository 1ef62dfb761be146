use super::measures::{BothSquares, norms, trust_ratio};
use super::step::{Phases, WholeOptimizer};
use crate::error::Error;
use crate::optim::Slot;
use crate::real::Real;
use crate::rule::Rule;
use crate::sum::Sum;

hyper_parameters! {
    /// Gradient descent whose step has a length in proportion to that of the parameters.
    ///
    /// ```text
    /// p ← (p − lr · ‖p‖/‖g‖ · g) / √(1 + lr²)        the ratio is 1 where a norm is 0
    /// ```
    ///
    /// Source: Bernstein, Vahdat, Yue & Liu, "On the distance between two neural networks and the stability of learning",
    /// 2020, arXiv 2002.03432. No state. Sums: of p² and g².
    ///
    /// | preset | least norm |
    /// |---|---|
    /// | [`Fromage::pytorch_optimizer`], the default and the paper | none |
    /// | [`Fromage::optax`] | 1e-6 |
    pub struct Fromage {
        lr: f64 in NonNegative = 0.01,
        /// A norm counts as at least this.
        min_norm: f64 in NonNegative = 0.0,
    }
    presets {
        /// `pytorch_optimizer.Fromage`, the default.
        pytorch_optimizer = {};
        /// `optax.fromage`.
        optax = { min_norm: 1e-6, };
    }
}

impl WholeOptimizer<0, 2> for Fromage {
    type Clock = u64;
    type Phases = Fromage;
    const SLOTS: [Slot<Self>; 0] = [];

    fn phases(&self, _: u64, _: &mut u64) -> Result<Fromage, Error> {
        Ok(*self)
    }
}

/// The rule of [`Fromage`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FromageRule {
    shrinkage: f32,
    rate: f32,
}

impl Rule<0> for FromageRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, []: [R; 0]) -> (R, [R; 0]) {
        (p - (R::splat(self.shrinkage) * p + R::splat(self.rate) * g), [])
    }
}

impl Phases<0, 2> for Fromage {
    type Memory = ();
    type Measure = BothSquares;
    type Update = FromageRule;

    fn measure(&self, (): &()) -> BothSquares {
        BothSquares
    }

    fn update(&self, sums: &[Sum; 2], (): &mut ()) -> FromageRule {
        let least = |norm: f64| if norm < self.min_norm { self.min_norm } else { norm };
        let (of_params, of_grads) = norms(sums);
        let root = libm::sqrt(1.0 + self.lr * self.lr);
        let ratio = trust_ratio(1.0, least(of_params), least(of_grads), 0.0);
        // 1 − 1/√(1+lr²) without its cancellation.
        let shrinkage = self.lr * self.lr / (root * (1.0 + root));
        FromageRule { shrinkage: shrinkage as f32, rate: (self.lr * ratio / root) as f32 }
    }
}
