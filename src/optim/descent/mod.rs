//! Gradient descent, momentum and averaged descent.

mod asgd;
mod heavy_ball;
mod momentum;
mod nesterov;
mod noisy_sgd;
mod optimistic_sgd;
mod schedule_free;
mod sgd;

pub use asgd::*;
pub use heavy_ball::*;
pub use momentum::*;
pub use nesterov::*;
pub use noisy_sgd::*;
pub use optimistic_sgd::*;
pub use schedule_free::*;
pub use sgd::*;
