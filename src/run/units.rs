//! A step with passes before its update: each unit of a pass is summed, completes the rule, and goes on to the next pass.

use super::arch::{self, Supported};
use super::blocks::{self, BLOCK, OfPass, Summed, Total};
use super::driver;
use super::lanes::{Lanes, Summing};
#[cfg(feature = "rayon")]
use super::parallel;
use super::streams::{Access, Measuring, Streams};
use super::sweep::sweep;
use crate::error::Error;
use crate::math::{Sum, Sums};
use crate::rule::{Found, MAX_SUMS, Rule, Scope};
use crate::shape::Shape;
use core::iter;
use core::marker::PhantomData;

/// What a step was told besides gradients, and how far its passes are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Progress {
    /// Passes that are complete.
    pub(super) done: u8,
    /// Whether state that fades is stored as zero where it is tiny.
    pub(super) sweeps: bool,
    /// The loss of the step, if it was given.
    pub(super) loss: Option<f64>,
}

/// How a loop over units sums and steps: by calls of a backend's functions, or inlined where it is in one.
pub(super) trait Execute {
    fn measure<M: Summed<S, K>, T: Total, const S: usize, const K: usize>(
        measure: &M,
        streams: Streams<'_, S, Measuring>,
        totals: &mut [T; K],
    );

    fn step<U: Rule<S>, A: Access, const S: usize>(rule: &U, streams: Streams<'_, S, A>);
}

/// Inlined, with vectors `L` of `N` elements, and vectors `H` of at most eight for sums and for the last elements.
#[cfg_attr(target_arch = "arm", allow(dead_code))]
pub(super) struct Inside<L, const N: usize, H>(PhantomData<(L, H)>);

/// Inlined, one element after another.
pub(super) struct InsideScalar;

impl<L: Lanes<N>, const N: usize, H> Execute for Inside<L, N, H>
where
    H: Summing<8> + Lanes<8> + Lanes<4> + Lanes<2> + Lanes<1>,
{
    #[inline(always)]
    fn measure<M: Summed<S, K>, T: Total, const S: usize, const K: usize>(
        measure: &M,
        streams: Streams<'_, S, Measuring>,
        totals: &mut [T; K],
    ) {
        blocks::drive::<H, 8, M, Measuring, T, S, K>(measure, streams, totals);
    }

    #[inline(always)]
    fn step<U: Rule<S>, A: Access, const S: usize>(rule: &U, streams: Streams<'_, S, A>) {
        driver::drive_vectors::<L, N, H, U, A, S>(rule, streams);
    }
}

impl Execute for InsideScalar {
    #[inline(always)]
    fn measure<M: Summed<S, K>, T: Total, const S: usize, const K: usize>(
        measure: &M,
        streams: Streams<'_, S, Measuring>,
        totals: &mut [T; K],
    ) {
        blocks::drive::<f32, 1, M, Measuring, T, S, K>(measure, streams, totals);
    }

