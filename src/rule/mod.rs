//! What one step does to one element: rules, directions, and what is fused into them.
//!
//! - [`Rule`] is the new parameter and state of an element, as a formula. Write one for an optimizer of your own.
//! - [`Direction`] is a simpler formula, for a rule of the form `p ← p − update`: it turns a gradient and its state into
//!   the update. [`Descent`] makes a rule of it, with decoupled weight decay, and [`Loss`] adds an L2 penalty to any rule.
//! - [`Cautious`] and [`Aligned`] wrap any direction.
//! - [`Adapter`]s change the gradient, or the parameter, before the rule sees it. [`Follower`]s are buffers that are
//!   updated after it.
//!
//! Nothing here knows memory, vector widths or threads: [`Step`](crate::Step) runs a rule over slices.

mod adapter;
mod adapters;
mod average;
mod descent;
mod direction;
mod follower;
mod loss;
mod objective;
mod penalty;
mod traits;
mod wrappers;

pub use adapter::{Adapted, Adapter, Chain, Unadapted};
pub use adapters::{ClipGrads, DecoupledDecay, ScaleGrads};
pub use average::Average;
pub use descent::Descent;
pub use direction::{Direction, DirectionVisitor};
pub use follower::{Followed, Follower};
pub use loss::{Gradient, Loss, Minimize, Sign};
pub use objective::Objective;
pub use penalty::{Off, On, Penalty, Switch};
pub use traits::{Rule, Visitor};
pub use wrappers::{Aligned, Cautious, Wrap};

/// A direction whose weight decay is coupled: an L2 penalty in the gradient.
pub type Coupled<D> = Loss<Descent<D, Off>, Penalty>;

/// A direction whose weight decay is decoupled from the gradient (Loshchilov & Hutter 2017, arXiv 1711.05101).
pub type Decoupled<D> = Loss<Descent<D, Penalty>, Off>;

/// A direction whose weight decay is one or the other.
pub type Either<D> = Loss<Descent<D, Penalty>, Penalty>;
