//! A step on all cores. An element depends on its own inputs alone, so any cut gives the same bits.

use super::driver::LONG;
use super::tensor::Tensor;
use crate::math::{Sum, Sums};
use core::error::Error;
use std::panic::catch_unwind;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Elements of a piece. Its streams fit a core's cache, a step over it takes long enough to hand it to another thread, and
/// its loop is the one for long slices.
pub(super) const PIECE: usize = LONG;

/// Up to this many elements a caller outside the pool keeps the slices: waking a thread would take longer than it saves.
const ALONE: usize = 1 << 19;

/// Slices that can be cut.
pub(super) trait Cut: Send {
    fn len(&self) -> usize;

    /// What pieces are multiples of, at least [`PIECE`].
    fn grain(&self) -> usize {
        PIECE
    }

    /// Cuts the first `len` elements off.
    fn take(&mut self, len: usize) -> Self;
}

impl<const S: usize> Cut for Tensor<'_, S> {
    fn len(&self) -> usize {
        self.params.len()
    }

    fn take(&mut self, len: usize) -> Self {
        self.take(len)
    }
}

/// What comes of a piece. Pieces are done in any order.
pub(crate) trait Outcome: Send {
    /// That of nothing.
    const NOTHING: Self;

    /// Takes in that of another piece.
    fn merge(&mut self, other: Self);
}

impl Outcome for () {
    const NOTHING: Self = ();

    fn merge(&mut self, (): ()) {}
}

impl<const K: usize> Outcome for [Sum; K] {
    const NOTHING: Self = [Sum::ZERO; K];

    fn merge(&mut self, other: Self) {
        self.iter_mut().zip(&other).for_each(|(sum, other)| sum.merge(other));
    }
}

impl Outcome for Sums {
    const NOTHING: Self = Sums::ZERO;

    fn merge(&mut self, other: Self) {
        self.merge(&other);
    }
}

/// Who works on the slices.
enum Workers {
    /// The calling thread.
    Caller,
    /// The calling thread, which is one of a pool's, and the others of that pool.
    Pool,
    /// The calling thread and the threads of the global pool, of which it is none.
    CallerAndPool,
}

impl Workers {
    /// Those for so many elements.
    fn of(elements: usize) -> Self {
        if rayon::current_thread_index().is_some() {
            Workers::Pool
        } else if elements > ALONE && has_global_pool() {
            Workers::CallerAndPool
        } else {
            Workers::Caller
        }
    }
}

/// Whether there is a global pool. It is started here, because rayon panics where it starts one itself and no thread can be
/// spawned.
fn has_global_pool() -> bool {
    static STARTED: OnceLock<bool> = OnceLock::new();
    *STARTED.get_or_init(|| match rayon::ThreadPoolBuilder::new().build_global() {
        Ok(()) => true,
        // The only error without a source is that somebody has started it, or has tried to.
        Err(error) => error.source().is_none() && catch_unwind(rayon::current_num_threads).is_ok(),
    })
}

/// Works on slices in pieces, which begin at multiples of their grain.
pub(super) fn pieces<T: Cut, O: Outcome>(slices: T, work: &(impl Fn(T) -> O + Sync)) -> O {
    match Workers::of(slices.len()) {
        Workers::Caller => work(slices),
        Workers::Pool => halve(slices, work),
        Workers::CallerAndPool => share(slices, work),
    }
}

/// Halves the slices until they are pieces, for whichever threads of the pool are free.
fn halve<T: Cut, O: Outcome>(mut slices: T, work: &(impl Fn(T) -> O + Sync)) -> O {
    let grain = slices.grain();
    if slices.len() <= grain {
        return work(slices);
    }
    let first = slices.take((slices.len() / 2).next_multiple_of(grain));
    let (mut first, second) = rayon::join(|| halve(first, work), || halve(slices, work));
    first.merge(second);
    first
}

/// A share for every thread of the pool but one, and one for the caller, who would only wait.
fn share<T: Cut, O: Outcome>(mut slices: T, work: &(impl Fn(T) -> O + Sync)) -> O {
    let share = slices.len().div_ceil(rayon::current_num_threads()).next_multiple_of(slices.grain());
    let total = Mutex::new(O::NOTHING);
    let merge = |outcome| total.lock().unwrap_or_else(PoisonError::into_inner).merge(outcome);
    rayon::in_place_scope(|scope| {
        while slices.len() > share {
            let first = slices.take(share);
            scope.spawn(|_| merge(work(first)));
        }
        merge(work(slices));
    });
    total.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Works on every item of a list, of `len` elements each: `work` may cut an item further.
pub(crate) fn list<T: Send, O: Outcome>(
    items: &mut [T],
    len: &(impl Fn(&T) -> usize + Sync),
    work: &(impl Fn(&mut T) -> O + Sync),
) -> O {
    let total: usize = items.iter().map(len).sum();
    match Workers::of(total) {
        Workers::Caller => all(items, work),
        Workers::Pool => halve_list(items, total, len, work),
        Workers::CallerAndPool => share_list(items, total, len, work),
    }
}

/// Works on items one after another.
fn all<T, O: Outcome>(items: &mut [T], work: &impl Fn(&mut T) -> O) -> O {
    let mut outcome = O::NOTHING;
    items.iter_mut().for_each(|item| outcome.merge(work(item)));
    outcome
}

/// A share of the list for every thread of the pool but one, and one for the caller.
fn share_list<T: Send, O: Outcome>(
    items: &mut [T],
    total: usize,
    len: &(impl Fn(&T) -> usize + Sync),
    work: &(impl Fn(&mut T) -> O + Sync),
) -> O {
    let share = total.div_ceil(rayon::current_num_threads()).max(PIECE);
    let outcome = Mutex::new(O::NOTHING);
    let merge = |more| outcome.lock().unwrap_or_else(PoisonError::into_inner).merge(more);
    rayon::in_place_scope(|scope| {
        let (mut rest, mut left, merge) = (items, total, &merge);
        while left > share {
            let (count, elements) = front(rest, share, len);
            let (first, second) = core::mem::take(&mut rest).split_at_mut(count);
            (rest, left) = (second, left - elements);
            scope.spawn(move |_| merge(halve_list(first, elements, len, work)));
        }
        merge(all(rest, work));
    });
    outcome.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Halves a list until its items together are a piece.
fn halve_list<T: Send, O: Outcome>(
    items: &mut [T],
    total: usize,
    len: &(impl Fn(&T) -> usize + Sync),
    work: &(impl Fn(&mut T) -> O + Sync),
) -> O {
    if total <= PIECE || items.len() <= 1 {
        return all(items, work);
    }
    let (count, elements) = front(items, total / 2, len);
    let (first, second) = items.split_at_mut(count.min(items.len() - 1));
    let elements = if second.len() == 1 { first.iter().map(len).sum() } else { elements };
    let (mut outcome, more) =
        rayon::join(|| halve_list(first, elements, len, work), || halve_list(second, total - elements, len, work));
    outcome.merge(more);
    outcome
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
