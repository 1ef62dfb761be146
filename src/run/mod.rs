//! How a rule gets over slices of memory: the walk over elements, the vectors of each instruction set, and threads.
//!
//! All code for an instruction set and all `unsafe` is below this module.
#![allow(unsafe_code)]

mod arch;
mod blocks;
// 32-bit ARM has the scalar backend alone.
#[cfg_attr(target_arch = "arm", allow(dead_code))]
mod driver;
#[cfg_attr(target_arch = "arm", allow(dead_code))]
mod lanes;
#[cfg(feature = "rayon")]
mod parallel;
mod pass;
mod step;
mod streams;
mod sweep;
mod tensor;
mod units;

pub(crate) use arch::Supported;
#[cfg(feature = "rayon")]
pub use blocks::par_measure;
pub use blocks::{BLOCK, measure, measure_on};
pub(crate) use blocks::{max_abs, pass_squares, sums};
#[cfg(feature = "rayon")]
pub(crate) use blocks::{par_pass_squares, par_sums};
#[cfg(feature = "rayon")]
pub(crate) use pass::par_pass;
pub(crate) use pass::{Wrong, pass};
pub use step::Step;
pub(crate) use streams::Streams;
pub use tensor::{Gradients, Tensor};
pub(crate) use tensor::{Item, take_mut};
