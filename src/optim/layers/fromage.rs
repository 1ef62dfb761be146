use crate::error::Error;
use crate::math::{Coefficient, Factor, trust_ratio};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction, Found, Pass, Passes, Scope, Terms};

hyper_parameters! {
    /// Gradient descent whose step has a length in proportion to that of the parameters.
    ///
    /// ```text
    /// p ← (p − lr · ‖p‖/‖g‖ · g) / √(1 + lr²)        the ratio is 1 where a norm is 0
    /// ```
    ///
    /// Source: Bernstein, Vahdat, Yue & Liu, "On the distance between two neural networks and the stability of learning",
    /// 2020, arXiv 2002.03432. No state. Looks at each tensor: the sums of p² and g².
    ///
    /// | preset | least norm |
    /// |---|---|
    /// | [`Fromage::pytorch_optimizer`], the default and the paper | none |
    /// | [`Fromage::optax`] | 1e-6 |
    pub struct Fromage {
        lr: f64 in NonNegative = 0.01,
        /// A norm counts as at least this.
        min_norm: f64 in NonNegative = 0.0,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `pytorch_optimizer.Fromage`, the default.
        pytorch_optimizer = {};
        /// `optax.fromage`.
        optax = { min_norm: 1e-6, };
    }
}

impl Optimizer<0> for Fromage {
    type Clock = u64;
    type Rule = DecayedDescent<FromageDirection>;
    const SLOTS: [Slot<Self>; 0] = [];

    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let root = crate::math::sqrt(1.0 + self.lr * self.lr);
        let direction = FromageDirection {
            // 1 − 1/√(1+lr²) without its cancellation.
            shrinkage: (self.lr * self.lr / (root * (1.0 + root))) as f32,
            rate: Factor::ZERO,
            lr: self.lr / root,
            min_norm: self.min_norm,
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

/// A part of the parameters, and the gradient at a length in proportion to theirs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FromageDirection {
    shrinkage: f32,
    rate: Factor,
    lr: f64,
    min_norm: f64,
}

impl Direction<0> for FromageDirection {
    const PASSES: Passes = Passes::of(Pass::over(Scope::Tensor, 2));

    #[inline(always)]
    fn terms<R: Real>(&self, _: usize, p: R, g: R, []: [R; 0]) -> Terms<R> {
        Terms::of([[p, p], [g, g]])
    }

    #[inline]
    fn found(&mut self, _: usize, found: &mut Found<0>) {
        let least = |norm: f64| if norm < self.min_norm { self.min_norm } else { norm };
        let [of_params, of_grads, ..] = found.sums.map(crate::math::sqrt).map(least);
        self.rate = Factor::new(self.lr * trust_ratio(1.0, of_params, of_grads, 0.0));
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, []: [R; 0]) -> (R, [R; 0]) {
        (R::splat(self.shrinkage) * p + self.rate.times(g), [])
    }
}
