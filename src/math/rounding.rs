//! Every coefficient is rounded to f32 once, here.

use super::coefficient::Coefficient;
use crate::error::Error;

/// Rounds a value that has been checked, in a range without negative numbers, to f32.
#[inline]
pub(crate) const fn rounded(value: f64) -> f32 {
    Coefficient::new(value).to_f32()
}

/// Rounds a derived coefficient to f32. One that becomes infinite is an error, and so is one that becomes 0
/// without being it: what the caller asked for would not happen. The error blames the hyper-parameter `name` and gives
/// its `value`.
#[inline]
pub(crate) const fn coefficient(name: &'static str, value: f64, coefficient: Coefficient) -> Result<f32, Error> {
    let rounded = coefficient.to_f32();
    if rounded < f32::INFINITY && (rounded > 0.0 || coefficient.is_zero()) {
        Ok(rounded)
    } else {
        Err(lost(name, value, coefficient))
    }
}

/// Rounds a number of 0 or more that a state slot keeps for a whole unit. Beyond f32 it is the largest f32, so that an average of
/// them comes back; NaN stays.
#[inline]
pub(crate) const fn stored(number: f64) -> f32 {
    if number > f32::MAX as f64 { f32::MAX } else { number as f32 }
}

#[cold]
const fn lost(name: &'static str, value: f64, coefficient: Coefficient) -> Error {
    Error::Coefficient { name, value, coefficient: coefficient.to_f64() }
}
