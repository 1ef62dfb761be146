//! A step on all cores. An element depends on its own inputs alone, so any cut gives the same bits.

use crate::simd::driver::LONG;
use crate::{Error, Rule};
use std::sync::OnceLock;

/// Elements of a piece: with its streams it fits a core's cache, a step over it takes long enough to hand over, and it is
/// stepped through as a part of something long.
const PIECE: usize = LONG;

/// Up to here a caller outside the pool keeps the slices: to wake a thread takes longer than is saved.
const ALONE: usize = 1 << 19;

/// Slices of one length, which the caller of [`Slices::apply`] has checked with the rule's coefficients.
pub(crate) struct Slices<'a, const S: usize> {
    pub(crate) params: &'a mut [f32],
    pub(crate) grads: &'a [f32],
    pub(crate) state: [&'a mut [f32]; S],
}

impl<const S: usize> Slices<'_, S> {
    pub(crate) fn apply<U: Rule<S> + Sync>(self, rule: &U) -> Result<(), Error> {
        if rayon::current_thread_index().is_some() {
            self.halve(rule)
        } else if self.params.len() <= ALONE {
            self.here(rule)
        } else {
            self.share(rule)
        }
    }

    fn here<U: Rule<S>>(self, rule: &U) -> Result<(), Error> {
        rule.apply(self.params, self.grads, self.state)
    }

    /// Halves the slices until they are pieces, for whichever threads of the pool are free.
    fn halve<U: Rule<S> + Sync>(self, rule: &U) -> Result<(), Error> {
        if self.params.len() <= PIECE {
            return self.here(rule);
        }
        let middle = (self.params.len() / 2).next_multiple_of(PIECE);
        let (first, second) = self.split_at(middle);
        let (first, second) = rayon::join(|| first.halve(rule), || second.halve(rule));
        first.and(second)
    }

    /// A share for every thread of the pool but one, and one for the caller, who would only wait.
    fn share<U: Rule<S> + Sync>(self, rule: &U) -> Result<(), Error> {
        let threads = rayon::current_num_threads();
        let share = self.params.len().div_ceil(threads).next_multiple_of(PIECE);
        let failure = OnceLock::new();
        rayon::in_place_scope(|scope| {
            let mut rest = self;
            while rest.params.len() > share {
                let (first, second) = rest.split_at(share);
                rest = second;
                scope.spawn(|_| {
                    if let Err(error) = first.here(rule) {
                        failure.get_or_init(|| error);
                    }
                });
            }
            rest.here(rule)
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
