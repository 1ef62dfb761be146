use super::streams::{self, Access, Streams};
use crate::error::Error;
use crate::shape::{Extent, Shape};

/// The gradients of a tensor: `&[f32]`, which are read, or `&mut [f32]`, which a step zeroes when it has read them.
pub trait Gradients: Send + sealed::Sealed {
    /// What a step does with them.
    #[doc(hidden)]
    type Access: Access + Send;

    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where they are.
    #[doc(hidden)]
    fn pointer(&mut self) -> *mut f32;

    /// Cuts the first `len` off, or all where there are fewer.
    #[doc(hidden)]
    fn take(&mut self, len: usize) -> Self;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for &[f32] {}
    impl Sealed for &mut [f32] {}
}

impl Gradients for &[f32] {
    type Access = streams::Step;

    #[inline(always)]
    fn len(&self) -> usize {
        <[f32]>::len(self)
    }

    #[inline(always)]
    fn pointer(&mut self) -> *mut f32 {
        self.as_ptr().cast_mut()
    }

    #[inline]
    fn take(&mut self, len: usize) -> Self {
        take(self, len)
    }
}

impl Gradients for &mut [f32] {
    type Access = streams::StepZeroing;

    #[inline(always)]
    fn len(&self) -> usize {
        <[f32]>::len(self)
    }

    #[inline(always)]
    fn pointer(&mut self) -> *mut f32 {
        self.as_mut_ptr()
    }

    #[inline]
    fn take(&mut self, len: usize) -> Self {
        take_mut(self, len)
    }
}

/// The slices of one tensor, shard or chunk: parameters, gradients and `S` state slots, and its shape.
///
/// [`Step::apply_all`](crate::Step::apply_all) takes a list of them. The step zeroes gradients of the type `&mut [f32]`.
/// [`Tensor::take`] and [`Tensor::chunks`] cut all slices at once, for an arena that holds all tensors and for threads of your
/// own:
///
/// ```
/// use gradstep::{Adam, Optimizer, Tensor};
///
/// // One arena for a matrix of 12 and a bias of 3 elements.
/// let (mut params, mut grads, mut moments) = ([1.0; 15], [0.5; 15], [[0.0; 15]; 2]);
/// let mut arena = Tensor::zeroing(&mut params, &mut grads, &mut moments);
/// let (matrix, bias) = (arena.take(12), arena.take(3));
/// Adam::DEFAULT.tick(&mut 0)?.apply_all(&mut [matrix, bias])?;
/// assert!(params.iter().all(|p| *p < 1.0) && grads == [0.0; 15]);
/// # Ok::<(), gradstep::Error>(())
/// ```
#[derive(Debug)]
pub struct Tensor<'a, const S: usize, G = &'a [f32]> {
    /// The parameters.
    pub params: &'a mut [f32],
    /// Their gradients.
    pub grads: G,
    /// The state slots, in the order that the optimizer documents.
    pub state: [&'a mut [f32]; S],
    /// The length of rows and blocks, for optimizers that look at them.
    pub shape: Shape,
}

impl<'a, const S: usize> Tensor<'a, S> {
    /// The slices of one tensor, a vector. The state is an array of slices, vectors or arrays. Lengths are checked when a step
    /// is applied.
    #[inline]
    pub fn new<V: AsMut<[f32]>>(params: &'a mut [f32], grads: &'a [f32], state: &'a mut [V; S]) -> Self {
        Tensor::of(params, grads, state)
    }
}

impl<'a, const S: usize> Tensor<'a, S, &'a mut [f32]> {
    /// [`Tensor::new`] of a tensor whose gradients are zeroed by the step.
    #[inline]
    pub fn zeroing<V: AsMut<[f32]>>(params: &'a mut [f32], grads: &'a mut [f32], state: &'a mut [V; S]) -> Self {
        Tensor::of(params, grads, state)
    }
}

impl<'a, const S: usize, G: Gradients> Tensor<'a, S, G> {
    fn of<V: AsMut<[f32]>>(params: &'a mut [f32], grads: G, state: &'a mut [V; S]) -> Self {
        let shape = Shape::vector(params.len());
        Tensor { params, grads, state: state.each_mut().map(AsMut::as_mut), shape }
    }

    /// The same tensor as a matrix with rows of `row_len` elements, for optimizers that look at rows.
    #[inline]
    pub fn rows(mut self, row_len: usize) -> Self {
        self.shape = self.shape.rows(row_len);
        self
    }

    /// The same tensor in blocks of `block_len` elements, for optimizers that look at blocks.
    #[inline]
    pub fn blocks(mut self, block_len: usize) -> Self {
        self.shape = self.shape.blocks(block_len);
        self
    }

    /// Cuts the first `len` elements off all slices, as a vector; what remains is a vector too. A slice that is shorter gives
    /// what it has: the check of lengths in a step finds it. State slots that have fewer numbers than elements are for whole
    /// tensors and are not to be cut.
    #[inline]
    pub fn take(&mut self, len: usize) -> Self {
        let params = take_mut(&mut self.params, len);
        let (first, rest) = (Shape::vector(params.len()), Shape::vector(self.params.len()));
        self.shape = rest;
        Tensor {
            params,
            grads: self.grads.take(len),
            state: self.state.each_mut().map(|slot| take_mut(slot, len)),
            shape: first,
        }
    }

    /// Cuts all slices into chunks of `len` elements; the last one has what remains. A length of 0 counts as 1.
    #[inline]
    pub fn chunks(mut self, len: usize) -> impl Iterator<Item = Self> {
        let len = len.max(1);
        core::iter::from_fn(move || (!self.is_empty()).then(|| self.take(len)))
    }

    /// Whether all slices are empty.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.params.is_empty() && self.grads.is_empty() && self.state.iter().all(|slot| slot.is_empty())
    }
}

/// A tensor of a list.
pub(crate) trait Item<const S: usize>: Send {
    type Access: Access + Send;

    fn shape(&self) -> Shape;

    /// The slices as pointers, if their lengths are those of the shape.
    fn streams(&mut self, extents: &[Extent; S]) -> Result<Streams<'_, S, Self::Access>, Error>;
}

impl<const S: usize, G: Gradients> Item<S> for Tensor<'_, S, G> {
    type Access = G::Access;

    #[inline(always)]
    fn shape(&self) -> Shape {
        // The parameters can have been replaced.
        Shape { len: self.params.len(), ..self.shape }
    }

    #[inline(always)]
    fn streams(&mut self, extents: &[Extent; S]) -> Result<Streams<'_, S, G::Access>, Error> {
        let shape = self.shape();
        let state = self.state.each_mut().map(|slot| &mut **slot);
        Streams::new(self.params, &mut self.grads, state, extents, &shape)
    }
}

/// The first `len` elements, or all where there are fewer. Nothing here can panic, which the compiler need not find out.
#[inline]
pub(crate) fn take<'a>(slice: &mut &'a [f32], len: usize) -> &'a [f32] {
    let (first, rest) = slice.split_at_checked(len).unwrap_or((slice, &[]));
    *slice = rest;
    first
}

/// The same of a slice that is written.
#[inline]
pub(crate) fn take_mut<'a>(slice: &mut &'a mut [f32], len: usize) -> &'a mut [f32] {
    let whole = core::mem::take(slice);
    let len = len.min(whole.len());
    let (first, rest) = whole.split_at_mut_checked(len).unwrap_or_default();
    *slice = rest;
    first
}