    #[inline(always)]
    fn step<U: Rule<S>, A: Access, const S: usize>(rule: &U, streams: Streams<'_, S, A>) {
        driver::drive_elements(rule, streams);
    }
}

/// The sums of a pass over elements of one unit, on a backend.
#[inline]
pub(super) fn sums<U: Rule<S>, const S: usize>(
    backend: Supported,
    rule: &U,
    pass: usize,
    streams: Streams<'_, S, Measuring>,
) -> Sums {
    // The number of a pass is a constant of its loop.
    Sums(match pass {
        0 => called::<U, 0, S>(backend, rule, streams),
        1 => called::<U, 1, S>(backend, rule, streams),
        _ => called::<U, 2, S>(backend, rule, streams),
    })
}

/// Calls a macro with the number of sums of a pass as a literal. Another number is not compiled, nor is a pass that does not exist.
macro_rules! of_count {
    ($U:ident, $PASS:ident, $zero:expr, $sums:ident) => {
        if const { count::<$U, S>($PASS) == 1 } {
            widen($sums!(1), $zero)
        } else if const { count::<$U, S>($PASS) == 2 } {
            widen($sums!(2), $zero)
        } else if const { count::<$U, S>($PASS) == 3 } {
            widen($sums!(3), $zero)
        } else if const { count::<$U, S>($PASS) == 4 } {
            widen($sums!(4), $zero)
        } else {
            [$zero; MAX_SUMS]
        }
    };
}

/// The same with a constant number of the pass.
#[inline]
fn called<U: Rule<S>, const PASS: usize, const S: usize>(
    backend: Supported,
    rule: &U,
    streams: Streams<'_, S, Measuring>,
) -> [Sum; MAX_SUMS] {
    macro_rules! sums {
        ($count:literal) => {{
            let mut totals = [Sum::ZERO; $count];
            arch::measure(backend, &OfPass::<U, PASS>(*rule), streams, &mut totals);
            totals
        }};
    }
    of_count!(U, PASS, Sum::ZERO, sums)
}

#[inline(always)]
fn totals<E: Execute, U: Rule<S>, T: Total + Copy, const PASS: usize, const S: usize>(
    rule: &U,
    streams: Streams<'_, S, Measuring>,
    zero: T,
) -> [T; MAX_SUMS] {
    macro_rules! sums {
        ($count:literal) => {{
            let mut totals = [zero; $count];
            E::measure(&OfPass::<U, PASS>(*rule), streams, &mut totals);
            totals
        }};
    }
    of_count!(U, PASS, zero, sums)
}

#[inline(always)]
fn widen<T: Copy, const K: usize>(some: [T; K], zero: T) -> [T; MAX_SUMS] {
    let mut all = [zero; MAX_SUMS];
    all.iter_mut().zip(some).for_each(|(to, total)| *to = total);
    all
}

/// The number of sums of a pass.
const fn count<U: Rule<S>, const S: usize>(pass: usize) -> usize {
    match U::PASSES.get(pass) {
        Some(pass) => pass.sums,
        None => 0,
    }
}

/// Whether there is a pass with this number, and it is over units within a tensor or over a tensor.
const fn has<U: Rule<S>, const S: usize>(pass: usize) -> bool {
    !matches!(U::PASSES.scope(pass), None | Some(Scope::All))
}

/// Whether a rule looks at rows or at blocks.
const fn looks_at<U: Rule<S>, const S: usize>(scope: Scope) -> bool {
    match U::PASSES.scope(U::PASSES.len().saturating_sub(1)) {
        Some(last) => last as u8 == scope as u8,
        None => false,
    }
}

/// Refuses a shape that the rule has no use for.
#[inline]
pub(super) fn check_shape<U: Rule<S>, const S: usize>(shape: &Shape) -> Result<(), Error> {
    if const { looks_at::<U, S>(Scope::Row) } && !shape.rows_fit() {
        return Err(Error::RowLength { row_len: shape.row_len, len: shape.len });
    }
    if const { looks_at::<U, S>(Scope::Block) } && !shape.blocks_fit() {
        return Err(Error::BlockLength);
    }
    Ok(())
}

/// The length of the units of a scope.
#[inline(always)]
const fn unit_len(scope: Scope, shape: &Shape) -> usize {
    match scope {
        Scope::Row => shape.row_len,
        Scope::Block => shape.block_len,
        Scope::All | Scope::Tensor => shape.len,
    }
}

/// Completes the rule with the sums of one unit.
#[inline(always)]
pub(super) fn complete<U: Rule<S>, A: Access, const S: usize>(
    rule: &mut U,
    pass: usize,
    scope: Scope,
    sums: [f64; MAX_SUMS],
    unit: &mut Streams<'_, S, A>,
    (shape, loss): (&Shape, Option<f64>),
) {
    // SAFETY: the slices are those of one unit of the scope.
    let slots = unsafe { unit.numbers(&U::EXTENTS, scope) };
    let mut found = Found::of_unit(sums, unit.len() as u64, shape.is_matrix, slots, loss);
    rule.found(pass, &mut found);
    // SAFETY: as above.
    unsafe { unit.set_numbers(&U::EXTENTS, scope, found.slots) };
}

/// The sums of a pass over a unit, each rounded once. One block needs no exact sum.
#[inline(always)]
fn rounded<E: Execute, U: Rule<S>, const PASS: usize, const S: usize>(
    rule: &U,
    streams: Streams<'_, S, Measuring>,
) -> [f64; MAX_SUMS] {
    // Where memory for code is scarce, one loop for both.
    if cfg!(target_pointer_width = "64") && streams.len() <= BLOCK {
        totals::<E, U, f64, PASS, S>(rule, streams, 0.0)
    } else {
        totals::<E, U, Sum, PASS, S>(rule, streams, Sum::ZERO).map(|sum| sum.value())
    }
}

/// The passes from `PASS` on that a tensor, or a unit of it, has before its update, and the update. Within a backend's function.
#[inline(always)]
pub(super) fn from<const PASS: usize, E: Execute, U: Rule<S>, A: Access, const S: usize>(
    rule: &U,
    mut streams: Streams<'_, S, A>,
    shape: &Shape,
    progress: &Progress,
) {
    if const { !has::<U, S>(PASS) } {
        E::step(rule, streams);
        return;
    }
    let Some(scope) = U::PASSES.scope(PASS) else { return };
    let (unit_len, len) = (unit_len(scope, shape), streams.len());
    let mut gathering = *rule;
    let (mut at, mut index) = (0, 0);
    while at < len {
        let mut unit = streams.unit(&U::EXTENTS, scope, (at, unit_len, index));
        let len = unit.len();
        let sums = rounded::<E, U, PASS, S>(rule, unit.only_read());
        if const { gathers::<U, S>(PASS) } {
            complete(&mut gathering, PASS, scope, sums, &mut unit, (shape, progress.loss));
        } else {
            let mut rule = *rule;
            complete(&mut rule, PASS, scope, sums, &mut unit, (shape, progress.loss));
            after::<PASS, E, U, A, S>(&rule, unit, &Shape { len, ..*shape }, progress);
        }
        // Not 0, since the shape fits.
        at += unit_len.max(1);
        index += 1;
    }
    if const { gathers::<U, S>(PASS) } {
        after::<PASS, E, U, A, S>(&gathering, streams, shape, progress);
    }
}

/// What comes after pass `PASS`.
#[inline(always)]
fn after<const PASS: usize, E: Execute, U: Rule<S>, A: Access, const S: usize>(
    rule: &U,
    streams: Streams<'_, S, A>,
    shape: &Shape,
    progress: &Progress,
) {
    match PASS {
        0 => from::<1, E, U, A, S>(rule, streams, shape, progress),
        1 => from::<2, E, U, A, S>(rule, streams, shape, progress),
        _ => from::<3, E, U, A, S>(rule, streams, shape, progress),
    }
}

/// Makes the passes within a tensor and the update, and sweeps the state where the step does.
#[inline]
pub(super) fn apply<U: Rule<S>, A: Access, const S: usize>(
    backend: Supported,
    rule: &U,
    mut streams: Streams<'_, S, A>,
    shape: &Shape,
    progress: &Progress,
) {
    match progress.done {
        0 if const { has::<U, S>(0) } => arch::units::<U, A, 0, S>(backend, rule, streams.again(), shape, progress),
        1 if const { has::<U, S>(1) } => arch::units::<U, A, 1, S>(backend, rule, streams.again(), shape, progress),
        2 if const { has::<U, S>(2) } => arch::units::<U, A, 2, S>(backend, rule, streams.again(), shape, progress),
        _ => arch::run(backend, rule, iter::once(streams.again())),
    }
    if progress.sweeps {
        sweep(backend, rule, &mut streams);
    }
}

/// Whether a pass gathers.
const fn gathers<U: Rule<S>, const S: usize>(pass: usize) -> bool {
    U::PASSES.gathers(pass)
}

/// Units of a tensor that threads share out.
#[cfg(feature = "rayon")]
pub(super) struct Units<'a, const S: usize, A, U> {
    pub(super) streams: Streams<'a, S, A>,
    /// What is not cut: rows or blocks. Elements can be cut anywhere.
    whole: Option<(Scope, usize)>,
    rule: PhantomData<fn(U)>,
}

