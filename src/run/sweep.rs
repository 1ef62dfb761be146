//! Stores zero for what decays towards subnormal numbers.

use super::arch::{self, Supported};
use super::streams::Streams;
use crate::real::Real;
use crate::rule::Rule;

/// Zero for what is below a floor.
#[derive(Clone, Copy)]
struct Sweep {
    floor: f32,
}

impl Rule<0> for Sweep {
    #[inline(always)]
    fn lane<R: Real>(&self, x: R, _: R, []: [R; 0]) -> (R, [R; 0]) {
        (x.flush_below(self.floor), [])
    }
}

/// Sweeps every slot that has a floor. One function for all rules, since it seldom runs.
#[inline(never)]
pub(super) fn sweep(backend: Supported, state: &mut [&mut [f32]], floors: &[f32]) {
    let slots = state.iter_mut().zip(floors).filter(|(_, floor)| **floor > 0.0);
    for (slot, &floor) in slots {
        arch::run(backend, &Sweep { floor }, Streams::over(slot));
    }
}
