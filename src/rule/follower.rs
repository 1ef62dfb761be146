use super::traits::{Rule, Visitor};
use crate::error::Error;
use crate::real::Real;

/// What follows the parameters in the step's own pass: an average of them in `N` further state slots, or a bound with none.
pub trait Follower<const N: usize = 1>: Copy + Send + Sync {
    /// The parameter and the buffers after a step that made `p`.
    fn follow<R: Real>(&self, p: R, buffers: [R; N]) -> (R, [R; N]);

    /// Refuses coefficients that are out of their ranges. [`Step::apply`](crate::Step::apply) asks before it writes.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] names the first one.
    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// A [`Rule`] and a [`Follower`] in one pass; made by [`Step::then`](crate::Step::then). The follower's buffers are the last
/// state slots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Followed<U, F, const N: usize = 1> {
    pub(crate) rule: U,
    pub(crate) follower: F,
}

/// Puts the follower behind the form of a rule.
struct Form<F, V, const N: usize> {
    follower: F,
    visitor: V,
}

macro_rules! more_slots {
    ($($slots:literal + $more:literal = $all:literal: $($slot:ident)*, $($buffer:ident)*;)*) => {$(
        impl<U: Rule<$slots>, F: Follower<$more>> Rule<$all> for Followed<U, F, $more> {
            #[inline(always)]
            fn lane<R: Real>(&self, p: R, g: R, [$($slot,)* $($buffer),*]: [R; $all]) -> (R, [R; $all]) {
                let (p, [$($slot),*]) = self.rule.lane(p, g, [$($slot),*]);
                let (p, [$($buffer),*]) = self.follower.follow(p, [$($buffer),*]);
                (p, [$($slot,)* $($buffer),*])
            }

            #[inline(always)]
            fn form<V: Visitor<$all>>(&self, visitor: V) -> V::Output {
                self.rule.form(Form::<_, _, $more> { follower: self.follower, visitor })
            }

            #[inline(always)]
            fn fades(&self) -> [bool; $all] {
                let [$($slot),*] = self.rule.fades();
                $(let $buffer = false;)*
                [$($slot,)* $($buffer),*]
            }

            #[inline(always)]
            fn check(&self) -> Result<(), Error> {
                self.rule.check()?;
                self.follower.check()
            }
        }

        impl<F: Follower<$more>, V: Visitor<$all>> Visitor<$slots> for Form<F, V, $more> {
            type Output = V::Output;

            #[inline(always)]
            fn visit<U: Rule<$slots>>(self, rule: U) -> V::Output {
                self.visitor.visit(Followed::<_, _, $more> { rule, follower: self.follower })
            }

            #[inline(always)]
            fn general(self) -> V::Output {
                self.visitor.general()
            }
        }
    )*};
}

more_slots! {
    0 + 0 = 0: ,;
    1 + 0 = 1: a,;
    2 + 0 = 2: a b,;
    3 + 0 = 3: a b c,;
    4 + 0 = 4: a b c d,;
    5 + 0 = 5: a b c d e,;
    6 + 0 = 6: a b c d e f,;
    7 + 0 = 7: a b c d e f g,;
    8 + 0 = 8: a b c d e f g h,;
    0 + 1 = 1: , x;
    1 + 1 = 2: a, x;
    2 + 1 = 3: a b, x;
    3 + 1 = 4: a b c, x;
    4 + 1 = 5: a b c d, x;
    5 + 1 = 6: a b c d e, x;
    6 + 1 = 7: a b c d e f, x;
    7 + 1 = 8: a b c d e f g, x;
    0 + 2 = 2: , x y;
    1 + 2 = 3: a, x y;
    2 + 2 = 4: a b, x y;
    3 + 2 = 5: a b c, x y;
    4 + 2 = 6: a b c d, x y;
    5 + 2 = 7: a b c d e, x y;
    6 + 2 = 8: a b c d e f, x y;
}
