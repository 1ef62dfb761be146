use crate::Real;

/// `factor · p`, which weight decay adds to a gradient or to a step, or nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Penalty {
    factor: f32,
    on: bool,
}

impl Penalty {
    pub(crate) fn new(factor: f64) -> Self {
        let factor = factor as f32;
        Penalty { factor, on: factor != 0.0 }
    }

    pub(super) fn factor(self) -> f32 {
        self.factor
    }

    /// The penalty with whether it is on as a constant, if that is `ON`.
    #[inline(always)]
    pub(crate) fn plain<const ON: bool>(self) -> Option<Self> {
        (self.on == ON).then_some(Penalty { on: ON, ..self })
    }

    /// `sum + factor · p`; a parameter at infinity must not make NaN of a penalty that is off.
    #[inline(always)]
    pub(crate) fn add_to<R: Real>(self, sum: R, p: R) -> R {
        if self.on { sum + R::splat(self.factor) * p } else { sum }
    }

    /// `p − factor · p`, likewise.
    #[inline(always)]
    pub(super) fn shrink<R: Real>(self, p: R) -> R {
        if self.on { p - R::splat(self.factor) * p } else { p }
    }
}
