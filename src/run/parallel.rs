//! A step on all cores. An element depends on its own inputs alone, so any cut gives the same bits.

use super::driver::LONG;
use crate::error::Error;
use std::sync::OnceLock;

/// A step over pieces of the slices.
pub(super) trait Piecewise<const S: usize>:
    Fn(&mut [f32], &[f32], [&mut [f32]; S]) -> Result<(), Error> + Sync
{
}

impl<T: Fn(&mut [f32], &[f32], [&mut [f32]; S]) -> Result<(), Error> + Sync, const S: usize> Piecewise<S> for T {}

/// Elements of a piece. Its streams fit a core's cache, a step over it takes long enough to hand it to another thread, and
/// its loop is the one for long slices.
const PIECE: usize = LONG;

/// Up to this many elements a caller outside the pool keeps the slices: waking a thread would take longer than it saves.
const ALONE: usize = 1 << 19;

/// Slices of one length. The caller of [`Slices::apply`] has checked that, and the coefficients.
pub(super) struct Slices<'a, const S: usize> {
    pub(super) params: &'a mut [f32],
    pub(super) grads: &'a [f32],
    pub(super) state: [&'a mut [f32]; S],
}

impl<const S: usize> Slices<'_, S> {
    pub(super) fn apply<T: Piecewise<S>>(self, step: &T) -> Result<(), Error> {
        if rayon::current_thread_index().is_some() {
            self.halve(step)
        } else if self.params.len() <= ALONE {
            self.here(step)
        } else {
            self.share(step)
        }
    }

    fn here<T: Piecewise<S>>(self, step: &T) -> Result<(), Error> {
        step(self.params, self.grads, self.state)
    }

    /// Halves the slices until they are pieces, for whichever threads of the pool are free.
    fn halve<T: Piecewise<S>>(self, step: &T) -> Result<(), Error> {
        if self.params.len() <= PIECE {
            return self.here(step);
        }
        let middle = (self.params.len() / 2).next_multiple_of(PIECE);
        let (first, second) = self.split_at(middle);
        let (first, second) = rayon::join(|| first.halve(step), || second.halve(step));
        first.and(second)
    }

    /// A share for every thread of the pool but one, and one for the caller, who would only wait.
    fn share<T: Piecewise<S>>(self, step: &T) -> Result<(), Error> {
        let threads = rayon::current_num_threads();
        let share = self.params.len().div_ceil(threads).next_multiple_of(PIECE);
        let failure = OnceLock::new();
        rayon::in_place_scope(|scope| {
            let mut rest = self;
            while rest.params.len() > share {
                let (first, second) = rest.split_at(share);
                rest = second;
                scope.spawn(|_| {
                    if let Err(error) = first.here(step) {
                        failure.get_or_init(|| error);
                    }
                });
            }
            rest.here(step)
        })?;
        failure.into_inner().map_or(Ok(()), Err)
    }

    fn split_at(self, middle: usize) -> (Self, Self) {
        let params = self.params.split_at_mut_checked(middle).unwrap_or_default();
        let grads = self.grads.split_at_checked(middle).unwrap_or_default();
        let empty = || [(); S].map(|()| <&mut [f32]>::default());
        let (mut first, mut second) = (empty(), empty());
        for ((slot, first), second) in self.state.into_iter().zip(&mut first).zip(&mut second) {
            (*first, *second) = slot.split_at_mut_checked(middle).unwrap_or_default();
        }
        (
            Slices { params: params.0, grads: grads.0, state: first },
            Slices { params: params.1, grads: grads.1, state: second },
        )
    }
}
