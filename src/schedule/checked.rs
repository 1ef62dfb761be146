//! What every schedule is checked for, and the rates that it may give.

use crate::check;
use crate::error::Error;
use crate::range::Range;

/// Returns the first error. In a `const fn` there is no `?`.
macro_rules! check_all {
    ($($check:expr),+ $(,)?) => {$(
        if let Err(error) = $check {
            return Err(error);
        }
    )+};
}

/// Makes a schedule of a type with `rate`, the learning rate of a step, and `checked`, as [`checked_serde`] needs it.
macro_rules! schedule {
    ($Type:ident $(<$N:ident>)?) => {
        impl $(<const $N: usize>)? $crate::schedule::Schedule for $Type $(<$N>)? {
            fn at(&self, step: u64) -> f64 {
                $crate::schedule::checked::accepted(self.rate(step))
            }
        }

        checked_serde!($Type $(<$N>)?);
    };
}

/// Refuses what is no learning rate.
pub(super) const fn rate(name: &'static str, value: f64) -> Result<(), Error> {
    check::field(name, value, Range::NonNegative)
}

/// Refuses a length of 0.
pub(super) const fn length(name: &'static str, steps: u64) -> Result<(), Error> {
    check::field(name, steps as f64, Range::AtLeast(1.0))
}

/// Refuses a number above another one.
pub(super) const fn at_most(name: &'static str, value: f64, limit: &'static str, most: f64) -> Result<(), Error> {
    if value <= most { Ok(()) } else { Err(Error::Above { name, value, limit, most }) }
}

/// The rate that an optimizer accepts in place of one that f32 cannot hold.
pub(super) fn accepted(rate: f64) -> f64 {
    if check::field("", rate, Range::NonNegative).is_ok() {
        rate
    } else if rate > 1.0 {
        f32::MAX.into()
    } else {
        0.0
    }
}
