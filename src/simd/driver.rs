//! Walks the slices: whole vectors first, then the same formula over what is left.
//!
//! Everything here is inlined into the backend's outermost function, the only one that may carry
//! `#[target_feature]`: a formula that is not inlined there costs a call per vector.

use super::{Lanes, Streams};
use crate::Rule;

/// Whole vectors, then elements.
#[inline(always)]
pub(super) fn drive<L: Lanes<N>, const N: usize, U: Rule<S>, const S: usize>(rule: &U, mut streams: Streams<'_, S>) {
    // A copy, so that no store can be thought to change a coefficient.
    let rule = *rule;
    let at = vectors::<L, N, U, S>(&rule, &mut streams);
    elements::<N, U, S>(&rule, &mut streams, at);
}

/// Whole vectors, then what is left in vectors that halve: without a loop, whose end no CPU foresees.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[inline(always)]
pub(super) fn drive_halving<L: Lanes<N>, const N: usize, H, U: Rule<S>, const S: usize>(
    rule: &U,
    mut streams: Streams<'_, S>,
) where
    H: Lanes<8> + Lanes<4> + Lanes<2> + Lanes<1>,
{
    let rule = *rule;
    let mut at = vectors::<L, N, U, S>(&rule, &mut streams);
    if N > 8 {
        at = once::<H, 8, U, S>(&rule, &mut streams, at);
    }
    at = once::<H, 4, U, S>(&rule, &mut streams, at);
    at = once::<H, 2, U, S>(&rule, &mut streams, at);
    once::<H, 1, U, S>(&rule, &mut streams, at);
}

/// Steps through the whole vectors and returns where they end: in one of three loops, chosen before. Single elements have
/// one loop, since code is scarce where they are all there is.
#[inline(always)]
fn vectors<L: Lanes<N>, const N: usize, U: Rule<S>, const S: usize>(rule: &U, streams: &mut Streams<'_, S>) -> usize {
    if N > 1 {
        if let Some(plain) = rule.plain::<false>() {
            return walk::<L, N, U, S>(&plain, streams);
        }
        if let Some(decaying) = rule.plain::<true>() {
            return walk::<L, N, U, S>(&decaying, streams);
        }
    }
    walk::<L, N, U, S>(rule, streams)
}

#[inline(always)]
fn walk<L: Lanes<N>, const N: usize, U: Rule<S>, const S: usize>(rule: &U, streams: &mut Streams<'_, S>) -> usize {
    let end = streams.len() - streams.len() % N;
    let mut at = 0;
    while at < end {
        // SAFETY: `end` is a multiple of `N` and at most the length.
        unsafe { step::<L, N, U, S>(rule, streams, at) };
        at += N;
    }
    end
}

/// A step of `N` elements from `at` on if the length has such a part, and where it ends.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[inline(always)]
fn once<L: Lanes<N>, const N: usize, U: Rule<S>, const S: usize>(
    rule: &U,
    streams: &mut Streams<'_, S>,
    at: usize,
) -> usize {
    const { assert!(N.is_power_of_two()) };
    if streams.len() & N == 0 {
        return at;
    }
    // SAFETY: `at` is the length without its bits from `N` down, of which `N` is set.
    unsafe { step::<L, N, U, S>(rule, streams, at) };
    at + N
}

/// Steps through what is left from `at` on, less than `N` elements. `% N` tells the compiler that the loop is short.
#[inline(always)]
fn elements<const N: usize, U: Rule<S>, const S: usize>(rule: &U, streams: &mut Streams<'_, S>, at: usize) {
    for i in 0..streams.len() % N {
        // SAFETY: `at` is the largest multiple of `N` up to the length.
        unsafe { step::<f32, 1, U, S>(rule, streams, at + i) };
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
