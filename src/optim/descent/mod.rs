//! Gradient descent, momentum and averaged descent.

mod asgd;
mod heavy_ball;
mod momentum;
mod nesterov;
mod schedule_free;
mod sgd;

pub use asgd::*;
pub use heavy_ball::*;
pub use momentum::*;
pub use nesterov::*;
pub use schedule_free::*;
pub use sgd::*;
