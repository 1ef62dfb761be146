use super::Adapter;
use crate::{Error, Real, check};

/// `p ← p − rate · p` before the step; made by [`Rule::decoupled_decay`](crate::Rule::decoupled_decay).
///
/// The product form `(1 − rate) · p` would round `1 − rate` to f32 and lose three digits of a usual rate of 1e-5.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecoupledDecay {
    rate: f32,
}

impl DecoupledDecay {
    pub(super) fn new(rate: f64) -> Self {
        DecoupledDecay { rate: rate as f32 }
    }
}

impl Adapter for DecoupledDecay {
    #[inline(always)]
    fn param<R: Real>(&self, p: R) -> R {
        p - R::splat(self.rate) * p
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        check::non_negative("decoupled_decay", self.rate.into()).map(drop)
    }
}
