//! Hyper-parameters are checked in f64, and every coefficient is rounded to f32 once, here.

use crate::error::Error;
use crate::range::Range;

/// Refuses the value of a field or an argument that is out of its range, or that f32 turns into 0.
#[inline]
pub(crate) const fn field(name: &'static str, value: f64, range: Range) -> Result<(), Error> {
    if !range.contains(value) {
        return Err(Error::HyperParameter { name, value, range });
    }
    if value as f32 == 0.0 && value != 0.0 {
        return Err(Error::Coefficient { name, value, coefficient: value });
    }
    Ok(())
}

/// Rounds a coefficient to f32, and −0 to 0, so that a formula need not tell them apart. One that becomes infinite is an
/// error, and so is one that becomes 0 without being it: what the caller asked for would not happen. The error blames the
/// hyper-parameter `name` and gives its `value`.
#[inline]
pub(crate) const fn coefficient(name: &'static str, value: f64, coefficient: f64) -> Result<f32, Error> {
    let rounded = coefficient as f32 + 0.0;
    if rounded.is_finite() && (rounded != 0.0) == (coefficient != 0.0) {
        Ok(rounded)
    } else {
        Err(Error::Coefficient { name, value, coefficient })
    }
}

/// Rounds a hyper-parameter that is itself a coefficient.
#[inline]
pub(crate) const fn rounded(name: &'static str, value: f64) -> Result<f32, Error> {
    coefficient(name, value, value)
}

/// The number of the step that begins, 1 for the first.
#[inline]
pub(crate) const fn next_step(clock: u64) -> Result<u64, Error> {
    match clock.checked_add(1) {
        Some(step) => Ok(step),
        None => Err(Error::ClockOverflow),
    }
}
