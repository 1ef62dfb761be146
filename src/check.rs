//! Hyper-parameters are checked, and every coefficient is rounded to f32 once, here.

use crate::error::Error;
use crate::math::Coefficient;
use crate::range::Range;

/// Refuses the value of a field or an argument that is out of its range, or that f32 turns into 0.
///
/// Floats of one sign are ordered like their bits. Comparing those as integers costs little where f64 is software.
#[inline]
pub(crate) const fn field(name: &'static str, value: f64, range: Range) -> Result<(), Error> {
    /// The smallest number that f32 does not turn into 0: above half of the smallest f32.
    const LEAST: u64 = (f32::from_bits(1) as f64 / 2.0).to_bits() + 1;
    let (least, largest) = range.limits();
    let bits = if least < 0.0 { value.abs() } else { value }.to_bits();
    let first = if least > f64::from_bits(LEAST) { least.to_bits() } else { LEAST };
    let is_zero = bits << 1 == 0;
    if bits.wrapping_sub(first) <= largest.to_bits().wrapping_sub(first) || (is_zero && least <= 0.0) {
        Ok(())
    } else {
        Err(refused(name, value, range))
    }
}

/// Refuses a value of a clock that no run can reach.
#[inline]
pub(crate) const fn clock(name: &'static str, value: f64, range: Range) -> Result<(), Error> {
    if range.contains(value) { Ok(()) } else { Err(Error::Clock { name, value, range }) }
}

#[cold]
const fn refused(name: &'static str, value: f64, range: Range) -> Error {
    if range.contains(value) {
        Error::Coefficient { name, value, coefficient: value }
    } else {
        Error::HyperParameter { name, value, range }
    }
}

/// Rounds a value that [`field`] has checked, in a range without negative numbers, to f32.
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

/// The product of a hyper-parameter and the learning rate, rounded to f32.
#[inline]
pub(crate) fn product(name: &'static str, value: f64, lr: f64) -> Result<f32, Error> {
    coefficient(name, value, Coefficient::new(value) * Coefficient::new(lr))
}

#[cold]
const fn lost(name: &'static str, value: f64, coefficient: Coefficient) -> Error {
    Error::Coefficient { name, value, coefficient: coefficient.to_f64() }
}

/// The number of the step that begins, 1 for the first.
#[inline]
pub(crate) const fn next_step(clock: u64) -> Result<u64, Error> {
    match clock.wrapping_add(1) {
        0 => Err(Error::ClockOverflow),
        step => Ok(step),
    }
}

/// Serde of a type with `checked`, which refuses fields that no constructor gives, and with serde's derives for
/// `remote = "Self"`: what is read goes through `checked`.
macro_rules! checked_serde {
    ($Type:ident $(<$N:ident>)?) => {
        #[cfg(feature = "serde")]
        impl $(<const $N: usize>)? serde::Serialize for $Type $(<$N>)? {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Self::serialize(self, serializer)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de $(, const $N: usize)?> serde::Deserialize<'de> for $Type $(<$N>)? {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize(deserializer)?.checked().map_err(serde::de::Error::custom)
            }
        }
    };
}
