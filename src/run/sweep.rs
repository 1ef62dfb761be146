//! Stores zero for state that fades towards subnormal numbers.

use super::arch::{self, Supported};
use super::streams::Streams;
use crate::math::TINY;
use crate::real::Real;
use crate::rule::Rule;
use core::iter;

/// Zero for what is tiny.
#[derive(Clone, Copy)]
struct Sweep;

impl Rule<0> for Sweep {
    #[inline(always)]
    fn lane<R: Real>(&self, x: R, _: R, []: [R; 0]) -> (R, [R; 0]) {
        (x.flush_below(TINY), [])
    }
}

/// Sweeps every slot that fades. One function for all rules, since it seldom runs.
pub(super) fn sweep(backend: Supported, state: &mut [&mut [f32]], fades: &[bool]) {
    for (slot, _) in state.iter_mut().zip(fades).filter(|(_, fades)| **fades) {
        arch::run(backend, &Sweep, iter::once(Streams::over(slot)));
    }
}
