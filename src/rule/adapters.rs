//! The adapters that a step offers as methods. Each keeps the number that it was given too, for its error.

use super::adapter::Adapter;
use super::pass::{Found, Pass, Passes, Terms};
use crate::check;
use crate::error::Error;
use crate::math::Factor;
use crate::range::Range;
use crate::real::Real;
use crate::shape::Scope;

/// `g ← factor · g`; made by [`Step::scale_grads`](crate::Step::scale_grads).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleGrads {
    given: f64,
    factor: Factor,
}

/// `g ← min(max(g, −limit), limit)`; made by [`Step::clip_by_value`](crate::Step::clip_by_value).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipByValue {
    given: f64,
    limit: f32,
}

/// `p ← p − rate · p` before the step; made by [`Step::decoupled_decay`](crate::Step::decoupled_decay).
///
/// The product form `(1 − rate) · p` would round `1 − rate` to f32 and lose three digits of a usual rate of 1e-5.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecoupledDecay {
    given: f64,
    rate: f32,
}

/// `g ← g − mean`, where the mean is that of the gradients of a row; made by
/// [`Step::centralize_grads`](crate::Step::centralize_grads).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CentralizeGrads {
    mean: f32,
}

impl CentralizeGrads {
    pub(crate) const fn new() -> Self {
        CentralizeGrads { mean: 0.0 }
    }
}

impl Adapter for CentralizeGrads {
    const PASSES: Passes = Passes::of(Pass::over(Scope::Row, 1));

    #[inline(always)]
    fn terms<R: Real>(&self, _pass: usize, _p: R, g: R) -> Terms<R> {
        Terms::of([[g, R::splat(1.0)]])
    }

    #[inline(always)]
    fn found(&mut self, _pass: usize, found: &Found<0>) {
        let [sum, ..] = found.sums;
        self.mean = if found.is_matrix { found.mean(sum) as f32 } else { 0.0 };
    }

    #[inline(always)]
    fn grad<R: Real>(&self, _p: R, g: R) -> R {
        g - R::splat(self.mean)
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl ScaleGrads {
    /// A factor that is not a finite f32, or below 2⁻²⁷⁵ and not 0, is an error of [`Step::apply`](crate::Step::apply).
    pub const fn new(factor: f64) -> Self {
        ScaleGrads { given: factor, factor: Factor::new(factor) }
    }
}

impl ClipByValue {
    /// A limit that is NaN, infinite or negative is an error of [`Step::apply`](crate::Step::apply).
    pub const fn new(limit: f64) -> Self {
        ClipByValue { given: limit, limit: limit as f32 }
    }
}

impl DecoupledDecay {
    /// The rate is the learning rate times the weight decay. One that is NaN, infinite or negative is an error of
    /// [`Step::apply`](crate::Step::apply).
    pub const fn new(rate: f64) -> Self {
        DecoupledDecay { given: rate, rate: rate as f32 }
    }
}

impl Adapter for ScaleGrads {
    #[inline(always)]
    fn grad<R: Real>(&self, _p: R, g: R) -> R {
        self.factor.times(g)
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        let (name, value) = ("scale_grads", self.given);
        if !Range::Finite.contains(value) {
            Err(Error::HyperParameter { name, value, range: Range::Finite })
        } else if self.factor.is_zero() && value != 0.0 {
            Err(Error::Coefficient { name, value, coefficient: value })
        } else {
            Ok(())
        }
    }
}

impl Adapter for ClipByValue {
    #[inline(always)]
    fn grad<R: Real>(&self, _p: R, g: R) -> R {
        g.max(R::splat(-self.limit)).min(R::splat(self.limit))
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        check::field("clip_by_value", self.given, Range::NonNegative)
    }
}

impl Adapter for DecoupledDecay {
    /// A rate of 0 does not read `p`: an infinite parameter must not make NaN of a decay that is off.
    #[inline(always)]
    fn param<R: Real>(&self, p: R) -> R {
        if self.rate == 0.0 { p } else { p - R::splat(self.rate) * p }
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        check::field("decoupled_decay", self.given, Range::NonNegative)
    }
}
