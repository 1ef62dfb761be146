use crate::{Error, Real, Rule};

/// A buffer that follows the parameters, such as their average: one more state slot, updated in the step's own pass.
pub trait Follower: Copy {
    /// The parameter and the buffer after a step that made `p`.
    fn follow<R: Real>(&self, p: R, buffer: R) -> (R, R);
}

/// A [`Rule`] and a [`Follower`] in one pass; made by [`Rule::then`]. The follower's buffer is the last state slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Followed<U, F> {
    pub(super) rule: U,
    pub(super) follower: F,
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
            fn grad<R: Real>(&self, p: R, g: R) -> R {
                self.rule.grad(p, g)
            }

            #[inline(always)]
            fn plain<const DECAYS: bool>(self) -> Option<Self> {
                Some(Followed { rule: self.rule.plain::<DECAYS>()?, ..self })
            }

            #[inline(always)]
            fn check(&self) -> Result<(), Error> {
                self.rule.check()
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
