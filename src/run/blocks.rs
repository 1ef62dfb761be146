//! Sums over tensors: the pass that reads all elements and adds up a term of each, in the order that [`crate::sum`] defines.

use super::arch::{self, Supported};
use super::lanes::Summing;
#[cfg(feature = "rayon")]
use super::parallel;
use super::streams::{Measuring, Streams};
#[cfg(feature = "rayon")]
use super::tensor::take_mut;
use crate::error::Error;
use crate::math::Sum;
use crate::rule::Measure;

/// The elements of a block, which is summed in f64. A cut between pieces is at a multiple of it.
pub const BLOCK: usize = 1024;

/// The lanes of a block.
const LANES: usize = 32;

/// The sums over the elements of slices.
#[inline]
pub(crate) fn measure<M: Measure<S, K>, const S: usize, const K: usize>(
    measure: &M,
    params: &[f32],
    grads: &[f32],
    mut state: [&mut [f32]; S],
) -> Result<[Sum; K], Error> {
    let streams = Streams::measuring(params, grads, &mut state)?;
    measure.check()?;
    let mut sums = [Sum::ZERO; K];
    arch::measure(Supported::active(), measure, streams, &mut sums);
    Ok(sums)
}

/// The sums over the elements of one slice.
#[inline]
pub(crate) fn sums<M: Measure<0, K>, const K: usize>(measure: &M, values: &[f32]) -> [Sum; K] {
    let mut sums = [Sum::ZERO; K];
    arch::measure(Supported::active(), measure, Streams::reading(values), &mut sums);
    sums
}

/// Walks over the blocks.
#[inline(always)]
pub(super) fn drive<L: Summing<N>, const N: usize, M: Measure<S, K>, const S: usize, const K: usize>(
    measure: &M,
    mut streams: Streams<'_, S, Measuring>,
    sums: &mut [Sum; K],
) {
    // The compiler can see that no store changes the coefficients of a copy.
    let measure = *measure;
    let len = streams.len();
    let mut at = 0;
    while at < len {
        let end = len.min(at + BLOCK);
        let lanes = block::<L, N, M, S, K>(&measure, &mut streams, at, end);
        for (sum, lanes) in sums.iter_mut().zip(lanes) {
            sum.add_block(tree(lanes));
        }
        at = end;
    }
    sums.iter_mut().for_each(|sum| sum.count(len));
}

/// The lanes of the block from `at` to `end`, which is at most the length.
#[inline(always)]
fn block<L: Summing<N>, const N: usize, M: Measure<S, K>, const S: usize, const K: usize>(
    measure: &M,
    streams: &mut Streams<'_, S, Measuring>,
    mut at: usize,
    end: usize,
) -> [[f64; LANES]; K] {
    const { assert!(LANES.is_multiple_of(N)) };
    let mut vectors = [[L::nothing(); K]; LANES];
    let whole = end - (end - at) % LANES;
    while at < whole {
        for (i, vectors) in vectors.iter_mut().take(LANES / N).enumerate() {
            // SAFETY: `at + LANES <= whole`, which is at most the length.
            let terms = unsafe { step::<L, N, M, S, K>(measure, streams, at + i * N) };
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
        let terms = unsafe { step::<f32, 1, M, S, K>(measure, streams, whole + lane) };
        for (lanes, [a, b]) in lanes.iter_mut().zip(terms) {
            if let Some(sum) = lanes.get_mut(lane) {
                *sum += f64::from(a) * f64::from(b);
            }
        }
    }
    lanes
}

/// Loads the `N` elements from `at` on, stores their new state and returns their terms.
///
/// # Safety
/// `at + N <= streams.len()`.
#[inline(always)]
unsafe fn step<L: Summing<N>, const N: usize, M: Measure<S, K>, const S: usize, const K: usize>(
    measure: &M,
    streams: &mut Streams<'_, S, Measuring>,
    at: usize,
) -> [[L; 2]; K] {
    // SAFETY: the caller's promise.
    let (p, g, state) = unsafe { streams.load::<L, N>(at) };
    let (state, terms) = measure.lane(p, g, state);
    // SAFETY: the caller's promise.
    unsafe { streams.store_state(at, state) };
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
struct Piece<'a, const S: usize> {
    params: &'a [f32],
    grads: &'a [f32],
    state: [&'a mut [f32]; S],
}

#[cfg(feature = "rayon")]
impl<const S: usize> parallel::Cut for Piece<'_, S> {
    fn len(&self) -> usize {
        self.params.len()
    }

    fn take(&mut self, len: usize) -> Self {
        let (params, rest) = self.params.split_at(len.min(self.params.len()));
        self.params = rest;
        let (grads, rest) = self.grads.split_at(len.min(self.grads.len()));
        self.grads = rest;
        Piece { params, grads, state: self.state.each_mut().map(|slot| take_mut(slot, len)) }
    }
}

/// [`measure()`] on rayon's current thread pool.
#[cfg(feature = "rayon")]
pub(crate) fn par_measure<M: Measure<S, K>, const S: usize, const K: usize>(
    measure: &M,
    params: &[f32],
    grads: &[f32],
    mut state: [&mut [f32]; S],
) -> Result<[Sum; K], Error> {
    Streams::measuring(params, grads, &mut state)?;
    measure.check()?;
    Ok(parallel::pieces(Piece { params, grads, state }, &|mut piece: Piece<'_, S>| {
        let mut sums = [Sum::ZERO; K];
        if let Ok(streams) = Streams::measuring(piece.params, piece.grads, &mut piece.state) {
            arch::measure(Supported::active(), measure, streams, &mut sums);
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
