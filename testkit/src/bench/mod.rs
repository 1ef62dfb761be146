//! What the benches share.

pub mod by_hand;
mod report;
mod streams;
mod turns;

pub use report::{Arguments, Table};
pub use streams::Streams;
pub use turns::{in_turn, median};
