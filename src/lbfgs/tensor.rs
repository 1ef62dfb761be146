use crate::error::{Error, Slice};
use crate::math::Factor;
use crate::real::Real;
use crate::rule::{Measure, Rule};
use crate::run::{Step, Wrong, pass, take_mut};
use crate::sum::{Sum, measure};
use core::ops::Range;

/// The slices of one tensor, or of a piece of it, for [`Lbfgs`](super::Lbfgs).
#[derive(Debug)]
pub struct LbfgsTensor<'a> {
    /// The parameters, n of them.
    pub params: &'a mut [f32],
    /// Their gradients, n.
    pub grads: &'a [f32],
    /// What is kept between calls: [`LbfgsState::ROWS`](super::LbfgsState::ROWS) times n. What it holds at the start does
    /// not matter. Its rows of n are d, p0, g0, s of each place in the ring, y of each place.
    pub history: &'a mut [f32],
}

/// A row of the history.
#[derive(Clone, Copy)]
pub(super) enum Row {
    Direction,
    Origin,
    OriginGrads,
    /// A place of the ring, first all of s, then all of y.
    Step(usize),
}

impl Row {
    /// y of a place, which comes after s of all places.
    pub(super) const fn change<const M: usize>(place: usize) -> Self {
        Row::Step(M + place)
    }

    /// Where it is in a history with rows of `n`.
    const fn range(self, n: usize) -> Range<usize> {
        let start = n * match self {
            Row::Direction => 0,
            Row::Origin => 1,
            Row::OriginGrads => 2,
            Row::Step(place) => 3 + place,
        };
        start..start + n
    }
}

/// The sums that decide about a pair: `y·s`, `y·y`, |g|, and p², which shows a parameter that is not finite.
#[derive(Clone, Copy)]
struct Pair;

impl Measure<2, 4> for Pair {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [p0, g0]: [R; 2]) -> [[R; 2]; 4] {
        let y = g - g0;
        [[y, p - p0], [y, y], [g.abs(), R::splat(1.0)], [p, p]]
    }
}

/// `buffer ← input − old`.
#[derive(Clone, Copy)]
struct Difference;

impl Rule<1> for Difference {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, input: R, [old]: [R; 1]) -> (R, [R; 1]) {
        (input - old, [old])
    }
}

/// `buffer ← factor · input`.
#[derive(Clone, Copy)]
struct Times(f32);

impl Rule<0> for Times {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, input: R, []: [R; 0]) -> (R, [R; 0]) {
        (R::splat(self.0) * input, [])
    }
}

/// `buffer ← own · buffer + other · input`.
#[derive(Clone, Copy)]
struct Combine {
    own: f32,
    other: f32,
}

impl Rule<0> for Combine {
    #[inline(always)]
    fn lane<R: Real>(&self, buffer: R, input: R, []: [R; 0]) -> (R, [R; 0]) {
        (R::splat(self.own) * buffer + R::splat(self.other) * input, [])
    }
}

/// `buffer ← origin + factor · input`.
#[derive(Clone, Copy)]
struct Along(Factor);

impl Rule<1> for Along {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, input: R, [origin]: [R; 1]) -> (R, [R; 1]) {
        (origin + self.0.times(input), [origin])
    }
}

impl<'a> LbfgsTensor<'a> {
    /// The slices of a tensor. Lengths are checked in each call that uses them.
    #[inline]
    pub const fn new(params: &'a mut [f32], grads: &'a [f32], history: &'a mut [f32]) -> Self {
        LbfgsTensor { params, grads, history }
    }

    /// Checks the lengths of all slices of a list.
    pub(super) fn check_all<const M: usize>(tensors: &[Self]) -> Result<(), Error> {
        for (tensor, LbfgsTensor { params, grads, history }) in tensors.iter().enumerate() {
            let n = params.len();
            let rows = super::LbfgsState::<M>::ROWS;
            for (slice, expected, found) in
                [(Slice::Grads, n, grads.len()), (Slice::History, n.saturating_mul(rows), history.len())]
            {
                if expected != found {
                    return Err(Error::TensorLength { tensor, slice, expected, found });
                }
            }
        }
        Ok(())
    }

    /// A row of the history.
    pub(super) fn row(&self, row: Row) -> &[f32] {
        self.history.get(row.range(self.params.len())).unwrap_or_default()
    }

    /// The sums of [`Pair`].
    pub(super) fn measure(&self) -> Result<[Sum; 4], Error> {
        measure(&Pair, self.params, self.grads, [self.row(Row::Origin), self.row(Row::OriginGrads)])
    }

    /// Writes s and y to a place of the ring.
    pub(super) fn keep_pair<const M: usize>(&mut self, place: usize) -> Result<(), Error> {
        let n = self.params.len();
        let (params, grads) = (&*self.params, self.grads);
        let mut rest = &mut *self.history;
        let [_, origin, origin_grads] = [(); 3].map(|()| take_mut(&mut rest, n));
        let mut write = |place, input, old: &mut [f32]| {
            let row = rest.get_mut(n * place..n * (place + 1)).unwrap_or_default();
            Step::of(Difference).apply(row, input, [old])
        };
        write(place, params, origin)?;
        write(M + place, grads, origin_grads)
    }

    /// Begins at the parameters as they are: `p0 ← p, g0 ← g, d ← −g`.
    pub(super) fn begin(&mut self) -> Result<(), Error> {
        let (params, grads) = (&*self.params, self.grads);
        let (n, mut rest) = (params.len(), &mut *self.history);
        for (factor, input) in [(-1.0, grads), (1.0, params), (1.0, grads)] {
            pass(Times(factor), take_mut(&mut rest, n), input, Wrong::Buffer(Slice::History))?;
        }
        Ok(())
    }

    /// `d ← own · d + other · row`, for a row of the ring.
    pub(super) fn add(&mut self, row: Row, own: f32, other: f32) -> Result<(), Error> {
        let (n, mut rest) = (self.params.len(), &mut *self.history);
        let direction = take_mut(&mut rest, n);
        let Range { start, end } = row.range(n);
        let row = rest.get(start.saturating_sub(n)..end.saturating_sub(n)).unwrap_or_default();
        pass(Combine { own, other }, direction, row, Wrong::Input(Slice::History))
    }

    /// `p ← p0 + t·d`.
    pub(super) fn move_to(&mut self, t: Factor) -> Result<(), Error> {
        let (n, mut rest) = (self.params.len(), &mut *self.history);
        let [direction, origin] = [(); 2].map(|()| take_mut(&mut rest, n));
        Step::of(Along(t)).apply(self.params, direction, [origin])
    }
}
