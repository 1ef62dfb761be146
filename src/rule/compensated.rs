use super::decayed::Decayed;
use super::descent::Descent;
use super::direction::Direction;
use super::pass::{Found, Passes, Terms};
use super::penalty::Penalty;
use super::scaling::{Scaling, Unscaled};
use super::slots::{joined, parts};
use super::traits::Rule;
use crate::error::Error;
use crate::real::Real;
use crate::shape::Extent;

/// `high + low + x` as the f32 next to it and the rest: a sum to some 48 bits.
///
/// The first sum and its rounding are exact (Knuth, "The Art of Computer Programming", volume 2, section 4.2.2); the second
/// makes the rest small again (Dekker, "A floating-point technique for extending the available precision", 1971).
#[inline(always)]
pub(super) fn add<R: Real>(high: R, low: R, x: R) -> (R, R) {
    let sum = high + x;
    let of_x = sum - high;
    let lost = (high - (sum - of_x)) + (x - of_x);
    let rest = low + lost;
    let high = sum + rest;
    (high, rest - (high - sum))
}

/// A [`Descent`] that keeps what rounding takes off the parameters, in one more slot, and adds it in the next step. Made by
/// [`Step::compensated`](crate::Step::compensated).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compensated<D, T = Unscaled> {
    descent: Descent<D, T>,
}

/// A rule whose parameters are a sum of updates, so that it can be [`Compensated`].
pub trait Compensate {
    /// The compensated rule, which has one slot more.
    type Compensated;

    /// Compensates the rule.
    fn compensate(self) -> Self::Compensated;
}

impl<D, T> Compensate for Descent<D, T> {
    type Compensated = Compensated<D, T>;

    #[inline(always)]
    fn compensate(self) -> Compensated<D, T> {
        Compensated { descent: self }
    }
}

impl<U: Compensate> Compensate for Decayed<U> {
    type Compensated = Decayed<U::Compensated>;

    #[inline(always)]
    fn compensate(self) -> Self::Compensated {
        self.map(U::compensate)
    }
}

/// Implements the rule for each number of the direction's slots.
macro_rules! compensated {
    ($($slots:literal + 1 = $all:literal),*) => {$(
        impl<D: Direction<$slots>, T: Scaling<$slots>> Rule<$all> for Compensated<D, T> {
            const EXTENTS: [Extent; $all] = joined(D::EXTENTS);
            const PASSES: Passes = <Descent<D, T> as Rule<$slots>>::PASSES;

            #[inline(always)]
            fn terms<R: Real>(&self, pass: usize, p: R, g: R, mut state: [R; $all]) -> Terms<R> {
                let Some((slots, [_])) = parts::<_, $slots, 1, $all>(&mut state) else { return Terms::none() };
                self.descent.terms(pass, p, g, *slots)
            }

            #[inline(always)]
            fn found(&mut self, pass: usize, found: &mut Found<$all>) {
                found.of_first::<$slots, 1>(|found| self.descent.found(pass, found));
            }

            #[inline(always)]
            fn lane<R: Real>(&self, p: R, g: R, state: [R; $all]) -> (R, [R; $all]) {
                self.lane_decaying(p, g, Penalty::OFF, state)
            }

            #[inline(always)]
            fn lane_decaying<R: Real>(&self, p: R, g: R, decay: Penalty, mut state: [R; $all]) -> (R, [R; $all]) {
                let Some((slots, [rest])) = parts(&mut state) else { return (p, state) };
                let (update, after) = self.descent.update(p, g, *slots);
                *slots = after;
                let (p, lost) = add(p, *rest, -decay.add_to(update, p));
                *rest = lost;
                (p, state)
            }

            const FORMS: u8 = D::FORMS;

            #[inline(always)]
            fn in_form(self, form: u8) -> Option<Self> {
                Some(Compensated { descent: self.descent.in_form(form)? })
            }

            #[inline(always)]
            fn fades_below(&self) -> [f32; $all] {
                let mut fades = [0.0; $all];
                if let Some((slots, [_])) = parts::<_, $slots, 1, $all>(&mut fades) {
                    *slots = self.descent.fades_below();
                }
                fades
            }

            #[inline(always)]
            fn check(&self) -> Result<(), Error> {
                self.descent.check()
            }
        }
    )*};
}

compensated!(0 + 1 = 1, 1 + 1 = 2, 2 + 1 = 3, 3 + 1 = 4, 4 + 1 = 5, 5 + 1 = 6, 6 + 1 = 7, 7 + 1 = 8);
