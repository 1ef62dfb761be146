//! Ways from one rate to another.

use crate::math::divide;
use core::f64::consts::{FRAC_PI_2, FRAC_PI_4};

/// The rate after `done` of `steps` steps from `start` to `end`. Both ends are exact. Near either end the
/// distance from it has the full relative precision.
///
/// `shape` rises from 0 at 0 and has `shape(1−x) = 1 − shape(x)`, so that it is needed on [0, ½] alone.
pub(super) fn between(start: f64, end: f64, done: f64, steps: f64, shape: fn(f64) -> f64) -> f64 {
    let left = steps - done;
    nearer(start, end, done, left, |way| shape(divide(way, steps)))
}

/// The way from `start` to `end`, from the nearer one. `share` gives the part of it that `done` or `left` is.
fn nearer(start: f64, end: f64, done: f64, left: f64, share: impl Fn(f64) -> f64) -> f64 {
    if done < left {
        start + (end - start) * share(done)
    } else if left > 0.0 {
        end + (start - end) * share(left)
    } else {
        end
    }
}

/// A part of the way from `start` to `end`, in [0, 1].
pub(super) fn mix(start: f64, end: f64, part: f64) -> f64 {
    nearer(start, end, part, 1.0 - part, linear)
}

/// x.
pub(super) fn linear(x: f64) -> f64 {
    x
}

/// `(1 − cos πx)/2 = sin²(πx/2)`, which cancels nowhere, for x in [0, ½].
pub(super) fn cosine(x: f64) -> f64 {
    let sine = libm::sin(at_most_quarter(FRAC_PI_2 * x));
    sine * sine
}

/// An angle from 0 to π/4 as it is. The comparison shows the compiler that larger ones do not occur, and so it drops the code that
/// reduces them, 3 KB on a microcontroller. Floats of one sign are ordered like their bits.
fn at_most_quarter(angle: f64) -> f64 {
    f64::from_bits(angle.to_bits().min(FRAC_PI_4.to_bits()))
}
