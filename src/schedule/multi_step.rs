use super::checked::{length, rate};
use crate::check;
use crate::error::Error;
use crate::range::Range;

/// The rate is multiplied by a factor at each of `N` milestones.
///
/// ```text
/// lr · Π factorᵢ   over the milestones ≤ t
/// ```
///
/// The factors are multiplied in the order in which they were given, from left to right. The order of the milestones does not
/// matter otherwise, and one that is given twice counts twice.
///
/// | preset | |
/// |---|---|
/// | [`MultiStep::torch`], `torch.optim.lr_scheduler.MultiStepLR`, PyTorch 2.15 | one factor for all |
/// | [`MultiStep::optax`], `optax.piecewise_constant_schedule`, optax 0.2.8 | a factor for each |
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct MultiStep<const N: usize> {
    lr: f64,
    #[cfg_attr(feature = "serde", serde(with = "crate::checked_serde::array"))]
    milestones: [(u64, f64); N],
}

impl<const N: usize> MultiStep<N> {
    /// `torch.optim.lr_scheduler.MultiStepLR` on a learning rate `lr`. Milestones are at least 1. `gamma` is at least 0, by
    /// default 0.1.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a rate or a `gamma` that is no finite f32 of at least 0 (`gamma` is called `factor` in the
    /// error), or for a milestone of 0, [`Error::Coefficient`] for a number that
    /// f32 turns into 0.
    pub fn torch(lr: f64, milestones: [u64; N], gamma: f64) -> Result<Self, Error> {
        MultiStep::optax(lr, milestones.map(|milestone| (milestone, gamma)))
    }

    /// `optax.piecewise_constant_schedule`: pairs of a step, at least 1, and the factor from that step on, at least 0.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a rate or a factor that is no finite f32 of at least 0 or for a milestone of 0,
    /// [`Error::Coefficient`] for a number that f32 turns into 0.
    pub fn optax(init_value: f64, boundaries_and_scales: [(u64, f64); N]) -> Result<Self, Error> {
        MultiStep { lr: init_value, milestones: boundaries_and_scales }.checked()
    }

    fn checked(self) -> Result<Self, Error> {
        rate("lr", self.lr)?;
        for (milestone, factor) in self.milestones {
            length("milestone", milestone)?;
            check::field("factor", factor, Range::NonNegative)?;
        }
        Ok(self)
    }

    fn rate(&self, step: u64) -> f64 {
        let passed = self.milestones.iter().filter(|(milestone, _)| *milestone <= step);
        passed.fold(self.lr, |lr, (_, factor)| lr * factor)
    }
}

schedule!(MultiStep<N>);
