use super::Adapter;
use crate::{Error, Real, check};

/// `g ← min(max(g, −limit), limit)`; made by [`Rule::clip_grads`](crate::Rule::clip_grads).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipGrads {
    limit: f32,
}

impl ClipGrads {
    pub(super) fn new(limit: f64) -> Self {
        ClipGrads { limit: limit as f32 }
    }
}

impl Adapter for ClipGrads {
    #[inline(always)]
    fn grad<R: Real>(&self, _p: R, g: R) -> R {
        g.max(R::splat(-self.limit)).min(R::splat(self.limit))
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        check::non_negative("clip_grads", self.limit.into()).map(drop)
    }
}
