//! Sums over tensors: the pass that reads all elements and adds up a term of each, in the order that [`crate::sum`] defines.

use super::arch::{self, Supported};
use super::lanes::Summing;
#[cfg(feature = "rayon")]
use super::parallel;
use super::pass::Wrong;
use super::streams::{Access, Streams};
#[cfg(feature = "rayon")]
use super::tensor::{Tensor, take};
use crate::backend::Backend;
use crate::error::Error;
use crate::math::Sum;
use crate::real::Real;
use crate::rule::{Measure, Rule};

/// The elements of a block, which is summed in f64. A cut between pieces is at a multiple of it.
pub const BLOCK: usize = 1024;

/// The lanes of a block.
const LANES: usize = 32;

/// A [`Measure`] that may also write the parameters.
pub(super) trait Terms<const S: usize, const K: usize>: Copy {
    /// The new parameter of an element and its terms.
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [[R; 2]; K]);
}

/// The terms of a measure, which writes nothing.
#[derive(Clone, Copy)]
struct Reading<M>(M);

impl<M: Measure<S, K>, const S: usize, const K: usize> Terms<S, K> for Reading<M> {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [[R; 2]; K]) {
        (p, self.0.lane(p, g, state))
    }
}

/// A rule, with the squares of the parameters that it makes.
#[derive(Clone, Copy)]
struct Squares<U>(U);

impl<U: Rule<0>> Terms<0, 1> for Squares<U> {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, []: [R; 0]) -> (R, [[R; 2]; 1]) {
        let (p, []) = self.0.lane(p, g, []);
        (p, [[p, p]])
    }
}

/// The sums of a measure over the elements of a tensor, on the [active](Backend::active) backend, in one pass over memory.
///
/// All slices have the same length, which may be zero.
///
/// # Errors
/// [`Error::Length`] where a slice is not as long as `params`; the errors of [`Measure::check`].
#[inline]
pub fn measure<M: Measure<S, K>, const S: usize, const K: usize>(
    measure: &M,
    params: &[f32],
    grads: &[f32],
    state: [&[f32]; S],
) -> Result<[Sum; K], Error> {
    run(Supported::active(), measure, params, grads, state)
}

/// [`measure()`] on a chosen backend.
///
/// # Errors
/// Those of `measure`, and [`Error::UnsupportedBackend`] where this CPU or build cannot run it.
#[inline]
pub fn measure_on<M: Measure<S, K>, const S: usize, const K: usize>(
    backend: Backend,
    measure: &M,
    params: &[f32],
    grads: &[f32],
    state: [&[f32]; S],
) -> Result<[Sum; K], Error> {
    run(Supported::new(backend)?, measure, params, grads, state)
}

#[inline]
fn run<M: Measure<S, K>, const S: usize, const K: usize>(
    backend: Supported,
    measure: &M,
    params: &[f32],
    grads: &[f32],
    state: [&[f32]; S],
) -> Result<[Sum; K], Error> {
    let streams = Streams::measuring(params, grads, state)?;
    measure.check()?;
    let mut sums = [Sum::ZERO; K];
    arch::measure(backend, &Reading(*measure), streams, &mut sums);
    Ok(sums)
}

/// The sums over the elements of one slice.
#[inline]
pub(crate) fn sums<M: Measure<0, K>, const K: usize>(measure: &M, values: &[f32]) -> [Sum; K] {
    let mut sums = [Sum::ZERO; K];
    arch::measure(Supported::active(), &Reading(*measure), Streams::reading(values), &mut sums);
    sums
}

/// A pass over a buffer and an input, which takes the place of the gradients, and the sum of the squares of what it wrote.
#[inline]
pub(crate) fn pass_squares<U: Rule<0>>(rule: U, buffer: &mut [f32], input: &[f32], wrong: Wrong) -> Result<Sum, Error> {
    wrong.check(buffer, input)?;
    let mut sums = [Sum::ZERO];
    arch::measure(Supported::active(), &Squares(rule), Streams::new(buffer, input, &mut [])?, &mut sums);
    let [sum] = sums;
    Ok(sum)
}

/// Walks over the blocks.
#[inline(always)]
pub(super) fn drive<L: Summing<N>, const N: usize, M: Terms<S, K>, A: Access, const S: usize, const K: usize>(
    measure: &M,
    mut streams: Streams<'_, S, A>,
    sums: &mut [Sum; K],
) {
    // The compiler can see that no store changes the coefficients of a copy.
    let measure = *measure;
    let len = streams.len();
    let mut at = 0;
    while at < len {
        let end = len.min(at + BLOCK);
        let lanes = block::<L, N, M, A, S, K>(&measure, &mut streams, at, end);
        for (sum, lanes) in sums.iter_mut().zip(lanes) {
            sum.add_block(tree(lanes));
        }
        at = end;
    }
    sums.iter_mut().for_each(|sum| sum.count(len));
}

