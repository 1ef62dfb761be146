use super::checked::rate;
use crate::error::Error;

/// The same rate at every step.
///
/// ```text
/// lr
/// ```
///
/// Source: `optax.constant_schedule`, optax 0.2.8. `torch.optim.lr_scheduler.ConstantLR`, PyTorch 2.15, is two of them in
/// a chain:
///
/// ```
/// use gradstep::schedule::{Constant, Schedule};
///
/// // `ConstantLR(optimizer, factor=1/3, total_iters=5)` with a learning rate of 0.3.
/// let schedule = Constant::new(0.3 * (1.0 / 3.0))?.then(5, Constant::new(0.3)?);
/// assert_eq!(schedule.at(5), 0.3);
/// # Ok::<(), gradstep::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct Constant {
    lr: f64,
}

impl Constant {
    /// The rate of every step.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for an `lr` that is no finite f32 of at least 0, [`Error::Coefficient`] for one that f32
    /// turns into 0.
    pub const fn new(lr: f64) -> Result<Self, Error> {
        Constant { lr }.checked()
    }

    const fn checked(self) -> Result<Self, Error> {
        check_all!(rate("lr", self.lr));
        Ok(self)
    }

    fn rate(&self, _step: u64) -> f64 {
        self.lr
    }
}

schedule!(Constant);
