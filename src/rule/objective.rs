use super::Adapter;
use crate::{Error, Real, check};

/// What the gradient is taken of: the loss, or its negative to ascend, plus an L2 penalty `weight_decay/2 · p²`.
///
/// `g ← ±g + weight_decay · p`, in PyTorch's order: the sign first, the penalty after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    sign: f32,
    weight_decay: f32,
}

impl Objective {
    /// Maximises or minimises, with an L2 penalty.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a `weight_decay` that is NaN, infinite or negative.
    pub fn new(maximize: bool, weight_decay: f64) -> Result<Self, Error> {
        check::non_negative("weight_decay", weight_decay)?;
        Ok(Objective::unchecked(maximize, weight_decay))
    }

    pub(super) fn unchecked(maximize: bool, weight_decay: f64) -> Self {
        Objective { sign: if maximize { -1.0 } else { 1.0 }, weight_decay: weight_decay as f32 }
    }
}

impl Adapter for Objective {
    #[inline(always)]
    fn grad<R: Real>(&self, p: R, g: R) -> R {
        let g = R::splat(self.sign) * g;
        // A parameter at infinity must not make NaN of a penalty that is off.
        if self.weight_decay == 0.0 { g } else { g + R::splat(self.weight_decay) * p }
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        check::non_negative("weight_decay", self.weight_decay.into()).map(drop)
    }
}
