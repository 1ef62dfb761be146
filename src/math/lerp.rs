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
    pub const fn new(weight: f64) -> Self {
        Lerp { weight: weight as f32, rest: (1.0 - weight) as f32 }
    }
}

/// A [`Lerp`], or a form of it that is known from the type.
pub trait Interpolate: Copy + Send + Sync {
    /// The number between `from` and `to`.
    fn between<R: Real>(&self, from: R, to: R) -> R;

    /// The form for a weight that is neither 0 nor 1.
    fn inner(&self) -> Option<Inner>;
}

/// A [`Lerp`] whose weight is neither 0 nor 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inner(Lerp);

/// A [`Lerp`] whose weight is 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtEnd;

impl Lerp {
    /// Whether the weight is 1.
    #[inline(always)]
    pub(crate) fn is_at_end(&self) -> bool {
        self.weight == 1.0
    }
}

impl Inner {
    /// `weight · difference`.
    #[inline(always)]
    pub(crate) fn part_of<R: Real>(&self, difference: R) -> R {
        R::splat(self.0.weight) * difference
    }
}

impl Interpolate for Lerp {
    #[inline(always)]
    fn between<R: Real>(&self, from: R, to: R) -> R {
        if self.weight == 1.0 {
            to
        } else if self.weight == 0.0 {
            from
        } else {
            Inner(*self).between(from, to)
        }
    }

    #[inline(always)]
    fn inner(&self) -> Option<Inner> {
        (self.weight != 0.0 && self.weight != 1.0).then_some(Inner(*self))
    }
}

impl Interpolate for Inner {
    #[inline(always)]
    fn between<R: Real>(&self, from: R, to: R) -> R {
        let Inner(Lerp { weight, rest }) = *self;
        let difference = to - from;
        let near = from + R::splat(weight) * difference;
        // Each summand is at most as large as its number, so their sum is finite; the form above is more accurate.
        let far = R::splat(rest) * from + R::splat(weight) * to;
        R::select(difference.abs().lt(R::splat(f32::INFINITY)), near, far)
    }

    #[inline(always)]
    fn inner(&self) -> Option<Inner> {
        Some(*self)
    }
}

impl Interpolate for AtEnd {
    #[inline(always)]
    fn between<R: Real>(&self, _from: R, to: R) -> R {
        to
    }

    #[inline(always)]
    fn inner(&self) -> Option<Inner> {
        None
    }
}
