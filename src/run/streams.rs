use super::lanes::Lanes;
use super::tensor::Gradients;
use crate::error::{Error, Slice};
use crate::rule::Scope;
use crate::shape::{Extent, Shape};
use core::marker::PhantomData;

/// The slices of a step as pointers with one length, which was checked where they were made: the loop over them needs
/// one counter and no bounds check at any optimisation level.
pub(crate) struct Streams<'a, const S: usize, A = Step> {
    len: usize,
    params: *mut f32,
    grads: *mut f32,
    state: [*mut f32; S],
    access: PhantomData<A>,
    borrow: PhantomData<(&'a mut [f32], &'a [f32])>,
}

/// Parameters are written, gradients are read.
#[derive(Debug)]
pub struct Step;

/// Parameters are written, gradients are read and zeroed.
#[derive(Debug)]
pub struct StepZeroing;

/// Parameters and gradients are read.
pub(super) struct Measuring;

/// What a pass does with the slices. State is written where parameters are.
pub trait Access {
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

/// Whether a slot has a number for each element.
#[inline(always)]
fn is_element<const S: usize>(extents: &[Extent; S], slot: usize) -> bool {
    matches!(extents.get(slot), Some(Extent::Element))
}

/// Whether a slot has a number for each unit of a scope.
#[inline(always)]
fn is_of<const S: usize>(extents: &[Extent; S], slot: usize, scope: Scope) -> bool {
    matches!(extents.get(slot), Some(extent) if extent.is_of(scope))
}

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

// SAFETY: the pointers are those of slices that are borrowed for the life of the value, and a slice of f32 may go to another
// thread.
unsafe impl<const S: usize, A> Send for Streams<'_, S, A> {}

impl<'a> Streams<'a, 0, Measuring> {
    /// One slice that is only read, which takes the place of the gradients too.
    #[inline(always)]
    pub(super) fn reading(slice: &'a [f32]) -> Self {
        let params = slice.as_ptr().cast_mut();
        Streams { len: slice.len(), params, grads: params, state: [], access: PhantomData, borrow: PhantomData }
    }
}

impl<'a, const S: usize> Streams<'a, S, Measuring> {
    /// Checks that all slices have the lengths of the shape.
    #[inline(always)]
    pub(super) fn measuring(
        params: &'a [f32],
        grads: &'a [f32],
        state: [&'a [f32]; S],
        extents: &[Extent; S],
    ) -> Result<Self, Error> {
        let readable = |slice: &[f32]| (slice.len(), slice.as_ptr().cast_mut());
        let shape = Shape::vector(params.len());
        Streams::of(
            readable(params),
            readable(grads),
            |slot| state.get(slot).map(|slice| readable(slice)),
            extents,
            &shape,
        )
    }
}

impl<'a, A: Access, const S: usize> Streams<'a, S, A> {
    /// Checks that all slices have the lengths of the shape.
    #[inline(always)]
    pub(crate) fn new<G: Gradients<Access = A>>(
        params: &'a mut [f32],
        grads: &'a mut G,
        mut state: [&'a mut [f32]; S],
        extents: &[Extent; S],
        shape: &Shape,
    ) -> Result<Self, Error> {
        let state = |slot: usize| state.get_mut(slot).map(|slice| (slice.len(), slice.as_mut_ptr()));
        Streams::of((params.len(), params.as_mut_ptr()), (grads.len(), grads.pointer()), state, extents, shape)
    }

    /// Checks that all slices have the lengths of the shape. What `A` says is written has been borrowed mutably.
    #[inline(always)]
    fn of(
        (len, params): (usize, *mut f32),
        (found, grads): (usize, *mut f32),
        mut state: impl FnMut(usize) -> Option<(usize, *mut f32)>,
        extents: &[Extent; S],
        shape: &Shape,
    ) -> Result<Self, Error> {
        if found != len {
            return Err(Error::Length { slice: Slice::Grads, expected: len, found });
        }
        let mut pointers = [core::ptr::null_mut(); S];
        each_slot!(S, |slot| if let (Some(pointer), Some((found, slice)), Some(extent)) =
            (pointers.get_mut(slot), state(slot), extents.get(slot))
        {
            let expected = if is_element(extents, slot) { len } else { extent.len(shape) };
            if found != expected {
                return Err(Error::Length { slice: Slice::of_slot(slot, *extent), expected, found });
            }
            *pointer = slice;
        });
        Ok(Streams { len, params, grads, state: pointers, access: PhantomData, borrow: PhantomData })
    }

    /// The same slices again.
    #[inline(always)]
    pub(super) fn again(&mut self) -> Streams<'_, S, A> {
        Streams { borrow: PhantomData, ..*self }
    }

    /// The same slices, which are only read.
    #[inline(always)]
    pub(super) fn only_read(&self) -> Streams<'_, S, Measuring> {
        let Streams { len, params, grads, state, .. } = *self;
        Streams { len, params, grads, state, access: PhantomData, borrow: PhantomData }
    }

