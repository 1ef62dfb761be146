use crate::real::Real;

/// `factor · p`, which weight decay adds to a gradient or to an update, or nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Penalty {
    factor: f32,
    is_on: bool,
}

impl Penalty {
    /// No penalty.
    pub const OFF: Self = Penalty { factor: 0.0, is_on: false };

    /// A factor of 0 is no penalty.
    #[inline]
    pub(crate) const fn new(factor: f32) -> Self {
        Penalty { factor, is_on: factor != 0.0 }
    }

    /// On or off.
    #[inline(always)]
    pub(super) const fn switched(factor: f32, is_on: bool) -> Self {
        Penalty { factor, is_on }
    }

    /// The form where there is one.
    #[inline(always)]
    pub fn on(self) -> Option<Self> {
        self.is_on.then_some(Penalty { is_on: true, ..self })
    }

    /// The form where there is none.
    #[inline(always)]
    pub fn off(self) -> Option<Self> {
        (!self.is_on).then_some(Penalty::OFF)
    }

    /// `sum + factor · p`. A penalty that is off does not read `p`: an infinite parameter must not make NaN of it.
    #[inline(always)]
    pub fn add_to<R: Real>(&self, sum: R, p: R) -> R {
        if self.is_on { sum + R::splat(self.factor) * p } else { sum }
    }

    /// `rest − factor · p`.
    #[inline(always)]
    pub fn take_from<R: Real>(&self, rest: R, p: R) -> R {
        if self.is_on { rest - R::splat(self.factor) * p } else { rest }
    }
}
