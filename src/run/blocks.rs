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
#[cfg(feature = "rayon")]
use crate::error::Slice;
use crate::math::Sum;
use crate::real::Real;
use crate::rule::{Measure, Rule, Terms};
use crate::shape::{Extent, Shape};

/// The elements of a block, which is summed in f64. A cut between pieces is at a multiple of it.
pub const BLOCK: usize = 1024;

/// The lanes of a block.
const LANES: usize = 32;

/// What elements add to sums. The formula may also write the parameters.
pub(super) trait Summed<const S: usize, const K: usize>: Copy {
    /// What each slot has one number for.
    const EXTENTS: [Extent; S];

    /// The new parameter of an element and its terms.
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [[R; 2]; K]);
}

/// What the sums of blocks are added to.
pub(super) trait Total {
    fn add_block(&mut self, sum: f64);

    fn count(&mut self, elements: usize);
}

impl Total for Sum {
    #[inline(always)]
    fn add_block(&mut self, sum: f64) {
        Sum::add_block(self, sum);
    }

    #[inline(always)]
    fn count(&mut self, elements: usize) {
        Sum::count(self, elements);
    }
}

/// The sum of a single block.
impl Total for f64 {
    #[inline(always)]
    fn add_block(&mut self, sum: f64) {
        *self += sum;
    }

    #[inline(always)]
    fn count(&mut self, _: usize) {}
}

/// The terms of a measure, which writes nothing.
#[derive(Clone, Copy)]
struct Reading<M>(M);

impl<M: Measure<S, K>, const S: usize, const K: usize> Summed<S, K> for Reading<M> {
    const EXTENTS: [Extent; S] = [Extent::Element; S];

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [[R; 2]; K]) {
        (p, self.0.lane(p, g, state))
    }
}

/// The terms of a pass of a rule, which writes nothing.
#[derive(Clone, Copy)]
pub(super) struct OfPass<U, const PASS: usize>(pub(super) U);

impl<U: Rule<S>, const PASS: usize, const S: usize, const K: usize> Summed<S, K> for OfPass<U, PASS> {
    const EXTENTS: [Extent; S] = U::EXTENTS;

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [[R; 2]; K]) {
        let Terms(all) = self.0.terms(PASS, p, g, state);
        let mut terms = [[R::splat(0.0); 2]; K];
        terms.iter_mut().zip(all).for_each(|(to, term)| *to = term);
        (p, terms)
    }
}

/// A rule, with the squares of the parameters that it makes.
#[derive(Clone, Copy)]
struct Squares<U>(U);

