//! Where the weight decay of an optimizer goes.

use crate::check;
use crate::error::Error;
use crate::math::Coefficient;
use crate::rule::{Coupled, Decoupled, Descent, Either, Loss};

/// An L2 penalty in the gradient.
#[inline]
pub(super) const fn coupled<D: Copy>(maximize: bool, weight_decay: f64, direction: D) -> Coupled<D> {
    Loss::penalized(maximize, weight_decay, Descent::new(direction))
}

/// `p` shrinks by `lr · weight_decay` of itself.
#[inline]
pub(super) fn decoupled<D>(
    maximize: bool,
    lr: Coefficient,
    weight_decay: f64,
    direction: D,
) -> Result<Decoupled<D>, Error> {
    Ok(Loss::new(maximize, Descent::decaying(direction, rate(lr, weight_decay)?)))
}

/// One or the other, as an option says.
#[inline]
pub(super) fn either<D>(
    maximize: bool,
    lr: Coefficient,
    weight_decay: f64,
    is_decoupled: bool,
    direction: D,
) -> Result<Either<D>, Error> {
    let (in_gradient, in_step) = if is_decoupled { (0.0, weight_decay) } else { (weight_decay, 0.0) };
    Ok(Loss::penalized(maximize, in_gradient, Descent::decaying(direction, rate(lr, in_step)?)))
}

#[inline]
fn rate(lr: Coefficient, weight_decay: f64) -> Result<f32, Error> {
    check::coefficient("weight_decay", weight_decay, lr * Coefficient::new(weight_decay))
}
