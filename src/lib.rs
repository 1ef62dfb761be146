#![no_std]
//! gradstep

mod check;
mod ema;
mod error;
pub mod optim;
pub mod rule;
mod simd;

pub use ema::Ema;
pub use error::{Error, Slice};
pub use optim::*;
pub use rule::{Adapter, Objective, Rule};
pub use simd::{Backend, Real};
