//! What the tests, fuzz targets, benches, examples and firmware of gradstep share.
//!
//! Without the feature `std` it is what runs on microcontrollers too: the network of the digits, and how a step begins.
#![cfg_attr(not(feature = "std"), no_std)]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a panic is how a test fails"
)]

#[cfg(feature = "std")]
mod adapters;
#[cfg(feature = "std")]
pub mod bench;
#[cfg(feature = "std")]
mod bits;
#[cfg(feature = "std")]
pub mod expected;
pub mod network;
#[cfg(feature = "std")]
pub mod oracle;
#[cfg(feature = "std")]
mod property;
#[cfg(feature = "std")]
mod registry;
#[cfg(feature = "std")]
mod run;
mod start;
#[cfg(feature = "std")]
mod tensor;
#[cfg(feature = "std")]
pub mod tolerance;
#[cfg(feature = "std")]
mod tuned;
#[cfg(feature = "std")]
pub mod values;

pub use self::start::{Start, Starts, sets_clock};
#[cfg(feature = "std")]
pub use self::{
    adapters::Adapters,
    bits::assert_same_bits,
    expected::expect,
    property::check,
    registry::{Entry, registry},
    run::{Run, Step, run},
    tensor::Tensor,
    tuned::{Family, Rate, TUNED, Tuned, tuned_for},
};

/// Every backend that this machine can run.
#[cfg(feature = "std")]
pub fn backends() -> impl Iterator<Item = gradstep::Backend> {
    gradstep::Backend::ALL.into_iter().filter(|backend| backend.is_supported())
}
