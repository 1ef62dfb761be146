use super::follower::Follower;
use super::traits::Rule;
use crate::math::{Interpolate, Lerp};
use crate::real::Real;

/// One update of an average of the weights: `a ← a + weight·(p − a)`.
///
/// With a weight of 1 the average becomes `p`, whatever it held before, NaN too. As a [`Rule`] it is a pass over the
/// average and the parameters, with the average in the place of the parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Average {
    lerp: Lerp,
}

impl Average {
    /// `weight` is the part of the way to `p`, from 0 to 1.
    #[inline]
    pub(crate) const fn with_weight(weight: f64) -> Self {
        Average { lerp: Lerp::new(weight) }
    }

    /// The average after it has seen `p`.
    #[inline(always)]
    pub(crate) fn of<R: Real>(&self, average: R, p: R) -> R {
        self.lerp.between(average, p)
    }
}

impl Follower for Average {
    #[inline(always)]
    fn follow<R: Real>(&self, p: R, average: R) -> (R, R) {
        (p, self.of(average, p))
    }
}

impl Rule<0> for Average {
    #[inline(always)]
    fn lane<R: Real>(&self, average: R, p: R, []: [R; 0]) -> (R, [R; 0]) {
        (self.of(average, p), [])
    }
}
