//! What one step does to one element: rules, directions, and what is fused into them.
//!
//! - [`Rule`] is the new parameter and state of an element, as a formula. Write one for an optimizer of your own.
//! - [`Direction`] is a simpler formula, for a rule of the form `p ← p − update`: it turns a gradient and its state into
//!   the update. [`Descent`] makes a rule of it, and [`Loss`] adds weight decay to any rule.
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
mod descent;
mod direction;
mod follower;
mod loss;
mod measure;
mod objective;
mod penalty;
mod traits;
mod update;
mod wrappers;

pub use adapter::{Adapted, Adapter, Chain, Unadapted};
pub use adapters::{CenterGrads, ClipGrads, DecoupledDecay, ScaleGrads};
pub use average::{Average, CompensatedAverage};
pub use clamp::ClampParams;
pub use compensated::{Compensate, Compensated};
pub use decay::{Coupled, Decay, Decoupled, WeightDecay};
pub use descent::Descent;
pub use direction::{Direction, DirectionVisitor};
pub use follower::{Followed, Follower};
pub use loss::{Gradient, Loss, Minimize, Sign};
pub use measure::Measure;
pub use objective::Objective;
pub use penalty::{Off, On, Penalty, Switch};
pub use traits::{Rule, Visitor};
pub use update::Update;
pub use wrappers::{Aligned, Cautious, Scaled, Wrap};
pub(crate) use wrappers::{moves, same_sign};

/// A direction with weight decay in the gradient or in the step.
pub type Decaying<D> = Loss<Descent<D>>;
