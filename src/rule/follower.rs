use super::traits::{Rule, Visitor};
use crate::error::Error;
use crate::real::Real;

/// A buffer that follows the parameters, such as their average: one more state slot, updated in the step's own pass.
pub trait Follower: Copy + Send + Sync {
    /// The parameter and the buffer after a step that made `p`.
    fn follow<R: Real>(&self, p: R, buffer: R) -> (R, R);
}

/// A [`Rule`] and a [`Follower`] in one pass; made by [`Step::then`](crate::Step::then). The follower's buffer is the last state slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Followed<U, F> {
    pub(crate) rule: U,
    pub(crate) follower: F,
}

/// Puts the follower behind the form of a rule.
struct Form<F, V> {
    follower: F,
    visitor: V,
}

macro_rules! one_slot_more {
    ($($slots:literal + 1 = $more:literal: $($slot:ident)*;)*) => {$(
        impl<U: Rule<$slots>, F: Follower> Rule<$more> for Followed<U, F> {
            #[inline(always)]
            fn lane<R: Real>(&self, p: R, g: R, [$($slot,)* buffer]: [R; $more]) -> (R, [R; $more]) {
                let (p, [$($slot),*]) = self.rule.lane(p, g, [$($slot),*]);
                let (p, buffer) = self.follower.follow(p, buffer);
                (p, [$($slot,)* buffer])
            }

            #[inline(always)]
            fn form<V: Visitor<$more>>(&self, visitor: V) -> V::Output {
                self.rule.form(Form { follower: self.follower, visitor })
            }

            #[inline(always)]
            fn fades(&self) -> [bool; $more] {
                let [$($slot),*] = self.rule.fades();
                [$($slot,)* false]
            }

            #[inline(always)]
            fn check(&self) -> Result<(), Error> {
                self.rule.check()
            }
        }

        impl<F: Follower, V: Visitor<$more>> Visitor<$slots> for Form<F, V> {
            type Output = V::Output;

            #[inline(always)]
            fn visit<U: Rule<$slots>>(self, rule: U) -> V::Output {
                self.visitor.visit(Followed { rule, follower: self.follower })
            }

            #[inline(always)]
            fn general(self) -> V::Output {
                self.visitor.general()
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
