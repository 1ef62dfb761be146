use super::lanes::Lanes;
use crate::error::{Error, Slice};
use core::marker::PhantomData;

/// The slices of a step as pointers with one length, which was checked where they were made: the loop over them needs
/// one counter and no bounds check at any optimisation level.
pub(super) struct Streams<'a, const S: usize, A = Step> {
    len: usize,
    params: *mut f32,
    grads: *mut f32,
    state: [*mut f32; S],
    access: PhantomData<A>,
    borrow: PhantomData<(&'a mut [f32], &'a [f32])>,
}

/// Parameters are written, gradients are read.
pub(super) struct Step;

/// Parameters are written, gradients are read and zeroed.
pub(super) struct StepZeroing;

/// Parameters and gradients are read.
pub(super) struct Measuring;

/// What a pass does with the slices. State is written where parameters are.
pub(super) trait Access {
    /// Whether parameters and state are written, which are borrowed mutably then.
    const WRITES: bool;

    /// Whether gradients are zeroed, which are borrowed mutably then.
    const ZEROES: bool;
}

impl Access for Step {
    const WRITES: bool = true;
    const ZEROES: bool = false;
}

impl Access for StepZeroing {
    const WRITES: bool = true;
    const ZEROES: bool = true;
}

impl Access for Measuring {
    const WRITES: bool = false;
    const ZEROES: bool = false;
}

/// The streams of tensors, one after another: a step over a list enters the code of its instruction set once.
pub(super) trait StreamsList<'a, A, const S: usize>: IntoIterator<Item = Streams<'a, S, A>> {}

impl<'a, A, I: IntoIterator<Item = Streams<'a, S, A>>, const S: usize> StreamsList<'a, A, S> for I {}

/// Runs the body once for each slot, with a constant index. A loop over `0..S` is not unrolled when optimising for
/// size, and then the array of pointers lives in memory.
macro_rules! each_slot {
    ($S:ident, |$slot:ident| $body:expr) => {
        each_slot!(@ $S $slot $body; 0 1 2 3 4 5 6 7)
    };
    (@ $S:ident $slot:ident $body:expr; $($index:literal)*) => {
        const { assert!($S <= 8, "a rule has at most 8 state slots") };
        $( if $index < $S { let $slot: usize = $index; $body } )*
    };
}

impl<'a> Streams<'a, 0> {
    /// A pass over one slice, which takes the place of the gradients too.
    #[inline(always)]
    pub(super) fn over(slice: &'a mut [f32]) -> Self {
        let params = slice.as_mut_ptr();
        Streams { len: slice.len(), params, grads: params, state: [], access: PhantomData, borrow: PhantomData }
    }
}

impl<'a> Streams<'a, 0, Measuring> {
    /// One slice that is only read, which takes the place of the gradients too.
    #[inline(always)]
    pub(super) fn reading(slice: &'a [f32]) -> Self {
        let params = slice.as_ptr().cast_mut();
        Streams { len: slice.len(), params, grads: params, state: [], access: PhantomData, borrow: PhantomData }
    }
}

/// A slice that may be written.
fn writable(slice: &mut [f32]) -> (usize, *mut f32) {
    (slice.len(), slice.as_mut_ptr())
}

/// A slice that is only read.
fn readable(slice: &[f32]) -> (usize, *mut f32) {
    (slice.len(), slice.as_ptr().cast_mut())
}

impl<'a, const S: usize> Streams<'a, S> {
    /// Checks that all slices are as long as the parameters.
    #[inline(always)]
    pub(super) fn new(params: &'a mut [f32], grads: &'a [f32], state: &'a mut [&mut [f32]; S]) -> Result<Self, Error> {
        Streams::of(writable(params), readable(grads), |slot| state.get_mut(slot).map(|slice| writable(slice)))
    }
}

impl<'a, const S: usize> Streams<'a, S, StepZeroing> {
    /// Checks that all slices are as long as the parameters.
    #[inline(always)]
    pub(super) fn zeroing(
        params: &'a mut [f32],
        grads: &'a mut [f32],
        state: &'a mut [&mut [f32]; S],
    ) -> Result<Self, Error> {
        Streams::of(writable(params), writable(grads), |slot| state.get_mut(slot).map(|slice| writable(slice)))
    }
}

