use super::ema::Ema;
use super::epsilon::{Both, Epsilon, Inside, Outside};
use crate::error::Error;
use crate::real::Real;

/// A running average of squares and the root that divides a step: what RMSprop and the Adam family share.
///
/// v̂, the average corrected for bias, is never formed, which saves a division an element: [`SecondMoment::root`] is
/// `√seen · (√(v̂ + eps_root) + eps)`, where `seen` is `1 − βᵗ`, and the coefficient of the quotient is multiplied by
/// `√seen`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SecondMoment<E> {
    average: Ema,
    epsilon: E,
    flush: f32,
}

impl SecondMoment<Outside> {
    /// The root is `√v̂ + eps`. `seen` is what v̂ divides v by: `1 − βᵗ`, or 1 without correction.
    #[inline]
    pub(crate) fn outside(beta: f64, eps: f64, seen: f64) -> Result<Self, Error> {
        let epsilon = Outside::new(eps, libm::sqrt(seen))?;
        Ok(SecondMoment { average: Ema::unchecked(beta), epsilon, flush: flush(beta, eps, 0.0) })
    }
}

impl SecondMoment<Inside> {
    /// The root is `√(v + eps)`.
    #[inline]
    pub(crate) fn inside(beta: f64, eps: f64) -> Result<Self, Error> {
        let epsilon = Inside::new("eps", eps, 1.0)?;
        Ok(SecondMoment { average: Ema::unchecked(beta), epsilon, flush: flush(beta, 0.0, eps) })
    }
}

impl SecondMoment<Both> {
    /// The root is `√(v̂ + eps_root) + eps`; with `hat`, `eps` is added to the root of v instead.
    #[inline]
    pub(crate) fn both(beta: f64, eps: f64, eps_root: f64, hat: bool, seen: f64) -> Result<Self, Error> {
        let outside = Outside::new(eps, if hat { 1.0 } else { libm::sqrt(seen) })?;
        let epsilon = Both::new(Inside::new("eps_root", eps_root, seen)?, outside);
        Ok(SecondMoment { average: Ema::unchecked(beta), epsilon, flush: flush(beta, eps, eps_root) })
    }
}

impl<E: Epsilon> SecondMoment<E> {
    /// The average after it has seen `g`.
    #[inline(always)]
    pub fn of<R: Real>(&self, v: R, g: R) -> R {
        self.average.of(v, g * g)
    }

    /// What the step divides by.
    #[inline(always)]
    pub fn root<R: Real>(&self, v: R) -> R {
        self.epsilon.root(v)
    }

    /// The form without an addition inside the root, where it gives the same bits.
    #[inline(always)]
    pub(crate) fn usual(&self) -> Option<SecondMoment<Outside>> {
        Some(SecondMoment { average: self.average, epsilon: self.epsilon.outside()?, flush: self.flush })
    }

    /// The average as it is stored: zero below a threshold that no step can tell from zero. An average of squares is never negative, so
    /// its sign need not be cleared first.
    #[inline(always)]
    pub fn stored<R: Real>(&self, v: R) -> R {
        v.zero_where(v.lt(R::splat(self.flush)))
    }
}

/// The threshold below which a decaying average of squares is stored as zero, so that elements without gradients don't pay
/// for subnormal arithmetic for ever: the smallest normal number where that is harmless, else zero.
///
/// An average that loses at most MIN a step is too small by at most `δ = MIN/(1−β)`, corrected for bias or not. The
/// denominator `√(v+eps_root) + eps` then changes by at most `√δ`, or by `δ/(2√eps_root)`. Harmless is a change of less
/// than 2⁻²⁸ of the denominator, a sixteenth of what its rounding may change.
#[inline]
fn flush(beta: f64, eps: f64, eps_root: f64) -> f32 {
    let loss = f64::from(f32::MIN_POSITIVE) / (1.0 - beta);
    let bound = f64::from_bits((1023 - 28) << 52);
    if libm::sqrt(loss) <= bound * eps || loss <= bound * eps_root { f32::MIN_POSITIVE } else { 0.0 }
}
