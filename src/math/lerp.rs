use crate::real::Real;

/// The point a part of the way from one number to another: `from + weight·(to − from)`.
///
/// A weight of 0 gives `from` and a weight of 1 gives `to`, bit for bit, whatever the other number is. Between them the
/// result is finite where both numbers are, also where their difference overflows, and an infinity is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lerp {
    weight: f32,
    /// 1 − weight.
    rest: f32,
}

impl Lerp {
    /// `weight` is the part of the way. Weights outside [0, 1] extrapolate.
    #[inline]
    pub const fn new(weight: f64) -> Self {
        Lerp { weight: weight as f32, rest: (1.0 - weight) as f32 }
    }

    /// The number between `from` and `to`.
    #[inline(always)]
    pub fn between<R: Real>(&self, from: R, to: R) -> R {
        if self.weight == 1.0 {
            to
        } else if self.weight == 0.0 {
            from
        } else {
            self.inside(from, to)
        }
    }

    /// Whether the weight is neither 0 nor 1.
    #[inline(always)]
    pub(crate) fn is_inside(&self) -> bool {
        self.weight != 0.0 && self.weight != 1.0
    }

    /// The same for a weight that is neither 0 nor 1.
    #[inline(always)]
    pub(crate) fn inside<R: Real>(&self, from: R, to: R) -> R {
        let difference = to - from;
        let near = from + R::splat(self.weight) * difference;
        // Each summand is at most as large as its number, so their sum is finite; the form above is more accurate.
        let far = R::splat(self.rest) * from + R::splat(self.weight) * to;
        R::select(difference.abs().lt(R::splat(f32::INFINITY)), near, far)
    }
}
