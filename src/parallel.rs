//! A step on all cores. An element depends on its own inputs alone, so any cut gives the same bits.

use crate::{Error, Rule};

/// Elements of a piece: with its streams it fits a core's cache, and a step over it takes long enough to hand over.
const PIECE: usize = 1 << 15;

/// Up to here a caller outside the pool keeps the slices: to be woken, and to wake it again, takes longer than is saved.
const ALONE: usize = 1 << 17;

/// Halves the slices until they are pieces, for whichever threads are free. The caller has checked lengths and
/// coefficients.
pub(crate) fn apply<U: Rule<S> + Sync, const S: usize>(
    rule: &U,
    params: &mut [f32],
    grads: &[f32],
    state: [&mut [f32]; S],
) -> Result<(), Error> {
    let outside = rayon::current_thread_index().is_none();
    if params.len() <= if outside { ALONE } else { PIECE } {
        return rule.apply(params, grads, state);
    }
    let middle = (params.len() / 2).next_multiple_of(PIECE);
    let params = params.split_at_mut_checked(middle).unwrap_or_default();
    let grads = grads.split_at_checked(middle).unwrap_or_default();
    let empty = || [(); S].map(|()| <&mut [f32]>::default());
    let (mut first, mut second) = (empty(), empty());
    for ((slot, first), second) in state.into_iter().zip(&mut first).zip(&mut second) {
        (*first, *second) = slot.split_at_mut_checked(middle).unwrap_or_default();
    }
    let (first, second) =
        rayon::join(|| apply(rule, params.0, grads.0, first), || apply(rule, params.1, grads.1, second));
    first.and(second)
}
