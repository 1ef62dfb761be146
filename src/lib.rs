#![no_std]
#![doc = include_str!("../README.md")]

#[cfg(feature = "rayon")]
extern crate std;

pub mod average;
mod check;
mod ema;
mod error;
pub mod grad;
mod lookahead;
pub mod optim;
#[cfg(feature = "rayon")]
mod parallel;
pub mod rule;
#[cfg(feature = "rand_core")]
pub mod sample;
mod simd;

pub use ema::Ema;
pub use error::{Error, Slice};
pub use lookahead::{Lookahead, Synchronise};
pub use optim::*;
pub use rule::{Adapter, Objective, Rule};
pub use simd::{Backend, Real};
