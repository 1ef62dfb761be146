//! The tests of the crate, one subject a file. One binary: the formulas of all optimizers are compiled once for all.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is how a test fails"
)]

mod accumulate;
mod accuracy;
mod adapters;
mod averages;
mod bit_identity;
mod coefficient;
mod compensation;
mod convergence;
mod errors;
mod fading;
mod faults;
mod forms;
mod groups;
mod hyper_parameters;
mod invariants;
mod limits;
mod lists;
mod loss_scale;
mod madgrad;
mod moving_average;
mod parallel;
mod power;
mod propagation;
mod registry;
mod schedule_free;
mod schedules;
mod schedules_of_libraries;
mod shuffle;
mod sophia;
