//! Optimizers that find their learning rate by themselves, from all tensors together.

mod d_adapt;
mod dog;
mod momo;
mod polyak;
mod prodigy;

pub use d_adapt::*;
pub use dog::*;
pub use momo::*;
pub use polyak::*;
pub use prodigy::*;
