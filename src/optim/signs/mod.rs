//! Optimizers whose step has a size that the gradient does not set: sign methods, and Sophia's clipped steps.

mod ada_hessian;
mod lion;
mod rprop;
mod sign_sgd;
mod sophia;
mod tiger;

pub use ada_hessian::*;
pub use lion::*;
pub use rprop::*;
pub use sign_sgd::*;
pub use sophia::*;
pub use tiger::*;
