//! Half precision: gradients of micro-batches are kept in it, as they are where training has mixed precision.

/// The smallest normal number, 2⁻¹⁴.
const SMALLEST_NORMAL: f32 = 6.103_515_6e-5;
/// From here on a number rounds to infinity.
const OVERFLOW: f32 = 65_520.0;

/// Rounds each number to the nearest one of half precision, which has 11 bits. Numbers below 2⁻¹⁴ lose bits, those below
/// 2⁻²⁵ become zero.
pub(crate) fn round(values: &mut [f32]) {
    for value in values {
        let magnitude = value.abs();
        // The part that an addition leaves of a number ends where the sum's last digit is.
        let tiny = (magnitude + 0.75) - 0.75;
        let large = 8193.0 * magnitude;
        let normal = large - (large - magnitude);
        let rounded = if magnitude < SMALLEST_NORMAL { tiny } else { normal };
        // Also for NaN.
        let finite = magnitude < OVERFLOW;
        *value = if finite { rounded.copysign(*value) } else { *value * f32::INFINITY };
    }
}
