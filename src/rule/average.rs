use super::compensated::add;
use super::follower::Follower;
use super::traits::Rule;
use crate::math::Lerp;
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

    /// The same update of an average that keeps what rounding takes off it, in one more slot.
    ///
    /// An average over n sets of weights moves by a part of about 1/n. Once that is less than half of the last digit, a plain
    /// average no longer changes: after some million sets, or at a decay of `1 − 1e-7`.
    #[inline]
    pub const fn compensated(self) -> CompensatedAverage {
        CompensatedAverage { plain: self }
    }

    /// The average after it has seen `p`.
    #[inline(always)]
    pub(crate) fn of<R: Real>(&self, average: R, p: R) -> R {
        self.lerp.between(average, p)
    }
}

impl Follower for Average {
    #[inline(always)]
    fn follow<R: Real>(&self, p: R, [average]: [R; 1]) -> (R, [R; 1]) {
        (p, [self.of(average, p)])
    }
}

impl Rule<0> for Average {
    #[inline(always)]
    fn lane<R: Real>(&self, average: R, p: R, []: [R; 0]) -> (R, [R; 0]) {
        (self.of(average, p), [])
    }
}

/// An [`Average`] that keeps what rounding takes off it, in a slot after it that starts at zero; made by
/// [`Average::compensated`]. The two together are the average to some 48 bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CompensatedAverage {
    plain: Average,
}

impl CompensatedAverage {
    /// The average and the rest after they have seen `p`.
    #[inline(always)]
    fn of<R: Real>(&self, average: R, rest: R, p: R) -> (R, R) {
        let (plain, zero) = (self.plain.of(average, p), R::splat(0.0));
        let lerp = self.plain.lerp;
        if lerp.inside().is_none() {
            // The average as it is or a new one.
            return (plain, if lerp.is_at_end() { zero } else { rest });
        }
        // Toward p from the average and the rest together.
        let (sum, lost) = add(average, rest, lerp.part_of((p - average) - rest));
        let is_finite = sum.abs().lt(R::splat(f32::INFINITY));
        (R::select(is_finite, sum, plain), R::select(is_finite, lost, zero))
    }
}

impl Follower<2> for CompensatedAverage {
    #[inline(always)]
    fn follow<R: Real>(&self, p: R, [average, rest]: [R; 2]) -> (R, [R; 2]) {
        let (average, rest) = self.of(average, rest, p);
        (p, [average, rest])
    }
}

impl Rule<1> for CompensatedAverage {
    #[inline(always)]
    fn lane<R: Real>(&self, average: R, p: R, [rest]: [R; 1]) -> (R, [R; 1]) {
        let (average, rest) = self.of(average, rest, p);
        (average, [rest])
    }
}
