use super::descent::Descent;
use super::direction::{Direction, DirectionVisitor};
use super::loss::Loss;
use super::penalty::{Off, Switch};
use super::traits::{Rule, Visitor};
use crate::real::Real;

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
pub struct Compensated<D> {
    direction: D,
}

/// A rule whose parameters are a sum of updates, so that it can be [`Compensated`].
pub trait Compensate {
    /// The compensated rule, which has one slot more.
    type Compensated;

    /// Compensates the rule.
    fn compensate(self) -> Self::Compensated;
}

impl<D> Compensate for Descent<D> {
    type Compensated = Compensated<D>;

    #[inline(always)]
    fn compensate(self) -> Compensated<D> {
        Compensated { direction: self.into_direction() }
    }
}

impl<U: Compensate, W, G> Compensate for Loss<U, W, G> {
    type Compensated = Loss<U::Compensated, W, G>;

    #[inline(always)]
    fn compensate(self) -> Self::Compensated {
        self.map(U::compensate)
    }
}

/// Compensates the form of a direction.
struct Form<V>(V);

macro_rules! one_slot_more {
    ($($slots:literal + 1 = $more:literal: $($slot:ident)*;)*) => {$(
        impl<D: Direction<$slots>> Rule<$more> for Compensated<D> {
            #[inline(always)]
            fn lane<R: Real>(&self, p: R, g: R, state: [R; $more]) -> (R, [R; $more]) {
                self.lane_decaying(p, g, Off, state)
            }

            #[inline(always)]
            fn lane_decaying<R: Real, P: Switch>(
                &self,
                p: R,
                g: R,
                decay: P,
                [$($slot,)* rest]: [R; $more],
            ) -> (R, [R; $more]) {
                let (update, [$($slot),*]) = self.direction.lane(g, [$($slot),*]);
                let (p, rest) = add(p, rest, -decay.add_to(update, p));
                (p, [$($slot,)* rest])
            }

            #[inline(always)]
            fn form<V: Visitor<$more>>(&self, visitor: V) -> V::Output {
                self.direction.form(Form(visitor))
            }

            #[inline(always)]
            fn fades(&self) -> [bool; $more] {
                let [$($slot),*] = self.direction.fades();
                [$($slot,)* false]
            }
        }

        impl<V: Visitor<$more>> DirectionVisitor<$slots> for Form<V> {
            type Output = V::Output;

            #[inline(always)]
            fn visit<D: Direction<$slots>>(self, direction: D) -> V::Output {
                self.0.visit(Compensated { direction })
            }

            #[inline(always)]
            fn general(self) -> V::Output {
                self.0.general()
            }
        }
    )*};
}

one_slot_more! {
    0 + 1 = 1: ;
    1 + 1 = 2: a;
    2 + 1 = 3: a b;
    3 + 1 = 4: a b c;
    4 + 1 = 5: a b c d;
    5 + 1 = 6: a b c d e;
    6 + 1 = 7: a b c d e f;
    7 + 1 = 8: a b c d e f g;
}
