#![no_std]
//! gradstep

mod check;
mod ema;
mod error;
pub mod grad;
pub mod optim;
pub mod rule;
#[cfg(feature = "rand_core")]
pub mod sample;
mod simd;

pub use ema::Ema;
pub use error::{Error, Slice};
pub use optim::*;
pub use rule::{Adapter, Objective, Rule};
pub use simd::{Backend, Real};
