//! Walks the slices: whole vectors first, then the same formula element by element.
//!
//! Everything here is inlined into the backend's outermost function, the only one that may carry
//! `#[target_feature]`: a formula that is not inlined there costs a call per vector.

use super::{Lanes, Streams};
use crate::Rule;

#[inline(always)]
pub(super) fn drive<L: Lanes<N>, const N: usize, U: Rule<S>, const S: usize>(rule: &U, mut streams: Streams<'_, S>) {
    // A copy, so that no store can be thought to change a coefficient.
    let rule = *rule;
    let tail = streams.len() % N;
    let vectors = streams.len() - tail;
    let mut at = 0;
    while at < vectors {
        // SAFETY: `vectors` is a multiple of `N` and at most the length.
        unsafe { step::<L, N, U, S>(&rule, &mut streams, at) };
        at += N;
    }
    for i in 0..tail {
        // SAFETY: `vectors + tail` is the length.
        unsafe { step::<f32, 1, U, S>(&rule, &mut streams, vectors + i) };
    }
}

/// # Safety
/// `at + N <= streams.len()`.
#[inline(always)]
unsafe fn step<L: Lanes<N>, const N: usize, U: Rule<S>, const S: usize>(
    rule: &U,
    streams: &mut Streams<'_, S>,
    at: usize,
) {
    // SAFETY: the caller's promise.
    let (p, g, state) = unsafe { streams.load::<L, N>(at) };
    let (p, state) = rule.lane(p, rule.grad(p, g), state);
    // SAFETY: the caller's promise.
    unsafe { streams.store(at, p, state) };
}
