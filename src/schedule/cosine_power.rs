use super::cosine::Cosine;
use super::curve::mix;
use crate::check;
use crate::error::Error;
use crate::range::Range;

/// Half a period of the cosine to a power.
///
/// ```text
/// end + (start − end) · ((1 + cos πx)/2)^exponent,   x = t/steps
/// ```
///
/// Source: `optax.cosine_decay_schedule`, optax 0.2.8. With an exponent of 1 it is [`Cosine`], which takes no power.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct CosinePower {
    cosine: Cosine,
    exponent: f64,
}

impl CosinePower {
    /// `optax.cosine_decay_schedule` with an `exponent` above 0.
    ///
    /// # Errors
    /// Those of [`Cosine::optax`], and [`Error::HyperParameter`] for an exponent out of its range.
    pub const fn optax(init_value: f64, decay_steps: u64, alpha: f64, exponent: f64) -> Result<Self, Error> {
        match Cosine::optax(init_value, decay_steps, alpha) {
            Ok(cosine) => CosinePower { cosine, exponent }.checked(),
            Err(error) => Err(error),
        }
    }

    const fn checked(self) -> Result<Self, Error> {
        match check::field("exponent", self.exponent, Range::Positive) {
            Ok(()) => Ok(self),
            Err(error) => Err(error),
        }
    }

    fn rate(&self, step: u64) -> f64 {
        let left = libm::pow(self.cosine.left(step), self.exponent);
        mix(self.cosine.end, self.cosine.start, left)
    }
}

schedule!(CosinePower);
