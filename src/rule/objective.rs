use super::adapter::Adapter;
use super::decayed::sign;
use super::penalty::Penalty;
use crate::check;
use crate::error::Error;
use crate::range::Range;
use crate::real::Real;

/// Ascends or descends, with an L2 penalty `weight_decay/2 · p²`: `g ← ±g + weight_decay · p`, in PyTorch's order. Made by
/// [`Step::l2`](crate::Step::l2) and [`Step::maximize`](crate::Step::maximize).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    sign: f32,
    penalty: Penalty,
    weight_decay: f64,
}

impl Objective {
    /// A weight decay that is NaN, infinite or negative is an error of [`Step::apply`](crate::Step::apply).
    #[inline]
    pub const fn new(maximize: bool, weight_decay: f64) -> Self {
        Objective { sign: sign(maximize), penalty: Penalty::new(weight_decay as f32), weight_decay }
    }
}

impl Adapter for Objective {
    #[inline(always)]
    fn grad<R: Real>(&self, p: R, g: R) -> R {
        self.penalty.add_to(R::splat(self.sign) * g, p)
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        check::field("weight_decay", self.weight_decay, Range::NonNegative)
    }
}
