//! Hyper-parameters are checked in f64 and every coefficient is rounded to f32 once, here.

use crate::Error;

/// A finite number of at least zero; −0 becomes 0, so that a formula need not tell them apart.
pub(crate) fn non_negative(name: &'static str, value: f64) -> Result<f64, Error> {
    // NaN fails the comparison too.
    if value >= 0.0 && value <= f64::from(f32::MAX) {
        Ok(value + 0.0)
    } else {
        Err(Error::HyperParameter { name, value, expected: "a finite f32 of at least 0" })
    }
}

/// A finite number above zero.
pub(crate) fn positive(name: &'static str, value: f64) -> Result<f64, Error> {
    if value > 0.0 && value <= f64::from(f32::MAX) {
        Ok(value)
    } else {
        Err(Error::HyperParameter { name, value, expected: "a finite f32 above 0" })
    }
}

/// A finite number that another one bounds from below.
pub(crate) fn at_least(name: &'static str, value: f64, least: f64) -> Result<f64, Error> {
    if value >= least && value <= f64::from(f32::MAX) {
        Ok(value)
    } else {
        Err(Error::HyperParameter { name, value, expected: "a finite f32 that is not below its bound" })
    }
}

/// A decay rate or momentum: at least zero and below one.
pub(crate) fn fraction(name: &'static str, value: f64) -> Result<f64, Error> {
    if (0.0..1.0).contains(&value) {
        Ok(value)
    } else {
        Err(Error::HyperParameter { name, value, expected: "at least 0 and below 1" })
    }
}

/// A share of something: from zero to one.
pub(crate) fn at_most_one(name: &'static str, value: f64) -> Result<f64, Error> {
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(Error::HyperParameter { name, value, expected: "at least 0 and at most 1" })
    }
}

/// Rounds a coefficient to f32. `name` is the hyper-parameter to blame where it overflows.
pub(crate) fn coefficient(name: &'static str, value: f64) -> Result<f32, Error> {
    let rounded = value as f32;
    if rounded.is_finite() {
        Ok(rounded)
    } else {
        Err(Error::HyperParameter { name, value, expected: "a coefficient that is finite in f32" })
    }
}
