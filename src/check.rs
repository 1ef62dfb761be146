//! Checks of hyper-parameters and of clocks.

use crate::error::Error;
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

/// Refuses a number of a clock that no run can reach. It is an f64, and may be beyond f32.
#[inline]
pub(crate) const fn clock_value(name: &'static str, value: f64, range: Range) -> Result<(), Error> {
    let (least, _) = range.limits();
    if value.is_finite() && (least < 0.0 || value >= least) { Ok(()) } else { Err(Error::Clock { name, value, range }) }
}

#[cold]
const fn refused(name: &'static str, value: f64, range: Range) -> Error {
    if range.contains(value) {
        Error::Coefficient { name, value, coefficient: value }
    } else {
        Error::HyperParameter { name, value, range }
    }
}

/// The number of the step that begins, 1 for the first.
#[inline]
pub(crate) const fn next_step(clock: u64) -> Result<u64, Error> {
    match clock.wrapping_add(1) {
        0 => Err(Error::ClockOverflow),
        step => Ok(step),
    }
}
