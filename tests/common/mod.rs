//! What the subjects of the suite share.

mod adapters;
mod bits;
mod expected;
mod property;
pub(crate) mod registry;
mod run;
mod tensor;
pub(crate) mod tolerance;
pub(crate) mod values;

pub(crate) use adapters::Adapters;
pub(crate) use bits::assert_same_bits;
pub(crate) use expected::expect;
pub(crate) use property::check;
pub(crate) use registry::registry;
pub(crate) use run::{Run, Step, run};
pub(crate) use tensor::Tensor;

use gradstep::Backend;

/// Every backend that this machine can run.
pub(crate) fn backends() -> impl Iterator<Item = Backend> {
    Backend::ALL.into_iter().filter(|backend| backend.is_supported())
}
