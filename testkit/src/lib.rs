//! What the tests, fuzz targets, benches, examples and firmware of gradstep share.
#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "std")]
pub mod bench;
pub mod network;
