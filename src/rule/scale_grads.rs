use super::Adapter;
use crate::{Error, Real, check};

/// `g ← factor · g`; made by [`Rule::scale_grads`](crate::Rule::scale_grads).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleGrads {
    factor: f32,
}

impl ScaleGrads {
    pub(super) fn new(factor: f64) -> Self {
        ScaleGrads { factor: factor as f32 }
    }
}

impl Adapter for ScaleGrads {
    #[inline(always)]
    fn grad<R: Real>(&self, _p: R, g: R) -> R {
        R::splat(self.factor) * g
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        check::coefficient("scale_grads", self.factor.into()).map(drop)
    }
}
