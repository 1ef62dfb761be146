use super::penalty::Penalty;

/// Weight decay: none, in the gradient or in the step.
///
/// ```text
/// g ← g + factor · p        in the gradient: that of an L2 penalty factor/2 · p²
/// p ← p − factor · p        in the step, apart from the gradient (Loshchilov & Hutter 2017, arXiv 1711.05101)
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay {
    factor: f32,
    in_gradient: bool,
    in_step: bool,
}

impl Decay {
    /// How many forms there are: one for each place, and one without decay.
    pub(super) const FORMS: u8 = 3;

    /// Decay in the gradient. A factor of 0 is no decay.
    #[inline]
    pub(crate) const fn coupled(factor: f32) -> Self {
        Decay { factor, in_gradient: factor != 0.0, in_step: false }
    }

    /// Decay in the step. A factor of 0 is no decay.
    #[inline]
    pub(crate) const fn decoupled(factor: f32) -> Self {
        Decay { factor, in_gradient: false, in_step: factor != 0.0 }
    }

    /// `factor · p` for the gradient.
    #[inline(always)]
    pub const fn in_gradient(&self) -> Penalty {
        Penalty::switched(self.factor, self.in_gradient)
    }

    /// `factor · p` for the step.
    #[inline(always)]
    pub const fn in_step(&self) -> Penalty {
        Penalty::switched(self.factor, self.in_step)
    }

    /// The form of this number, if the decay is in it.
    #[inline(always)]
    pub(super) fn in_form(self, form: u8) -> Option<Self> {
        let form = Decay { factor: self.factor, in_gradient: form == 1, in_step: form == 2 };
        (self.in_gradient == form.in_gradient && self.in_step == form.in_step).then_some(form)
    }
}
