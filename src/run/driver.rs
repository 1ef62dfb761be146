//! Walks the slices: whole vectors first, then the same formula over the remaining elements.
//!
//! Everything here is inlined into the backend's outermost function, the only one that may carry
//! `#[target_feature]`: a formula that is not inlined there costs a call per vector.

use super::lanes::Lanes;
use super::streams::{Access, Streams};
use crate::rule::Rule;

/// Slices of this length and more may come from memory. They take the loop that was faster from memory on Zen 4: with four
/// streams and more, one that prefetches.
pub(super) const LONG: usize = 1 << 15;

/// How many elements ahead of the step to prefetch: six cache lines. The CPU's own prefetchers look further ahead, and a
/// distance that interferes with them costs more than it gains.
const AHEAD: usize = 96;

/// One element after another, in one loop for every form of a rule: memory for code is scarce where there are no vectors.
#[inline(always)]
pub(super) fn drive_elements<U: Rule<S>, A: Access, const S: usize>(rule: &U, mut streams: Streams<'_, S, A>) {
    // The compiler can see that no store changes the coefficients of a copy.
    let rule = *rule;
    walk::<f32, 1, false, U, A, S>(&rule, &mut streams);
}

/// Whole vectors, then the remaining elements in vectors of half the width, a quarter and so on: a loop over them would
/// end in a mispredicted branch.
#[inline(always)]
pub(super) fn drive_vectors<L: Lanes<N>, const N: usize, H, U: Rule<S>, A: Access, const S: usize>(
    rule: &U,
    mut streams: Streams<'_, S, A>,
) where
    H: Lanes<8> + Lanes<4> + Lanes<2> + Lanes<1>,
{
    const { assert!(N == 8 || N == 16) };
    let rule = *rule;
    if L::PREFETCHES && S >= 2 && streams.len() >= LONG {
        whole::<L, N, true, U, A, S>(&rule, &mut streams);
    } else if streams.len() >= N {
        whole::<L, N, false, U, A, S>(&rule, &mut streams);
    }
    if streams.len().is_multiple_of(N) {
        return;
    }
    if N > 8 {
        once::<H, 8, U, A, S>(&rule, &mut streams);
    }
    once::<H, 4, U, A, S>(&rule, &mut streams);
    once::<H, 2, U, A, S>(&rule, &mut streams);
    once::<H, 1, U, A, S>(&rule, &mut streams);
}

/// Steps through the whole vectors, in the loop of the form that the rule is in, whose constants the compiler can see there.
#[inline(always)]
fn whole<L: Lanes<N>, const N: usize, const FAR: bool, U: Rule<S>, A: Access, const S: usize>(
    rule: &U,
    streams: &mut Streams<'_, S, A>,
) {
    /// Forms that a rule does not have are not compiled.
    macro_rules! forms {
        ($($form:literal)*) => {
            $(if const { $form < U::FORMS } && let Some(rule) = rule.in_form($form) {
                return walk::<L, N, FAR, U, A, S>(&rule, streams);
            })*
        };
    }
    const { assert!(U::FORMS <= 9, "a rule has at most 9 forms") };
    forms!(0 1 2 3 4 5 6 7 8);
    walk::<L, N, FAR, U, A, S>(rule, streams);
}

#[inline(always)]
fn walk<L: Lanes<N>, const N: usize, const FAR: bool, U: Rule<S>, A: Access, const S: usize>(
    rule: &U,
    streams: &mut Streams<'_, S, A>,
) {
    let end = streams.len() - streams.len() % N;
    let mut at = 0;
    while at < end {
        if FAR {
            streams.prefetch::<L, N>(at + AHEAD);
        }
        // SAFETY: `end` is a multiple of `N` and at most the length.
        unsafe { step::<L, N, U, A, S>(rule, streams, at) };
        at += N;
    }
}

/// A step of the `N` elements that come after all multiples of `2N`, if there are so many.
#[inline(always)]
fn once<L: Lanes<N>, const N: usize, U: Rule<S>, A: Access, const S: usize>(rule: &U, streams: &mut Streams<'_, S, A>) {
    const { assert!(N.is_power_of_two()) };
    if streams.len() & N != 0 {
        let at = streams.len() & !(2 * N - 1);
        // SAFETY: without its bits from `N` down, of which `N` is set, the length is at least `N` less.
        unsafe { step::<L, N, U, A, S>(rule, streams, at) };
    }
}

/// # Safety
/// `at + N <= streams.len()`.
#[inline(always)]
unsafe fn step<L: Lanes<N>, const N: usize, U: Rule<S>, A: Access, const S: usize>(
    rule: &U,
    streams: &mut Streams<'_, S, A>,
    at: usize,
) {
    // SAFETY: the caller's promise.
    let (p, g, state) = unsafe { streams.load::<L, N>(at, &U::EXTENTS) };
    let (p, state) = rule.lane(p, g, state);
    // SAFETY: the caller's promise.
    unsafe { streams.store(at, p, state, &U::EXTENTS) };
}
