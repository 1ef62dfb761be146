use super::pass::{Found, Passes, Terms};
use super::slots::{joined, parts};
use super::traits::Rule;
use crate::error::Error;
use crate::real::Real;
use crate::shape::Extent;

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

/// Implements the rule for each number of slots and buffers.
macro_rules! followed {
    ($($slots:literal + $buffers:literal = $all:literal),*) => {$(
        impl<U: Rule<$slots>, F: Follower<$buffers>> Rule<$all> for Followed<U, F, $buffers> {
            const EXTENTS: [Extent; $all] = joined(U::EXTENTS);
            const PASSES: Passes = U::PASSES;

            #[inline(always)]
            fn terms<R: Real>(&self, pass: usize, p: R, g: R, mut state: [R; $all]) -> Terms<R> {
                let Some((slots, _)) = parts::<_, $slots, $buffers, $all>(&mut state) else { return Terms::none() };
                self.rule.terms(pass, p, g, *slots)
            }

            #[inline(always)]
            fn found(&mut self, pass: usize, found: &mut Found<$all>) {
                found.of_first::<$slots, $buffers>(|found| self.rule.found(pass, found));
            }

            #[inline(always)]
            fn lane<R: Real>(&self, p: R, g: R, mut state: [R; $all]) -> (R, [R; $all]) {
                let Some((slots, buffers)) = parts(&mut state) else { return (p, state) };
                let (p, after) = self.rule.lane(p, g, *slots);
                *slots = after;
                let (p, after) = self.follower.follow(p, *buffers);
                *buffers = after;
                (p, state)
            }

            const FORMS: u8 = U::FORMS;

            #[inline(always)]
            fn in_form(self, form: u8) -> Option<Self> {
                Some(Followed { rule: self.rule.in_form(form)?, ..self })
            }

            #[inline(always)]
            fn fades_below(&self) -> [f32; $all] {
                let mut fades = [0.0; $all];
                if let Some((slots, _)) = parts::<_, $slots, $buffers, $all>(&mut fades) {
                    *slots = self.rule.fades_below();
                }
                fades
            }

            #[inline(always)]
            fn check(&self) -> Result<(), Error> {
                self.rule.check()?;
                self.follower.check()
            }
        }
    )*};
}

followed!(0 + 0 = 0, 1 + 0 = 1, 2 + 0 = 2, 3 + 0 = 3, 4 + 0 = 4, 5 + 0 = 5, 6 + 0 = 6, 7 + 0 = 7, 8 + 0 = 8);
followed!(0 + 1 = 1, 1 + 1 = 2, 2 + 1 = 3, 3 + 1 = 4, 4 + 1 = 5, 5 + 1 = 6, 6 + 1 = 7, 7 + 1 = 8);
followed!(0 + 2 = 2, 1 + 2 = 3, 2 + 2 = 4, 3 + 2 = 5, 4 + 2 = 6, 5 + 2 = 7, 6 + 2 = 8);
