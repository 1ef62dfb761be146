use super::{Adapter, Penalty};
use crate::{Error, Real, check};

/// `p ← p − rate · p` before the step; made by [`Rule::decoupled_decay`](crate::Rule::decoupled_decay).
///
/// The product form `(1 − rate) · p` would round `1 − rate` to f32 and lose three digits of a usual rate of 1e-5.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecoupledDecay {
    penalty: Penalty,
}

impl DecoupledDecay {
    pub(super) fn new(rate: f64) -> Self {
        DecoupledDecay { penalty: Penalty::new(rate) }
    }

    /// The decay of a step: its rate is `lr · weight_decay`, which the caller has checked one by one.
    pub(crate) fn of_step(lr: f64, weight_decay: f64) -> Result<Self, Error> {
        let weight_decay = check::non_negative("weight_decay", weight_decay)?;
        check::coefficient("weight_decay", lr * weight_decay).map(|rate| DecoupledDecay::new(rate.into()))
    }

    /// See [`Rule::plain`](crate::Rule::plain).
    #[inline(always)]
    pub(crate) fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(DecoupledDecay { penalty: self.penalty.plain::<DECAYS>()? })
    }

    /// `update + rate · p`: decay and step are summed first, so that p is rounded once.
    #[inline(always)]
    pub(crate) fn add_to<R: Real>(&self, update: R, p: R) -> R {
        self.penalty.add_to(update, p)
    }
}

impl Adapter for DecoupledDecay {
    #[inline(always)]
    fn param<R: Real>(&self, p: R) -> R {
        self.penalty.shrink(p)
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        check::non_negative("decoupled_decay", self.penalty.factor().into()).map(drop)
    }
}