/// The lanes of the block from `at` to `end`, which is at most the length.
#[inline(always)]
fn block<L: Summing<N>, const N: usize, M: Terms<S, K>, A: Access, const S: usize, const K: usize>(
    measure: &M,
    streams: &mut Streams<'_, S, A>,
    mut at: usize,
    end: usize,
) -> [[f64; LANES]; K] {
    const { assert!(LANES.is_multiple_of(N)) };
    let mut vectors = [[L::nothing(); K]; LANES];
    let whole = end - (end - at) % LANES;
    while at < whole {
        for (i, vectors) in vectors.iter_mut().take(LANES / N).enumerate() {
            // SAFETY: `at + LANES <= whole`, which is at most the length.
            let terms = unsafe { step::<L, N, M, A, S, K>(measure, streams, at + i * N) };
            for (vector, [a, b]) in vectors.iter_mut().zip(terms) {
                *vector = L::add_products(*vector, a, b);
            }
        }
        at += LANES;
    }
    let mut lanes = [[0.0; LANES]; K];
    for (i, vectors) in vectors.iter().take(LANES / N).enumerate() {
        for (lanes, vector) in lanes.iter_mut().zip(vectors) {
            if let Some(Some(to)) = lanes.get_mut(i * N..).map(|lanes| lanes.first_chunk_mut()) {
                L::store_sums(*vector, to);
            }
        }
    }
    for lane in 0..end - whole {
        // SAFETY: `whole + lane < end`, which is at most the length.
        let terms = unsafe { step::<f32, 1, M, A, S, K>(measure, streams, whole + lane) };
        for (lanes, [a, b]) in lanes.iter_mut().zip(terms) {
            if let Some(sum) = lanes.get_mut(lane) {
                *sum += f64::from(a) * f64::from(b);
            }
        }
    }
    lanes
}

/// Loads the `N` elements from `at` on, stores what the pass writes and returns their terms.
///
/// # Safety
/// `at + N <= streams.len()`.
#[inline(always)]
unsafe fn step<L: Summing<N>, const N: usize, M: Terms<S, K>, A: Access, const S: usize, const K: usize>(
    measure: &M,
    streams: &mut Streams<'_, S, A>,
    at: usize,
) -> [[L; 2]; K] {
    // SAFETY: the caller's promise.
    let (p, g, state) = unsafe { streams.load::<L, N>(at) };
    let (p, terms) = measure.lane(p, g, state);
    // SAFETY: the caller's promise.
    unsafe { streams.store(at, p, state) };
    terms
}

/// Adds the lanes 16 apart, then 8, 4, 2 and 1.
#[inline(always)]
fn tree(mut lanes: [f64; LANES]) -> f64 {
    let mut width = LANES;
    let mut rest: &mut [f64] = &mut lanes;
    while width > 1 {
        width /= 2;
        let Some((lower, upper)) = rest.split_at_mut_checked(width) else { break };
        lower.iter_mut().zip(upper).for_each(|(a, b)| *a += *b);
        rest = lower;
    }
    let [sum, ..] = lanes;
    sum
}

/// The largest magnitude of a slice.
#[inline]
pub(crate) fn largest(values: &[f32]) -> f32 {
    arch::largest(Supported::active(), values)
}

/// Magnitudes are ordered like their bits, with NaN above all numbers. The compiler makes vectors of this loop.
#[inline(always)]
pub(super) fn largest_bits(values: &[f32]) -> f32 {
    let mut largest = 0;
    for x in values {
        largest = (x.to_bits() & 0x7fff_ffff).cast_signed().max(largest);
    }
    f32::from_bits(largest.cast_unsigned())
}

/// The slices that are measured.
#[cfg(feature = "rayon")]
#[derive(Clone, Copy)]
struct Piece<'a, const S: usize> {
    params: &'a [f32],
    grads: &'a [f32],
    state: [&'a [f32]; S],
}

#[cfg(feature = "rayon")]
impl<const S: usize> parallel::Cut for Piece<'_, S> {
    fn len(&self) -> usize {
        self.params.len()
    }

    fn take(&mut self, len: usize) -> Self {
        let Piece { params, grads, state } = self;
        Piece {
            params: take(params, len),
            grads: take(grads, len),
            state: state.each_mut().map(|slot| take(slot, len)),
        }
    }
}

/// [`measure()`] on rayon's current thread pool: see [`Step::par_apply`](crate::Step::par_apply).
///
/// # Errors
/// Those of `measure`.
#[cfg(feature = "rayon")]
#[cfg_attr(docsrs, doc(cfg(feature = "rayon")))]
pub fn par_measure<M: Measure<S, K>, const S: usize, const K: usize>(
    measure: &M,
    params: &[f32],
    grads: &[f32],
    state: [&[f32]; S],
) -> Result<[Sum; K], Error> {
    Streams::measuring(params, grads, state)?;
    measure.check()?;
    Ok(parallel::pieces(Piece { params, grads, state }, &|Piece { params, grads, state }: Piece<'_, S>| {
        let mut sums = [Sum::ZERO; K];
        if let Ok(streams) = Streams::measuring(params, grads, state) {
            arch::measure(Supported::active(), &Reading(*measure), streams, &mut sums);
        }
        sums
    }))
}

/// [`sums`] on rayon's current thread pool.
#[cfg(feature = "rayon")]
pub(crate) fn par_sums<M: Measure<0, K>, const K: usize>(measure: &M, values: &[f32]) -> [Sum; K] {
    let piece = Piece { params: values, grads: values, state: [] };
    parallel::pieces(piece, &|piece: Piece<'_, 0>| sums(measure, piece.params))
}

/// [`pass_squares`] on rayon's current thread pool.
#[cfg(feature = "rayon")]
pub(crate) fn par_pass_squares<U: Rule<0>>(
    rule: U,
    buffer: &mut [f32],
    input: &[f32],
    wrong: Wrong,
) -> Result<Sum, Error> {
    wrong.check(buffer, input)?;
    let tensor = Tensor { params: buffer, grads: input, state: [] };
    let [sum] = parallel::pieces(tensor, &|mut piece: Tensor<'_, 0>| {
        let mut sums = [Sum::ZERO];
        if let Ok(streams) = piece.streams() {
            arch::measure(Supported::active(), &Squares(rule), streams, &mut sums);
        }
        sums
    });
    Ok(sum)
}
