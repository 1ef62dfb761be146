//! Stores zero for state that fades towards subnormal numbers.

use super::arch::{self, Supported};
use super::streams::{Access, Streams};
use crate::real::Real;
use crate::rule::Rule;
use crate::shape::Extent;
use core::iter;

/// Zero for what is below a magnitude.
#[derive(Clone, Copy)]
struct Sweep {
    below: f32,
}

impl Rule<0> for Sweep {
    #[inline(always)]
    fn lane<R: Real>(&self, x: R, _: R, []: [R; 0]) -> (R, [R; 0]) {
        (x.flush_below(self.below), [])
    }
}

/// Sweeps every slot of elements that fades.
pub(super) fn sweep<U: Rule<S>, A: Access, const S: usize>(
    backend: Supported,
    rule: &U,
    streams: &mut Streams<'_, S, A>,
) {
    for (slot, below) in rule.fades_below().into_iter().enumerate() {
        if below > 0.0 && matches!(U::EXTENTS.get(slot), Some(Extent::Element)) {
            streams.slot(slot).into_iter().for_each(|slot| run(backend, Sweep { below }, slot));
        }
    }
}

/// One function for all rules, since it seldom runs.
#[inline(never)]
fn run(backend: Supported, sweep: Sweep, slot: Streams<'_, 0>) {
    arch::run(backend, &sweep, iter::once(slot));
}
