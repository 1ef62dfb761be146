use super::{Adapter, Penalty};
use crate::{Error, Real, check};

/// What the gradient is taken of: the loss, or its negative to ascend, plus an L2 penalty `weight_decay/2 · p²`.
///
/// `g ← ±g + weight_decay · p`, in PyTorch's order: the sign first, the penalty after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    sign: f32,
    penalty: Penalty,
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
        Objective { sign: if maximize { -1.0 } else { 1.0 }, penalty: Penalty::new(weight_decay) }
    }

    /// The same with its switches as constants, if it minimises and has a penalty or none as `DECAYS` says: for
    /// [`Rule::plain`](crate::Rule::plain).
    #[inline(always)]
    pub fn plain<const DECAYS: bool>(self) -> Option<Self> {
        let penalty = self.penalty.plain::<DECAYS>()?;
        (self.sign == 1.0).then_some(Objective { sign: 1.0, penalty })
    }
}

impl Adapter for Objective {
    #[inline(always)]
    fn grad<R: Real>(&self, p: R, g: R) -> R {
        self.penalty.add_to(R::splat(self.sign) * g, p)
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        check::non_negative("weight_decay", self.penalty.factor().into()).map(drop)
    }
}