#[cfg(feature = "rayon")]
impl<U: Rule<S>, A: Access + Send, const S: usize> parallel::Cut for Units<'_, S, A, U> {
    fn len(&self) -> usize {
        self.streams.len()
    }

    fn grain(&self) -> usize {
        parallel::PIECE.next_multiple_of(self.whole.map_or(1, |(_, len)| len.max(1)))
    }

    fn take(&mut self, len: usize) -> Self {
        let streams = match self.whole {
            Some((scope, unit_len)) => self.streams.take(&U::EXTENTS, scope, (len, len / unit_len.max(1))),
            None => self.streams.take(&U::EXTENTS, Scope::All, (len, 0)),
        };
        Units { streams, ..*self }
    }
}

/// The sums of a pass over a tensor, on rayon's current thread pool.
#[cfg(feature = "rayon")]
pub(super) fn par_sums<U: Rule<S>, const S: usize>(
    backend: Supported,
    rule: &U,
    pass: usize,
    streams: Streams<'_, S, Measuring>,
) -> Sums {
    let whole = Units::<S, Measuring, U> { streams, whole: None, rule: PhantomData };
    parallel::pieces(whole, &|piece: Units<'_, S, Measuring, U>| sums(backend, rule, pass, piece.streams))
}

/// [`apply`] on rayon's current thread pool.
#[cfg(feature = "rayon")]
pub(super) fn par_run<U: Rule<S>, A: Access + Send, const S: usize>(
    backend: Supported,
    rule: &U,
    mut streams: Streams<'_, S, A>,
    shape: &Shape,
    progress: &Progress,
) {
    let scope = U::PASSES.scope(progress.done.into());
    if scope == Some(Scope::Tensor) {
        let (mut rule, mut progress) = (*rule, *progress);
        let pass = usize::from(progress.done);
        let sums = par_sums(backend, &rule, pass, streams.only_read());
        if streams.len() > 0 {
            complete(&mut rule, pass, Scope::Tensor, sums.values(), &mut streams, (shape, progress.loss));
        }
        progress.done += 1;
        return par_run(backend, &rule, streams, shape, &progress);
    }
    if U::PASSES.gathers(progress.done.into()) {
        // The rule is told of one unit after another.
        return apply(backend, rule, streams, shape, progress);
    }
    // Rows and blocks are shared out whole; an update alone can be cut anywhere.
    let whole = scope.map(|scope| (scope, unit_len(scope, shape)));
    let units = Units { streams, whole, rule: PhantomData };
    parallel::pieces(units, &|piece: Units<'_, S, A, U>| {
        let shape = Shape { len: piece.streams.len(), ..*shape };
        apply(backend, rule, piece.streams, &shape, progress);
    });
}
