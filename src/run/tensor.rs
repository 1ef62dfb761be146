use super::streams::Streams;
use crate::error::Error;

/// The slices of one tensor, shard or chunk: parameters, gradients and `S` state slots of one length.
///
/// [`Step::apply_all`](crate::Step::apply_all) takes a list of them. [`Tensor::take`] and [`Tensor::chunks`] cut all slices
/// at once, for an arena that holds all tensors and for threads of your own:
///
/// ```
/// use gradstep::{Adam, Optimizer, Tensor};
///
/// // One arena for a matrix of 12 and a bias of 3 elements.
/// let (mut params, grads, mut moments) = ([1.0; 15], [0.5; 15], [[0.0; 15]; 2]);
/// let mut arena = Tensor::new(&mut params, &grads, &mut moments);
/// let (matrix, bias) = (arena.take(12), arena.take(3));
/// Adam::DEFAULT.tick(&mut 0)?.apply_all(&mut [matrix, bias])?;
/// assert!(params.iter().all(|p| *p < 1.0));
/// # Ok::<(), gradstep::Error>(())
/// ```
#[derive(Debug)]
pub struct Tensor<'a, const S: usize> {
    /// The parameters.
    pub params: &'a mut [f32],
    /// Their gradients.
    pub grads: &'a [f32],
    /// The state slots, in the order that the optimizer documents.
    pub state: [&'a mut [f32]; S],
}

impl<'a, const S: usize> Tensor<'a, S> {
    /// The slices of one tensor. The state is an array of slices, vectors or arrays. Lengths are checked when a step is
    /// applied.
    #[inline]
    pub fn new<V: AsMut<[f32]>>(params: &'a mut [f32], grads: &'a [f32], state: &'a mut [V; S]) -> Self {
        Tensor { params, grads, state: state.each_mut().map(AsMut::as_mut) }
    }

    /// Cuts the first `len` elements off all slices. A slice that is shorter gives what it has: the
    /// check of lengths in a step finds it.
    #[inline]
    pub fn take(&mut self, len: usize) -> Self {
        let params = take_mut(&mut self.params, len);
        let grads = take(&mut self.grads, len);
        Tensor { params, grads, state: self.state.each_mut().map(|slot| take_mut(slot, len)) }
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

    /// Checks that all slices are as long as the parameters. An error says which tensor of a list it is.
    #[inline]
    pub(crate) fn check(&mut self, position: usize) -> Result<(), Error> {
        self.streams().map(drop).map_err(|error| error.in_tensor(position))
    }

    /// Checks that all slices are as long as the parameters.
    #[inline]
    pub(crate) fn check_lengths(&mut self) -> Result<(), Error> {
        self.streams().map(drop)
    }

    /// The slices as pointers, if all are as long as the parameters.
    #[inline]
    pub(super) fn streams(&mut self) -> Result<Streams<'_, S>, Error> {
        Streams::new(self.params, self.grads, &mut self.state)
    }
}

/// Cuts the first `len` elements off a slice, or all where it is shorter.
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
