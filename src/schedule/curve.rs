//! Ways from one rate to another.

use core::f64::consts::FRAC_PI_2;

/// The rate after `done` of `steps` steps from `start` to `end`. Both ends are exact. Near either end the
/// distance from it has the full relative precision.
///
/// `shape` rises from 0 at 0 and has `shape(1−x) = 1 − shape(x)`, so that it is needed on [0, ½] alone.
pub(super) fn between(start: f64, end: f64, done: f64, steps: f64, shape: fn(f64) -> f64) -> f64 {
    let left = steps - done;
    if done < left {
        start + (end - start) * shape(done / steps)
    } else if left > 0.0 {
        end + (start - end) * shape(left / steps)
    } else {
        end
    }
}

/// A part of the way from `start` to `end`, in [0, 1].
pub(super) fn mix(start: f64, end: f64, part: f64) -> f64 {
    between(start, end, part, 1.0, linear)
}

/// x.
pub(super) fn linear(x: f64) -> f64 {
    x
}

/// `(1 − cos πx)/2 = sin²(πx/2)`, which cancels nowhere.
pub(super) fn cosine(x: f64) -> f64 {
    let sine = libm::sin(FRAC_PI_2 * x);
    sine * sine
}
