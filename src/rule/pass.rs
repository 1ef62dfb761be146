//! What a step has to find out before its update: sums over all tensors, a tensor, a row or a block.

use super::slots::parts;
use crate::math::is_finite;
use crate::real::Real;
use crate::shape::Scope;

/// A pass over the gradients before the update: what it sums over, and how many sums it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    pub(crate) scope: Scope,
    pub(crate) sums: usize,
    pub(crate) sets_clock: bool,
    pub(crate) needs_loss: bool,
    pub(crate) gathers: bool,
}

impl Pass {
    /// A pass with 1 to [`MAX_SUMS`] sums over each unit of a scope.
    pub const fn over(scope: Scope, sums: usize) -> Self {
        assert!(sums >= 1 && sums <= MAX_SUMS, "a pass has 1 to 4 sums");
        Pass { scope, sums, sets_clock: false, needs_loss: false, gathers: false }
    }

    /// The same pass, whose sums decide what the clock holds after the step. Its scope is all tensors.
    pub const fn setting_clock(self) -> Self {
        assert!(matches!(self.scope, Scope::All), "a clock belongs to all tensors");
        Pass { sets_clock: true, ..self }
    }

    /// The same pass, in which the rule is told of every unit of a tensor, one after another, before the next pass begins. Else each
    /// unit goes on by itself with the rule as it has found it.
    pub const fn gathering(self) -> Self {
        assert!(!matches!(self.scope, Scope::All), "all tensors are one unit");
        Pass { gathers: true, ..self }
    }

    /// The same pass, which needs the loss of the step: see [`Step::loss`](crate::Step::loss).
    pub const fn needing_loss(self) -> Self {
        Pass { needs_loss: true, ..self }
    }
}

/// The passes of a step before its update, from the widest scope to the narrowest. There are at most three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passes([Option<Pass>; 3]);

impl Passes {
    /// No pass: the step looks at each element by itself.
    pub const NONE: Self = Passes([None; 3]);

    /// One pass.
    pub const fn of(pass: Pass) -> Self {
        Passes([Some(pass), None, None])
    }

    /// These passes, and then those.
    ///
    /// # Panics
    /// While compiling, where there are more than three, or where a pass follows one of a narrower scope: the factors that the
    /// narrower one found would have to be kept for every unit.
    pub const fn then(self, next: Passes) -> Self {
        let (mut all, mut len, mut i) = (self, self.len(), 0);
        while let Some(pass) = next.get(i) {
            assert!(len < 3, "a step has at most three passes before its update");
            if len > 0
                && let Some(before) = all.get(len - 1)
            {
                let follows = before.gathers || pass.scope as u8 >= before.scope as u8;
                assert!(follows, "a pass cannot follow one of a narrower scope");
            }
            all = all.with(len, pass);
            (len, i) = (len + 1, i + 1);
        }
        all
    }

