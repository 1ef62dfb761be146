//! Walks the slices: whole vectors first, then the same formula over what is left.
//!
//! Everything here is inlined into the backend's outermost function, the only one that may carry
//! `#[target_feature]`: a formula that is not inlined there costs a call per vector.

use super::{Lanes, Streams};
use crate::Rule;

/// Slices of this length and more may come from memory, and take the loop that was faster from there on Zen 4: with four
/// streams and more, one that prefetches.
pub(crate) const LONG: usize = 1 << 15;

/// How many elements ahead of the step to prefetch: six cache lines. The CPU's own prefetchers see further, and a distance
/// in their way costs more than it gains.
const AHEAD: usize = 96;

/// One element after another, in one loop whatever a rule's switches say: code is scarce where there are no vectors.
#[inline(always)]
pub(super) fn drive_elements<U: Rule<S>, const S: usize>(rule: &U, mut streams: Streams<'_, S>) {
    // A copy, so that no store can be thought to change a coefficient.
    let rule = *rule;
    walk::<f32, 1, false, U, S>(&rule, &mut streams);
}

/// Whole vectors, then what is left in vectors that halve: without a loop, whose end no CPU foresees.
#[inline(always)]
pub(super) fn drive_vectors<L: Lanes<N>, const N: usize, H, U: Rule<S>, const S: usize>(
    rule: &U,
    mut streams: Streams<'_, S>,
) where
    H: Lanes<8> + Lanes<4> + Lanes<2> + Lanes<1>,
{
    const { assert!(N == 8 || N == 16) };
    let rule = *rule;
    if L::PREFETCHES && S >= 2 && streams.len() >= LONG {
        whole::<L, N, true, U, S>(&rule, &mut streams);
    } else {
        whole::<L, N, false, U, S>(&rule, &mut streams);
    }
    if N > 8 {
        once::<H, 8, U, S>(&rule, &mut streams);
    }
    once::<H, 4, U, S>(&rule, &mut streams);
    once::<H, 2, U, S>(&rule, &mut streams);
    once::<H, 1, U, S>(&rule, &mut streams);
}

/// Steps through the whole vectors, in one of three loops that is chosen before.
#[inline(always)]
fn whole<L: Lanes<N>, const N: usize, const FAR: bool, U: Rule<S>, const S: usize>(
    rule: &U,
    streams: &mut Streams<'_, S>,
) {
    if let Some(plain) = rule.plain::<false>() {
        return walk::<L, N, FAR, U, S>(&plain, streams);
    }
    if let Some(decaying) = rule.plain::<true>() {
        return walk::<L, N, FAR, U, S>(&decaying, streams);
    }
    walk::<L, N, FAR, U, S>(rule, streams)
}

#[inline(always)]
fn walk<L: Lanes<N>, const N: usize, const FAR: bool, U: Rule<S>, const S: usize>(
    rule: &U,
    streams: &mut Streams<'_, S>,
) {
    let end = streams.len() - streams.len() % N;
    let mut at = 0;
    while at < end {
        if FAR {
            streams.prefetch::<L, N>(at + AHEAD);
        }
        // SAFETY: `end` is a multiple of `N` and at most the length.
        unsafe { step::<L, N, U, S>(rule, streams, at) };
        at += N;
    }
}

/// A step of the `N` elements that come after all multiples of `2N`, if there are so many.
#[inline(always)]
fn once<L: Lanes<N>, const N: usize, U: Rule<S>, const S: usize>(rule: &U, streams: &mut Streams<'_, S>) {
    const { assert!(N.is_power_of_two()) };
    if streams.len() & N != 0 {
        let at = streams.len() & !(2 * N - 1);
        // SAFETY: without its bits from `N` down, of which `N` is set, the length is at least `N` less.
        unsafe { step::<L, N, U, S>(rule, streams, at) };
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
