//! What a whole tensor decides about the length of an update.

use super::pass::{Found, Pass, Passes, Terms};
use super::penalty::Penalty;
use crate::math::{Factor, trust_ratio};
use crate::real::Real;
use crate::shape::Scope;

/// What a [`Descent`](super::Descent) makes of the update of its direction before it subtracts it.
pub trait Scaling<const S: usize>: Copy + Send + Sync {
    /// The passes before the update: see [`Rule::PASSES`](super::Rule::PASSES).
    const PASSES: Passes;

    /// What an element adds to the sums of a pass, from its parameter, its gradient and the update of the direction.
    fn terms<R: Real>(&self, pass: usize, p: R, g: R, update: R, state: [R; S]) -> Terms<R>;

    /// Completes the coefficients after a pass.
    fn found(&mut self, pass: usize, found: &mut Found<S>);

    /// What is subtracted from `p`.
    fn of<R: Real>(&self, p: R, update: R) -> R;
}

/// The update as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unscaled;

impl<const S: usize> Scaling<S> for Unscaled {
    const PASSES: Passes = Passes::NONE;

    #[inline(always)]
    fn terms<R: Real>(&self, _pass: usize, _p: R, _g: R, _update: R, _state: [R; S]) -> Terms<R> {
        Terms::none()
    }

    #[inline(always)]
    fn found(&mut self, _pass: usize, _found: &mut Found<S>) {}

    #[inline(always)]
    fn of<R: Real>(&self, _p: R, update: R) -> R {
        update
    }
}

/// The update with decay in it, times a rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rated {
    /// Weight decay in the update.
    pub(crate) decay: Penalty,
    pub(crate) rate: Factor,
}

impl Rated {
    /// What is subtracted from `p`.
    #[inline(always)]
    pub(crate) fn of<R: Real>(&self, p: R, update: R) -> R {
        self.rate.times(self.decay.add_to(update, p))
    }
}

/// `u ← lr · min(‖p‖ / (‖r‖ + eps), max_ratio) · r` with `r = u + decay · p`: the trust ratio of LAMB, over a tensor. The ratio is
/// 1 where a norm is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrustRatio {
    pub(crate) rated: Rated,
    /// The decay beside the step, which the norms come after.
    pub(crate) beside: Penalty,
    pub(crate) lr: f64,
    pub(crate) adapts: bool,
    pub(crate) max_ratio: f64,
    pub(crate) max_param_norm: f64,
    pub(crate) eps: f64,
}

impl<const S: usize> Scaling<S> for TrustRatio {
    const PASSES: Passes = Passes::of(Pass::over(Scope::Tensor, 2));

    #[inline(always)]
    fn terms<R: Real>(&self, _pass: usize, p: R, _g: R, update: R, _state: [R; S]) -> Terms<R> {
        let p = self.beside.take_from(p, p);
        let update = self.rated.decay.add_to(update, p);
        Terms::of([[p, p], [update, update]])
    }

    #[inline]
    fn found(&mut self, _pass: usize, found: &mut Found<S>) {
        let [of_params, of_update, ..] = found.sums.map(crate::math::sqrt);
        let of_params = if of_params > self.max_param_norm { self.max_param_norm } else { of_params };
        let ratio = if self.adapts { trust_ratio(1.0, of_params, of_update, self.eps) } else { 1.0 };
        let ratio = if self.adapts && ratio > self.max_ratio { self.max_ratio } else { ratio };
        self.rated.rate = Factor::new(self.lr * ratio);
    }

    #[inline(always)]
    fn of<R: Real>(&self, p: R, update: R) -> R {
        self.rated.of(p, update)
    }
}
