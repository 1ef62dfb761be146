use super::coefficient::Coefficient;
use super::ema::Ema;
use super::epsilon::{Epsilon, larger};
use crate::error::Error;
use crate::real::Real;

/// A running average of squares and the root that divides a step: what RMSprop and the Adam family share.
///
/// v̂, the average corrected for bias, is never formed, which saves a division an element: [`SecondMoment::root`] is
/// `√seen · (√(v̂ + eps_root) + eps)`, where `seen` is `1 − βᵗ`, and the coefficient of the quotient is multiplied by
/// `√seen`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SecondMoment {
    average: Ema,
    epsilon: Epsilon,
}

impl SecondMoment {
    /// The root is `√v̂ + eps`. `seen` is what v̂ divides v by: `1 − βᵗ`, or 1 without correction.
    #[inline]
    pub(crate) fn outside(beta: f64, eps: f64, seen: Coefficient) -> Result<Self, Error> {
        Ok(SecondMoment { average: Ema::unchecked(beta), epsilon: Epsilon::outside(eps, seen.sqrt())? })
    }

    /// The root is `√(v + eps)`.
    #[inline]
    pub(crate) fn inside(beta: f64, eps: f64) -> Result<Self, Error> {
        Ok(SecondMoment { average: Ema::unchecked(beta), epsilon: Epsilon::inside("eps", eps)? })
    }

    /// The root is `√(v̂ + eps_root) + eps`; with `hat`, `eps` is added to the root of v instead.
    #[inline]
    pub(crate) fn both(beta: f64, eps: f64, eps_root: f64, hat: bool, seen: Coefficient) -> Result<Self, Error> {
        let scale = if hat { Coefficient::ONE } else { seen.sqrt() };
        let epsilon = Epsilon::both((eps, scale), (eps_root, seen))?;
        Ok(SecondMoment { average: Ema::unchecked(beta), epsilon })
    }

    /// The average after it has seen `g`.
    #[inline(always)]
    pub fn of<R: Real>(&self, v: R, g: R) -> R {
        self.average.of(v, g * g)
    }

    /// The mean of the gradients with the same decay rate, after it has seen `g`.
    #[inline(always)]
    pub fn mean_of<R: Real>(&self, mean: R, g: R) -> R {
        self.average.of(mean, g)
    }

    /// What the step divides by.
    #[inline(always)]
    pub fn root<R: Real>(&self, v: R) -> R {
        self.epsilon.root(v)
    }

    /// The divisor of a moment that has an epsilon outside alone.
    #[inline(always)]
    pub(crate) fn root_outside<R: Real>(&self, v: R) -> R {
        self.epsilon.without_inside().root(v)
    }

    /// The divisor of a moment that has an epsilon inside alone.
    #[inline(always)]
    pub(crate) fn root_inside<R: Real>(&self, v: R) -> R {
        self.epsilon.without_outside().root(v)
    }

    /// The form for a decay rate of at least ½.
    #[inline(always)]
    pub(crate) fn slow(self) -> Option<Self> {
        Some(SecondMoment { average: self.average.slow()?, ..self })
    }

    /// The form for a decay rate of at least ½ without an addition inside the root.
    #[inline(always)]
    pub(crate) fn usual(self) -> Option<Self> {
        Some(SecondMoment { average: self.average.slow()?, epsilon: self.epsilon.only_outside()? })
    }

    /// The form for a decay rate of at least ½ without an addition to the root.
    #[inline(always)]
    pub(crate) fn inner(self) -> Option<Self> {
        Some(SecondMoment { average: self.average.slow()?, epsilon: self.epsilon.only_inside()? })
    }

    /// The magnitude below which the average is stored as zero: where [epsilon hides it](Epsilon::hides_below), or
    /// [rounding holds it](Ema::held_below).
    #[inline(always)]
    pub fn fades_below(&self) -> f32 {
        larger(self.epsilon.hides_below(), self.average.held_below())
    }
}

/// `square − mean²`, but at least 2⁻²⁰ of `square`. After many nearly equal gradients the difference is only rounding
/// noise, and can even be negative.
#[inline(always)]
pub fn variance<R: Real>(square: R, mean: R) -> R {
    const NOISE: f32 = 1.0 / 1_048_576.0;
    (square - mean * mean).max(square * R::splat(NOISE))
}