impl<'a, const S: usize> Streams<'a, S, Measuring> {
    /// Checks that all slices are as long as the parameters.
    #[inline(always)]
    pub(super) fn measuring(params: &'a [f32], grads: &'a [f32], state: [&'a [f32]; S]) -> Result<Self, Error> {
        Streams::of(readable(params), readable(grads), |slot| state.get(slot).map(|slice| readable(slice)))
    }
}

impl<A: Access, const S: usize> Streams<'_, S, A> {
    /// Checks that all slices are as long as the parameters. What `A` says is written has been borrowed mutably.
    #[inline(always)]
    fn of(
        (expected, params): (usize, *mut f32),
        (found, grads): (usize, *mut f32),
        mut state: impl FnMut(usize) -> Option<(usize, *mut f32)>,
    ) -> Result<Self, Error> {
        if found != expected {
            return Err(Error::Length { slice: Slice::Grads, expected, found });
        }
        let mut pointers = [core::ptr::null_mut(); S];
        each_slot!(S, |slot| if let (Some(pointer), Some((found, slice))) = (pointers.get_mut(slot), state(slot)) {
            if found != expected {
                return Err(Error::Length { slice: Slice::State(slot), expected, found });
            }
            *pointer = slice;
        });
        Ok(Streams { len: expected, params, grads, state: pointers, access: PhantomData, borrow: PhantomData })
    }

    /// The number of elements of every slice.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Asks for the cache line of element `at` of every slice, also where that is beyond the end.
    #[inline(always)]
    pub(super) fn prefetch<L: Lanes<N>, const N: usize>(&self, at: usize) {
        L::prefetch(self.params.wrapping_add(at));
        L::prefetch(self.grads.wrapping_add(at));
        each_slot!(S, |slot| if let Some(from) = self.state.get(slot) {
            L::prefetch(from.wrapping_add(at));
        });
    }

    /// Parameters, gradients and state of the `N` elements from `at` on.
    ///
    /// # Safety
    /// `at + N <= self.len()`.
    #[inline(always)]
    pub(super) unsafe fn load<L: Lanes<N>, const N: usize>(&self, at: usize) -> (L, L, [L; S]) {
        let mut state = [L::splat(0.0); S];
        each_slot!(S, |slot| if let (Some(lanes), Some(from)) = (state.get_mut(slot), self.state.get(slot)) {
            // SAFETY: the caller keeps `at + N` within the slice.
            *lanes = L::load(unsafe { &*from.add(at).cast() });
        });
        // SAFETY: as above.
        unsafe { (L::load(&*self.params.add(at).cast()), L::load(&*self.grads.add(at).cast()), state) }
    }

    /// Writes the parameters and the state of the `N` elements from `at` on, and zeroes their gradients, as `A` says. The last
    /// slot comes first: where a formula leaves it as it is (MADGRAD's start), no other store comes before this one, and the
    /// compiler drops it.
    ///
    /// # Safety
    /// `at + N <= self.len()`.
    #[inline(always)]
    pub(super) unsafe fn store<L: Lanes<N>, const N: usize>(&mut self, at: usize, params: L, state: [L; S]) {
        if !A::WRITES {
            return;
        }
        each_slot!(
            S,
            |slot| if let (Some(lanes), Some(to)) = (state.get(S - 1 - slot), self.state.get(S - 1 - slot)) {
                // SAFETY: the caller keeps `at + N` within the slice, which is borrowed mutably for the life of `self`.
                lanes.store(unsafe { &mut *to.add(at).cast() });
            }
        );
        if A::ZEROES {
            // SAFETY: as above.
            L::splat(0.0).store(unsafe { &mut *self.grads.add(at).cast() });
        }
        // SAFETY: as above.
        params.store(unsafe { &mut *self.params.add(at).cast() });
    }
}
