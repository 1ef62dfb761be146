//! Optimizers whose step has a length in proportion to the parameters of a tensor, for large batches.

mod adam_p;
mod fromage;
mod lamb;
mod lars;
mod novo_grad;
mod projected;
mod sgd_p;

pub use adam_p::*;
pub use fromage::*;
pub use lamb::*;
pub use lars::*;
pub use novo_grad::*;
pub use projected::*;
pub use sgd_p::*;
