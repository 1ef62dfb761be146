//! What several optimizers sum, and the ratios that they make of the sums.

use crate::real::Real;
use crate::rule::{Measure, Off, Switch};
use crate::sum::Sum;

/// The ratio of a norm of parameters to that of their update: `coefficient · ‖p‖ / (‖u‖ + eps)`, or 1 where either norm is 0.
///
/// NaN in a norm makes the ratio NaN.
pub(super) fn trust_ratio(coefficient: f64, of_params: f64, of_update: f64, eps: f64) -> f64 {
    if of_params == 0.0 || of_update == 0.0 { 1.0 } else { coefficient * of_params / (of_update + eps) }
}

/// The Euclidean norms of two sums of squares.
pub(super) fn norms([a, b]: &[Sum; 2]) -> (f64, f64) {
    (a.root(), b.root())
}

/// `a / b`, or 0 where b is 0: an optimizer without epsilon does not move along gradients of zeros.
pub(super) fn quotient(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

/// Sums g², with weight decay in g or without.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Squares<W = Off>(pub(super) W);

/// Sums p² and g².
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BothSquares;

impl<W: Switch, const S: usize> Measure<S, 1> for Squares<W> {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, _: [R; S]) -> [[R; 2]; 1] {
        let g = self.0.add_to(g, p);
        [[g, g]]
    }
}

impl<const S: usize> Measure<S, 2> for BothSquares {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, _: [R; S]) -> [[R; 2]; 2] {
        [[p, p], [g, g]]
    }
}

/// An epsilon beside a root, rounded: at least what bounds the quotient where a square underflows and its root does not.
pub(super) fn least(eps: f64) -> f32 {
    (eps as f32).max(crate::math::LEAST_ROOT)
}
