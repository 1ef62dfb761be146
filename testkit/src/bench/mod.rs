//! What the benches share.

mod effort;
pub mod plain;
mod report;
mod streams;
pub mod sums;
mod turns;

pub use effort::Effort;
pub use report::{Arguments, Table};
pub use streams::Streams;
pub use turns::{in_turn, median};