    const fn with(self, at: usize, pass: Pass) -> Self {
        let Passes([a, b, c]) = self;
        Passes(match at {
            0 => [Some(pass), b, c],
            1 => [a, Some(pass), c],
            _ => [a, b, Some(pass)],
        })
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        match self.0 {
            [None, ..] => 0,
            [_, None, _] => 1,
            [_, _, None] => 2,
            _ => 3,
        }
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pass with a number, counted from 0.
    pub const fn get(&self, number: usize) -> Option<Pass> {
        let [a, b, c] = self.0;
        match number {
            0 => a,
            1 => b,
            2 => c,
            _ => None,
        }
    }

    /// The scope of a pass.
    pub const fn scope(&self, number: usize) -> Option<Scope> {
        match self.get(number) {
            Some(pass) => Some(pass.scope),
            None => None,
        }
    }

    /// Whether a pass gathers: see [`Pass::gathering`].
    pub const fn gathers(&self, number: usize) -> bool {
        matches!(self.get(number), Some(Pass { gathers: true, .. }))
    }

    /// How many passes are over all tensors. They come first.
    pub(crate) const fn over_all(&self) -> usize {
        let mut count = 0;
        while let Some(Pass { scope: Scope::All, .. }) = self.get(count) {
            count += 1;
        }
        count
    }

    /// Whether the clock after the step follows from sums.
    pub const fn set_clock(&self) -> bool {
        let [a, b, c] = self.0;
        matches!(a, Some(Pass { sets_clock: true, .. }))
            || matches!(b, Some(Pass { sets_clock: true, .. }))
            || matches!(c, Some(Pass { sets_clock: true, .. }))
    }

    /// Whether a pass needs the loss of the step.
    pub const fn need_loss(&self) -> bool {
        let [a, b, c] = self.0;
        matches!(a, Some(Pass { needs_loss: true, .. }))
            || matches!(b, Some(Pass { needs_loss: true, .. }))
            || matches!(c, Some(Pass { needs_loss: true, .. }))
    }
}

/// The most sums that a pass has.
pub const MAX_SUMS: usize = 4;

/// What an element adds to each sum of a pass: the product of two factors.
#[derive(Clone, Copy, Debug)]
pub struct Terms<R>(pub(crate) [[R; 2]; MAX_SUMS]);

impl<R: Real> Terms<R> {
    /// The factors of `K` terms, at most [`MAX_SUMS`].
    #[inline(always)]
    pub fn of<const K: usize>(terms: [[R; 2]; K]) -> Self {
        const { assert!(K <= MAX_SUMS, "a pass has at most 4 sums") };
        let zero = R::splat(0.0);
        let mut all = [[zero; 2]; MAX_SUMS];
        all.iter_mut().zip(terms).for_each(|(to, term)| *to = term);
        Terms(all)
    }

    /// No terms.
    #[inline(always)]
    pub fn none() -> Self {
        Terms::of([])
    }
}

/// What a pass found for one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found<const S: usize> {
    /// The sums of the pass, each rounded to f64 once; 0 for those that it does not have.
    pub sums: [f64; MAX_SUMS],
    /// How many elements were summed.
    pub len: u64,
    /// Whether the unit is a matrix or a row of one: false for vectors, and where all tensors are one unit.
    pub is_matrix: bool,
    /// The number of the unit in each slot whose extent is that of the pass; 0 in the others. What is put here is stored.
    pub slots: [f32; S],
    /// What the clock of the model holds besides the number of steps, in a pass over all tensors. What is put here is
    /// committed with the step.
    pub clock: [f64; 3],
    /// The loss of the step, as the caller gave it; NaN where it was not given.
    pub loss: f64,
}

impl<const S: usize> Found<S> {
    /// What a pass found for a unit, without a clock. If a sum is NaN or infinite, all are NaN, and so is the update of the unit.
    #[inline(always)]
    pub(crate) fn of_unit(
        sums: [f64; MAX_SUMS],
        len: u64,
        is_matrix: bool,
        slots: [f32; S],
        loss: Option<f64>,
    ) -> Self {
        let sums = if sums.iter().all(|&sum| is_finite(sum)) { sums } else { [f64::NAN; MAX_SUMS] };
        Found { sums, len, is_matrix, slots, clock: [0.0; 3], loss: loss.unwrap_or(f64::NAN) }
    }

    /// A sum over the number of elements, 0 where there is none.
    #[inline]
    pub fn mean(&self, sum: f64) -> f64 {
        if self.len == 0 { 0.0 } else { sum / self.len as f64 }
    }

    /// The same for what has no slots.
    #[inline(always)]
    pub(super) fn without_slots(&self) -> Found<0> {
        let Found { sums, len, is_matrix, clock, loss, .. } = *self;
        Found { sums, len, is_matrix, slots: [], clock, loss }
    }

    /// Gives a rule with the first `A` slots what was found, and takes back what it puts there.
    #[inline(always)]
    pub(super) fn of_first<const A: usize, const B: usize>(&mut self, give: impl FnOnce(&mut Found<A>)) {
        let Found { sums, len, is_matrix, clock, loss, .. } = *self;
        let Some((slots, _)) = parts::<_, A, B, S>(&mut self.slots) else { return };
        let mut inner = Found { sums, len, is_matrix, slots: *slots, clock, loss };
        give(&mut inner);
        *slots = inner.slots;
        self.clock = inner.clock;
    }
}