    /// A unit: at most `len` elements from `at` on, and number `index` of the slots whose extent is that of the scope.
    #[inline(always)]
    pub(super) fn unit(
        &mut self,
        extents: &[Extent; S],
        scope: Scope,
        (at, len, index): (usize, usize, usize),
    ) -> Streams<'_, S, A> {
        let at = at.min(self.len);
        let mut state = self.state;
        each_slot!(S, |slot| if let Some(pointer) = state.get_mut(slot) {
            if is_element(extents, slot) {
                *pointer = pointer.wrapping_add(at);
            } else if is_of(extents, slot, scope) {
                *pointer = pointer.wrapping_add(index);
            }
        });
        Streams {
            len: len.min(self.len - at),
            params: self.params.wrapping_add(at),
            grads: self.grads.wrapping_add(at),
            state,
            access: PhantomData,
            borrow: PhantomData,
        }
    }

    /// Cuts the first `len` elements off, and the numbers of `count` units from the slots whose extent is that of the scope.
    #[cfg(feature = "rayon")]
    pub(super) fn take(
        &mut self,
        extents: &[Extent; S],
        scope: Scope,
        (len, count): (usize, usize),
    ) -> Streams<'a, S, A> {
        let first = self.unit(extents, scope, (0, len, 0));
        let first = Streams { borrow: PhantomData, ..first };
        let rest = self.unit(extents, scope, (len, self.len, count));
        *self = Streams { borrow: PhantomData, ..rest };
        first
    }

    /// The number of the unit in each slot whose extent is that of the scope, 0 in the others.
    ///
    /// # Safety
    /// The slices are those of one unit of the scope.
    #[inline(always)]
    pub(super) unsafe fn numbers(&self, extents: &[Extent; S], scope: Scope) -> [f32; S] {
        let mut numbers = [0.0; S];
        each_slot!(S, |slot| if let (Some(number), Some(from), true) =
            (numbers.get_mut(slot), self.state.get(slot), is_of(extents, slot, scope))
        {
            // SAFETY: a slot of this extent has a number for the unit.
            *number = unsafe { **from };
        });
        numbers
    }

    /// Stores them.
    ///
    /// # Safety
    /// The slices are those of one unit of the scope.
    #[inline(always)]
    pub(super) unsafe fn set_numbers(&mut self, extents: &[Extent; S], scope: Scope, numbers: [f32; S]) {
        each_slot!(S, |slot| if let (Some(number), Some(to), true) =
            (numbers.get(slot), self.state.get(slot), is_of(extents, slot, scope))
        {
            // SAFETY: a slot of this extent has a number for the unit, and is borrowed mutably for the life of `self`.
            unsafe { **to = *number };
        });
    }

    /// A slot of elements as the parameters of a pass, which takes the place of the gradients too.
    #[inline(always)]
    pub(super) fn slot(&mut self, slot: usize) -> Option<Streams<'_, 0, Step>> {
        let params = *self.state.get(slot)?;
        Some(Streams { len: self.len, params, grads: params, state: [], access: PhantomData, borrow: PhantomData })
    }

    /// The first element of the gradients, else of the parameters, else of a slot, that is NaN or infinite.
    #[cold]
    pub(super) fn not_finite(&self, extents: &[Extent; S]) -> Option<(Slice, usize, f32)> {
        let find = |name: Slice, slice: *mut f32| {
            // SAFETY: each pointer is that of a slice of this length, and nobody writes there during the life of `self`.
            let slice = unsafe { core::slice::from_raw_parts(slice, self.len) };
            let at = slice.iter().position(|x| !x.is_finite())?;
            Some((name, at, *slice.get(at)?))
        };
        let mut found = find(Slice::Grads, self.grads).or_else(|| find(Slice::Params, self.params));
        each_slot!(
            S,
            |slot| if let (None, Some(from), true) = (found, self.state.get(slot), is_element(extents, slot)) {
                found = find(Slice::State(slot), *from);
            }
        );
        found
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
    /// `at + N <= self.len()`, and the slices are within one unit of each slot that has fewer numbers than elements.
    #[inline(always)]
    pub(super) unsafe fn load<L: Lanes<N>, const N: usize>(&self, at: usize, extents: &[Extent; S]) -> (L, L, [L; S]) {
        let mut state = [L::splat(0.0); S];
        each_slot!(S, |slot| if let (Some(lanes), Some(from)) = (state.get_mut(slot), self.state.get(slot)) {
            *lanes = if is_element(extents, slot) {
                // SAFETY: the caller keeps `at + N` within the slice.
                L::load(unsafe { &*from.add(at).cast() })
            } else {
                // SAFETY: a slot of another extent has a number for the unit that the element is in.
                L::splat(unsafe { **from })
            };
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
    pub(super) unsafe fn store<L: Lanes<N>, const N: usize>(
        &mut self,
        at: usize,
        params: L,
        state: [L; S],
        extents: &[Extent; S],
    ) {
        if !A::WRITES {
            return;
        }
        each_slot!(S, |slot| if let (Some(lanes), Some(to), true) =
            (state.get(S - 1 - slot), self.state.get(S - 1 - slot), is_element(extents, S - 1 - slot))
        {
            // SAFETY: the caller keeps `at + N` within the slice, which is borrowed mutably for the life of `self`.
            lanes.store(unsafe { &mut *to.add(at).cast() });
        });
        if A::ZEROES {
            // SAFETY: as above.
            L::splat(0.0).store(unsafe { &mut *self.grads.add(at).cast() });
        }
        // SAFETY: as above.
        params.store(unsafe { &mut *self.params.add(at).cast() });
    }
}
