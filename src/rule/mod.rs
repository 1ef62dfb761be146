//! What one step does to one element: rules, directions, and what is fused into them.
//!
//! - [`Rule`] is the new parameter and state of an element, as a formula. Write one for an optimizer of your own.
//! - [`Direction`] is a simpler formula, for a rule of the form `p ← p − update`: it turns a gradient and its state into
//!   the update. [`Descent`] makes a rule of it, and [`Decayed`] adds weight decay to any rule.
//! - [`Cautious`] and [`Aligned`] wrap any direction. [`Compensated`] is a descent that loses nothing to rounding.
//! - [`Adapter`]s change the gradient, or the parameter, before the rule sees it. [`Follower`]s come after it: averages of the
//!   parameters, or bounds.
//!
//! Nothing here knows memory, vector widths or threads: [`Step`](crate::Step) runs a rule over slices.

mod adapter;
mod adapters;
mod average;
mod clamp;
mod compensated;
mod decay;
mod decayed;
mod descent;
mod direction;
mod follower;
mod measure;
mod objective;
mod pass;
mod penalty;
mod scaling;
mod slots;
mod traits;
mod wrappers;

pub use crate::shape::Scope;
pub use adapter::{Adapted, Adapter, Chain, Unadapted};
pub use adapters::{CentralizeGrads, ClipByValue, DecoupledDecay, ScaleGrads};
pub use average::{Average, CompensatedAverage};
pub use clamp::ClampParams;
pub use compensated::{Compensate, Compensated};
pub use decay::Decay;
pub use decayed::Decayed;
pub use descent::Descent;
pub use direction::Direction;
pub use follower::{Followed, Follower};
pub use measure::Measure;
pub use objective::Objective;
pub use pass::{Found, MAX_SUMS, Pass, Passes, Terms};
pub use penalty::Penalty;
pub(crate) use scaling::Rated;
pub use scaling::{Scaling, TrustRatio, Unscaled};
pub use traits::Rule;
pub use wrappers::{Aligned, Bounded, Cautious, CautiousMean, Wrap};

/// A direction with weight decay in the gradient or in the step.
pub type DecayedDescent<D> = Decayed<Descent<D>>;
