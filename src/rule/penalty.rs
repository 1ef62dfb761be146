use crate::real::Real;

/// `factor · p`, which weight decay adds to a gradient or to an update, or nothing. Whether it is there can be known when
/// the program runs ([`Penalty`]) or from the type ([`On`], [`Off`]).
pub trait Switch: Copy + Send + Sync {
    /// The factor, if there is one.
    fn factor(&self) -> Option<f32>;

    /// `sum + factor · p`. A penalty that is off does not read `p`: an infinite parameter must not make NaN of it.
    #[inline(always)]
    fn add_to<R: Real>(&self, sum: R, p: R) -> R {
        match self.factor() {
            Some(factor) => sum + R::splat(factor) * p,
            None => sum,
        }
    }

    /// `rest − factor · p`.
    #[inline(always)]
    fn take_from<R: Real>(&self, rest: R, p: R) -> R {
        match self.factor() {
            Some(factor) => rest - R::splat(factor) * p,
            None => rest,
        }
    }
}

/// A penalty that may be on or off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Penalty {
    factor: f32,
    is_on: bool,
}

/// A penalty that is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct On {
    factor: f32,
}

/// No penalty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Off;

impl Penalty {
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
}

impl On {
    #[inline]
    pub(crate) const fn new(factor: f32) -> Self {
        On { factor }
    }
}

impl Switch for Penalty {
    #[inline(always)]
    fn factor(&self) -> Option<f32> {
        self.is_on.then_some(self.factor)
    }
}

impl Switch for On {
    #[inline(always)]
    fn factor(&self) -> Option<f32> {
        Some(self.factor)
    }
}

impl Switch for Off {
    #[inline(always)]
    fn factor(&self) -> Option<f32> {
        None
    }
}
