//! A step on all cores. An element depends on its own inputs alone, so any cut gives the same bits.

use super::driver::LONG;
use super::tensor::Tensor;
use crate::error::Error;
use std::sync::OnceLock;

/// Elements of a piece. Its streams fit a core's cache, a step over it takes long enough to hand it to another thread, and
/// its loop is the one for long slices.
const PIECE: usize = LONG;

/// Up to this many elements a caller outside the pool keeps the slices: waking a thread would take longer than it saves.
const ALONE: usize = 1 << 19;

/// A step over a tensor whose lengths have been checked, or over a piece of it.
pub(super) trait Piecewise<const S: usize>: Fn(Tensor<'_, S>) -> Result<(), Error> + Sync {}

impl<T: Fn(Tensor<'_, S>) -> Result<(), Error> + Sync, const S: usize> Piecewise<S> for T {}

/// Steps a tensor in pieces.
pub(super) fn pieces<T: Piecewise<S>, const S: usize>(tensor: Tensor<'_, S>, step: &T) -> Result<(), Error> {
    if rayon::current_thread_index().is_some() {
        halve(tensor, step)
    } else if tensor.params.len() <= ALONE {
        step(tensor)
    } else {
        share(tensor, step)
    }
}

/// Halves the slices until they are pieces, for whichever threads of the pool are free.
fn halve<T: Piecewise<S>, const S: usize>(mut tensor: Tensor<'_, S>, step: &T) -> Result<(), Error> {
    if tensor.params.len() <= PIECE {
        return step(tensor);
    }
    let first = tensor.take((tensor.params.len() / 2).next_multiple_of(PIECE));
    let (first, second) = rayon::join(|| halve(first, step), || halve(tensor, step));
    first.and(second)
}

/// A share for every thread of the pool but one, and one for the caller, who would only wait.
fn share<T: Piecewise<S>, const S: usize>(mut tensor: Tensor<'_, S>, step: &T) -> Result<(), Error> {
    let share = tensor.params.len().div_ceil(rayon::current_num_threads()).next_multiple_of(PIECE);
    let failure = Failure::default();
    rayon::in_place_scope(|scope| {
        while tensor.params.len() > share {
            let first = tensor.take(share);
            scope.spawn(|_| failure.note(step(first)));
        }
        failure.note(step(tensor));
    });
    failure.result()
}

/// Steps every item of a list, of `len` elements each: `step` may cut an item further.
pub(crate) fn list<T: Send>(
    items: &mut [T],
    len: &(impl Fn(&T) -> usize + Sync),
    step: &(impl Fn(&mut T) -> Result<(), Error> + Sync),
) -> Result<(), Error> {
    let total: usize = items.iter().map(len).sum();
    if rayon::current_thread_index().is_some() {
        return halve_list(items, total, len, step);
    }
    if total <= ALONE {
        return items.iter_mut().try_for_each(step);
    }
    let share = total.div_ceil(rayon::current_num_threads()).max(PIECE);
    let failure = Failure::default();
    rayon::in_place_scope(|scope| {
        let mut rest = items;
        let mut left = total;
        while left > share {
            let (count, elements) = front(rest, share, len);
            let (first, second) = core::mem::take(&mut rest).split_at_mut(count);
            (rest, left) = (second, left - elements);
            let failure = &failure;
            scope.spawn(move |_| failure.note(halve_list(first, elements, len, step)));
        }
        failure.note(rest.iter_mut().try_for_each(step));
    });
    failure.result()
}

/// Halves a list until its items together are a piece.
fn halve_list<T: Send>(
    items: &mut [T],
    total: usize,
    len: &(impl Fn(&T) -> usize + Sync),
    step: &(impl Fn(&mut T) -> Result<(), Error> + Sync),
) -> Result<(), Error> {
    if total <= PIECE || items.len() <= 1 {
        return items.iter_mut().try_for_each(step);
    }
    let (count, elements) = front(items, total / 2, len);
    let (first, second) = items.split_at_mut(count.min(items.len() - 1));
    let elements = if second.len() == 1 { first.iter().map(len).sum() } else { elements };
    let (first, second) =
        rayon::join(|| halve_list(first, elements, len, step), || halve_list(second, total - elements, len, step));
    first.and(second)
}

/// How many items from the front hold at least `share` elements together, at least one, and how many elements these are.
fn front<T>(items: &[T], share: usize, len: &impl Fn(&T) -> usize) -> (usize, usize) {
    let (mut count, mut elements) = (0, 0);
    for item in items {
        (count, elements) = (count + 1, elements + len(item));
        if elements >= share {
            break;
        }
    }
    (count, elements)
}

/// The first error of any thread.
#[derive(Default)]
struct Failure(OnceLock<Error>);

impl Failure {
    fn note(&self, result: Result<(), Error>) {
        if let Err(error) = result {
            self.0.get_or_init(|| error);
        }
    }

    fn result(self) -> Result<(), Error> {
        self.0.into_inner().map_or(Ok(()), Err)
    }
}
