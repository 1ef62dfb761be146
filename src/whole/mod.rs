//! Optimizers that look at a whole tensor: norms, means and dot products decide how far a step goes.
//!
//! A step has two phases with plain data between them. [`WholeStep::measure`] reads the tensor once and returns
//! [sums](crate::sum); [`WholeStep::update`] makes an ordinary [`Step`] of them, which writes the tensor in one more pass. So an
//! engine keeps its threads, shards and ranks: it measures pieces anywhere, merges the sums in any order, and applies the step
//! to the pieces. [`WholeStep::apply`] does all for one tensor in one call.
//!
//! ```
//! use gradstep::whole::{Lamb, WholeOptimizer};
//!
//! let lamb = Lamb { lr: 0.1, ..Lamb::DEFAULT };
//! let (mut params, grads) = ([3.0, 4.0], [1.0, -1.0]);
//! let (mut m, mut v, mut clock) = ([0.0; 2], [0.0; 2], 0);
//!
//! // In one call:
//! lamb.tick(&mut clock)?.apply(&mut params, &grads, [&mut m, &mut v])?;
//!
//! // The same in two phases. The first one writes nothing, so this is the place to skip a step.
//! let step = lamb.tick(&mut clock)?;
//! let sums = step.measure(&params, &grads, [&m, &v])?;
//! if sums.iter().all(|sum| sum.is_finite()) {
//!     step.update(&sums).apply(&mut params, &grads, [&mut m, &mut v])?;
//! }
//! # Ok::<(), gradstep::Error>(())
//! ```
//!
//! # Memory
//! Some rules remember a few numbers of a tensor, or of all tensors together, besides the state slots: NovoGrad's second moment,
//! Prodigy's estimate of the step size. They are plain data of the caller, of the type [`Phases::Memory`], and go through the
//! methods that end in `_with`. Where the table says "of all tensors", measure every tensor, merge the sums, update once and
//! apply the step to every tensor: [`WholeStep::apply_all_with`] does so.
//!
//! | optimizer | slots | memory | one update for |
//! |---|---|---|---|
//! | [`Lars`], LARC | 1 | none | each tensor |
//! | [`Lamb`] | 2 | none | each tensor |
//!
//! [`Cautious`](crate::rule::Cautious) versions of other optimizers with the authors' factor come from [`Step::cautious_mean`].

mod lamb;
mod lars;
mod step;

pub use lamb::*;
pub use lars::*;
pub use step::{Phases, WholeOptimizer, WholeStep};

#[allow(unused_imports, reason = "the documentation links it")]
use crate::Step;
use crate::sum::Sum;

/// The ratio of a norm of parameters to that of their update: `coefficient · ‖p‖ / (‖u‖ + eps)`, or 1 where either norm is 0.
///
/// NaN in a norm makes the ratio NaN.
fn trust_ratio(coefficient: f64, of_params: f64, of_update: f64, eps: f64) -> f64 {
    if of_params == 0.0 || of_update == 0.0 { 1.0 } else { coefficient * of_params / (of_update + eps) }
}

/// The Euclidean norms of two sums of squares.
fn norms([a, b]: &[Sum; 2]) -> (f64, f64) {
    (a.root(), b.root())
}
