use crate::real::Real;

/// A number between two others: `from + weight·(to − from)`.
///
/// A weight of 0 gives `from` and a weight of 1 gives `to`, bit for bit, whatever the other number is. For weights
/// between 0 and 1 the result is finite if both numbers are, even where their difference overflows. An infinite number
/// stays infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lerp {
    weight: f32,
    /// 1 − weight.
    rest: f32,
    is_at_start: bool,
    is_at_end: bool,
}

impl Lerp {
    /// `weight` is the share of `to`. Weights outside [0, 1] extrapolate.
    pub const fn new(weight: f64) -> Self {
        let (weight, rest) = (weight as f32, (1.0 - weight) as f32);
        Lerp { weight, rest, is_at_start: weight == 0.0, is_at_end: weight == 1.0 }
    }

    /// The number between `from` and `to`.
    #[inline(always)]
    pub fn between<R: Real>(&self, from: R, to: R) -> R {
        if self.is_at_end {
            return to;
        }
        if self.is_at_start {
            return from;
        }
        let difference = to - from;
        let near = from + self.part_of(difference);
        // Each summand is at most as large as its number, so their sum is finite; the form above is more accurate.
        let far = R::splat(self.rest) * from + self.part_of(to);
        R::select(difference.abs().lt(R::splat(f32::INFINITY)), near, far)
    }

    /// `weight · difference`.
    #[inline(always)]
    pub(crate) fn part_of<R: Real>(&self, difference: R) -> R {
        R::splat(self.weight) * difference
    }

    /// Whether the weight is 1.
    #[inline(always)]
    pub(crate) const fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    /// The same in the form for a weight of 1, if it is 1.
    #[inline(always)]
    pub fn at_end(self) -> Option<Self> {
        self.is_at_end.then_some(Lerp { is_at_end: true, ..self })
    }

    /// The same in the form for a weight that is neither 0 nor 1, if it is neither.
    #[inline(always)]
    pub fn inside(self) -> Option<Self> {
        let inside = Lerp { is_at_start: false, is_at_end: false, ..self };
        (!self.is_at_start && !self.is_at_end).then_some(inside)
    }
}
