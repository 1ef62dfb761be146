//! Optimizers that divide by accumulated squares.

mod ada_delta;
mod ada_grad;
mod cocob;
mod ftrl;
mod madgrad;
mod rms_prop;
mod rms_prop_tf;
mod row_ada_grad;

pub use ada_delta::*;
pub use ada_grad::*;
pub use cocob::*;
pub use ftrl::*;
pub use madgrad::*;
pub use rms_prop::*;
pub use rms_prop_tf::*;
pub use row_ada_grad::*;
