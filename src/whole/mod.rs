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
//! | [`NovoGrad`] | 1 | an `f64` | each tensor |
//! | [`Fromage`] | 0 | none | each tensor |
//! | [`StableAdamW`] | 2 | none | each tensor |
//! | [`Mars`] | 3 | none | each tensor |
//! | [`AdamMini`] | 1 | an `f64` | each block |
//! | [`RowAdaGrad`] | 0 | an `f32` | each row |
//! | [`Dog`], [`Dowg`] | 1 | [`DistanceMemory`] | all tensors |
//! | [`Prodigy`] | 4 | [`ProdigyMemory`] | all tensors |
//! | [`DAdaptAdam`], [`DAdaptSgd`] | 3, 2 | [`DAdaptMemory`] | all tensors |
//! | [`PolyakSgd`] | 0 | an `f64`: the loss | all tensors |
//! | [`Momo`] | 1 | [`MomoMemory`], with the loss | all tensors |
//!
//! # From an element-wise step
//!
//! Methods of [`Step`] make a step in two phases of any other:
//!
//! | method | each update, or gradient |
//! |---|---|
//! | [`Step::cautious_mean`] | is divided by the share of elements that move |
//! | [`Step::bound_update`] | has a bounded root mean square |
//! | [`Step::clip_norm`] | is clipped by the norm of a tensor, or of all |
//! | [`Step::adaptive_clip`] | is clipped against the norm of the weights, by rows |
//! | [`Step::centered`] | loses the mean of its row |
//!
//! [`Sam`] takes the gradient of a step elsewhere.
//!
//! # L-BFGS
//! An iteration of [`Lbfgs`] needs many sums in turn, and its line search calls for further evaluations of the loss. So it has
//! separate methods, which take all tensors in each call.
//!
//! [`Step`]: crate::Step
//! [`Step::adaptive_clip`]: crate::Step::adaptive_clip
//! [`Step::bound_update`]: crate::Step::bound_update
//! [`Step::cautious_mean`]: crate::Step::cautious_mean
//! [`Step::centered`]: crate::Step::centered
//! [`Step::clip_norm`]: crate::Step::clip_norm

mod adam_mini;
mod bounded;
mod cautious;
mod d_adapt;
mod distance;
mod fromage;
mod lamb;
mod lars;
mod lbfgs;
mod mars;
mod measures;
mod novo_grad;
mod polyak;
mod prodigy;
mod row_ada_grad;
mod sam;
mod shaped;
mod stable_adam_w;
mod step;

pub use adam_mini::*;
pub use bounded::BoundedUpdate;
pub use cautious::CautiousMean;
pub use d_adapt::*;
pub use distance::*;
pub use fromage::*;
pub use lamb::*;
pub use lars::*;
pub use lbfgs::*;
pub use mars::*;
pub use measures::*;
pub use novo_grad::*;
pub use polyak::*;
pub use prodigy::*;
pub use row_ada_grad::*;
pub use sam::*;
pub use shaped::*;
pub use stable_adam_w::*;
pub use step::{Phases, WholeOptimizer, WholeStep};

/// Calls a macro of the caller with every optimizer of this module, its number of state slots and that of its sums.
///
/// ```
/// macro_rules! names {
///     ($($Optimizer:ident: $slots:literal, $sums:literal;)*) => { [$(stringify!($Optimizer)),*] };
/// }
/// assert!(gradstep::for_each_whole_optimizer!(names).contains(&"Lamb"));
/// ```
#[macro_export]
macro_rules! for_each_whole_optimizer {
    ($callback:ident) => {
        $callback! {
            Lars: 1, 2;
            Lamb: 2, 2;
            NovoGrad: 1, 1;
            Fromage: 0, 2;
            StableAdamW: 2, 1;
            Mars: 3, 1;
            AdamMini: 1, 1;
            RowAdaGrad: 0, 1;
            Dog: 1, 3;
            Dowg: 1, 3;
            Prodigy: 4, 2;
            DAdaptAdam: 3, 2;
            DAdaptSgd: 2, 3;
            PolyakSgd: 0, 1;
            Momo: 1, 3;
        }
    };
}