impl<U: Rule<0>> Summed<0, 1> for Squares<U> {
    const EXTENTS: [Extent; 0] = [];

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
    let streams = Streams::measuring(params, grads, state, &[Extent::Element; S])?;
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
pub(crate) fn pass_squares<U: Rule<0>>(
    rule: U,
    buffer: &mut [f32],
    mut input: &[f32],
    wrong: Wrong,
) -> Result<Sum, Error> {
    wrong.check(buffer, input)?;
    let (mut sums, shape) = ([Sum::ZERO], Shape::vector(buffer.len()));
    let streams = Streams::new(buffer, &mut input, [], &[], &shape)?;
    arch::measure(Supported::active(), &Squares(rule), streams, &mut sums);
    let [sum] = sums;
    Ok(sum)
}

/// Walks over the blocks.
#[inline(always)]
pub(super) fn drive<
    L: Summing<N>,
    const N: usize,
    M: Summed<S, K>,
    A: Access,
    T: Total,
    const S: usize,
    const K: usize,
>(
    measure: &M,
    mut streams: Streams<'_, S, A>,
    totals: &mut [T; K],
) {
    // The compiler can see that no store changes the coefficients of a copy.
    let measure = *measure;
    let len = streams.len();
    let mut at = 0;
    while at < len {
        let end = len.min(at + BLOCK);
        let sums = block::<L, N, M, A, S, K>(&measure, &mut streams, at, end);
        totals.iter_mut().zip(sums).for_each(|(total, sum)| total.add_block(sum));
        at = end;
    }
    totals.iter_mut().for_each(|total| total.count(len));
}

/// The sums of the block from `at` to `end`, which is at most the length.
#[inline(always)]
fn block<L: Summing<N>, const N: usize, M: Summed<S, K>, A: Access, const S: usize, const K: usize>(
    measure: &M,
    streams: &mut Streams<'_, S, A>,
    mut at: usize,
    end: usize,
) -> [f64; K] {
    const { assert!(N == 1 || N == 8) };
    if const { N == 1 } {
        return rest(measure, streams, at, end, [[0.0; LANES]; K]);
    }
    // Four variables, since the compiler does not keep an array of vectors in registers.
    let nothing = [L::nothing(); K];
    let (mut first, mut second, mut third, mut fourth) = (nothing, nothing, nothing, nothing);
    macro_rules! add {
        ($sums:ident, $at:expr) => {
            // SAFETY: every use has `at + N <= end`, which is at most the length.
            let terms = unsafe { step::<L, N, M, A, S, K>(measure, streams, $at) };
            for (sums, [a, b]) in $sums.iter_mut().zip(terms) {
                *sums = L::add_products(*sums, a, b);
            }
        };
    }
    let whole = end - (end - at) % LANES;
    while at < whole {
        add!(first, at);
        add!(second, at + 8);
        add!(third, at + 16);
        add!(fourth, at + 24);
        at += LANES;
    }
    if at + 8 <= end {
        add!(first, at);
    }
    if at + 16 <= end {
        add!(second, at + 8);
    }
    if at + 24 <= end {
        add!(third, at + 16);
    }
    if end.is_multiple_of(8) {
        let all = first.iter().zip(&second).zip(&third).zip(&fourth);
        let mut totals = [0.0; K];
        for (total, (((first, second), third), fourth)) in totals.iter_mut().zip(all) {
            // The lanes 16 apart, then 8, and so on, as in `tree`.
            *total = L::total(L::add_sums(L::add_sums(*first, *third), L::add_sums(*second, *fourth)));
        }
        return totals;
    }
    let mut lanes = [[0.0; LANES]; K];
    for (i, vectors) in [first, second, third, fourth].into_iter().enumerate() {
        for (lanes, vector) in lanes.iter_mut().zip(vectors) {
            if let Some(Some(to)) = lanes.get_mut(i * N..).map(|lanes| lanes.first_chunk_mut()) {
                L::store_sums(vector, to);
            }
        }
    }
    rest(measure, streams, end - end % 8, end, lanes)
}

/// Adds the terms of elements one by one, those that fill no vector, to the lanes of their block. Blocks begin at multiples of the
/// number of lanes.
#[inline(always)]
fn rest<M: Summed<S, K>, A: Access, const S: usize, const K: usize>(
    measure: &M,
    streams: &mut Streams<'_, S, A>,
    from: usize,
    end: usize,
    mut lanes: [[f64; LANES]; K],
) -> [f64; K] {
    let mut at = from;
    while at < end {
        // SAFETY: `at < end`, which is at most the length.
        let terms = unsafe { step::<f32, 1, M, A, S, K>(measure, streams, at) };
        for (lanes, [a, b]) in lanes.iter_mut().zip(terms) {
            if let Some(sum) = lanes.get_mut(at % LANES) {
                *sum += f64::from(a) * f64::from(b);
            }
        }
        at += 1;
    }
    lanes.map(tree)
}

/// Loads the `N` elements from `at` on, stores what the pass writes and returns their terms.
///
/// # Safety
/// `at + N <= streams.len()`.
#[inline(always)]
unsafe fn step<L: Summing<N>, const N: usize, M: Summed<S, K>, A: Access, const S: usize, const K: usize>(
    measure: &M,
    streams: &mut Streams<'_, S, A>,
    at: usize,
) -> [[L; 2]; K] {
    // SAFETY: the caller's promise.
    let (p, g, state) = unsafe { streams.load::<L, N>(at, &M::EXTENTS) };
    let (p, terms) = measure.lane(p, g, state);
    // SAFETY: the caller's promise.
    unsafe { streams.store(at, p, state, &M::EXTENTS) };
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
pub(crate) fn max_abs(values: &[f32]) -> f32 {
    arch::max_abs(Supported::active(), values)
}

/// Magnitudes are ordered like their bits, with NaN above all numbers. The compiler makes vectors of this loop.
#[inline(always)]
pub(super) fn max_abs_bits(values: &[f32]) -> f32 {
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
    let extents = [Extent::Element; S];
    Streams::measuring(params, grads, state, &extents)?;
    measure.check()?;
    Ok(parallel::pieces(Piece { params, grads, state }, &|Piece { params, grads, state }: Piece<'_, S>| {
        let mut sums = [Sum::ZERO; K];
        if let Ok(streams) = Streams::measuring(params, grads, state, &extents) {
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
    let [sum] = parallel::pieces(Tensor::new::<[f32; 0]>(buffer, input, &mut []), &|piece: Tensor<'_, 0>| {
        [pass_squares(rule, piece.params, piece.grads, Wrong::Buffer(Slice::Buffer)).unwrap_or(Sum::ZERO)]
    });
    Ok(sum)
}
