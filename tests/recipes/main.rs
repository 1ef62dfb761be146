//! The tests of what a training recipe needs besides an element-wise step: sums, clipping, zeroing, whole-tensor rules.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is how a test fails"
)]

mod accumulating;
mod bits;
mod clipping;
mod extremes;
mod lbfgs;
mod oracles;
mod reference;
mod settings;
mod sums;
mod whole;
mod zeroing;
