#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]

#[cfg(any(feature = "rayon", test))]
extern crate std;

pub mod any;
pub mod average;
mod backend;
#[macro_use]
mod clock;
mod check;
#[macro_use]
mod checked_serde;
pub mod clip;
mod error;
pub mod grad;
pub mod loss_scale;
pub mod math;
#[macro_use]
pub mod optim;
pub mod lbfgs;
mod range;
mod real;
pub mod rule;
mod run;
pub mod sam;
#[cfg(feature = "rand_core")]
#[cfg_attr(docsrs, doc(cfg(feature = "rand_core")))]
pub mod sample;
pub mod schedule;
mod shape;
pub mod sum;

pub use backend::Backend;
pub use clock::{Applied, Clock, ClockData};
pub use error::{Error, Named, Slice};
pub use optim::{DecayForm, HyperParameters, Optimizer};
pub use range::Range;
pub use real::Real;
pub use run::{Gradients, Step, Tensor};
pub use shape::{Extent, Shape};

macro_rules! optimizers {
    ($($Optimizer:ident: $slots:literal,)*) => {
        #[doc(inline)]
        pub use optim::{$($Optimizer),*};
    };
}
for_each_optimizer!(optimizers);
