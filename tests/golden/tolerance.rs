//! How far a trajectory may be from the reference, with the reason.

/// Half the distance of the f32 at 1: what rounding once to the nearest may cost, relatively.
pub(crate) const UNIT: f64 = 1.0 / 16_777_216.0;

/// How much larger our errors may be than the library's own in float32. Both are mostly the rounding of p, the same amount for
/// everybody and luck in each case; the ratio of the rms so far is measured at 0.05 to 1.3 where it is above [`RMS`].
pub(crate) const VERSUS_LIBRARY: f64 = 1.3;

/// The rms error of a case, relative to the numbers so far: twelve roundings of p make about 1, and momentum repeats the
/// rounding of lr and of the gradients in step; measured 0.4 to 2.1 in twenty steps, and 2.7 with RMSprop and momentum, where the library's own is 2.3.
pub(crate) const RMS: f64 = 2.0;

/// The largest error of a case, relative to the numbers of the step, unless the library's is larger still. An element
/// that crosses zero sets the error: measured 82, and 5,147 in a case of COCOB whose library has the same.
pub(crate) const MAX: f64 = 100.0;

/// The rms error of a case in the 263 steps after a library's state, relative to the numbers so far, unless the library's is
/// larger still: the roundings of p add up like a random walk. Measured 0.4 to 5.7, where the libraries' own are 0.5 to 36.
pub(crate) const RMS_OF_MANY: f64 = 4.0;
