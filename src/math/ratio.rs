/// `a / b`, or 0 where b is 0: an optimizer without epsilon does not move along gradients of zeros.
#[inline]
pub(crate) fn quotient(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

/// The ratio of a norm of parameters to that of their update: `coefficient · ‖p‖ / (‖u‖ + eps)`, or 1 where either norm is 0.
///
/// NaN in a norm makes the ratio NaN.
#[inline]
pub(crate) fn trust_ratio(coefficient: f64, of_params: f64, of_update: f64, eps: f64) -> f64 {
    if of_params == 0.0 || of_update == 0.0 { 1.0 } else { coefficient * of_params / (of_update + eps) }
}
