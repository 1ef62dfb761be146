use super::penalty::Switch;
use crate::error::Error;
use crate::real::Real;

/// One step as a formula on one element, with its coefficients. `S` is the number of state slots, at most 8.
///
/// The formula is generic over [`Real`], so it is written once and runs on every backend, at every length and for every
/// split over threads with the same bits. An optimizer of your own is one small implementation:
///
/// ```
/// use gradstep::rule::Rule;
/// use gradstep::{Real, Step};
///
/// /// Momentum whose step is bounded: `b ← μb + g; p ← p − lr · b / (1 + |b|)`.
/// #[derive(Clone, Copy)]
/// struct SoftSign {
///     lr: f32,
///     momentum: f32,
/// }
///
/// impl Rule<1> for SoftSign {
///     #[inline(always)] // without it a step costs a call per vector
///     fn lane<R: Real>(&self, p: R, g: R, [b]: [R; 1]) -> (R, [R; 1]) {
///         let b = R::splat(self.momentum) * b + g;
///         let bounded = b / (R::splat(1.0) + b.abs());
///         (p - R::splat(self.lr) * bounded, [b])
///     }
/// }
///
/// let step = Step::of(SoftSign { lr: 0.5, momentum: 0.9 });
/// let (mut params, grads, mut buffer) = ([1.0; 5], [3.0; 5], [0.0; 5]);
/// step.clip_grads(1.0).apply(&mut params, &grads, [&mut buffer])?;
/// assert_eq!(params, [0.75; 5]);
/// assert_eq!(buffer, [1.0; 5]);
/// # Ok::<(), gradstep::Error>(())
/// ```
pub trait Rule<const S: usize>: Copy + Send + Sync {
    /// The new parameter and state of an element, from the old ones and its gradient.
    ///
    /// Implementations carry `#[inline(always)]`.
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S]);

    /// [`Rule::lane`] with weight decay in the step: what `decay` makes of p is taken off p.
    ///
    /// The default takes it off before the step. A rule that sums up what it subtracts can sum both, so that p is rounded
    /// once, as [`Descent`](super::Descent) does.
    #[inline(always)]
    fn lane_decaying<R: Real, P: Switch>(&self, p: R, g: R, decay: P, state: [R; S]) -> (R, [R; S]) {
        self.lane(decay.take_from(p, p), g, state)
    }

    /// Passes the visitor the form of this rule to loop over vectors with: a rule that gives the same bits and has less
    /// to compute, because what is switched off is missing from its type.
    ///
    /// The default, the rule itself, is right for a rule without switches. [`Loss`](super::Loss) and
    /// [`Descent`](super::Descent) have forms, so a rule that is made of them needs none. Targets without vectors don't ask:
    /// they keep one loop.
    #[inline(always)]
    fn form<V: Visitor<S>>(&self, visitor: V) -> V::Output {
        visitor.visit(*self)
    }

    /// Which slots fade, as an average does whose gradients stay zero, and may be zero where they are below
    /// [`TINY`](crate::math::TINY): no step can tell.
    ///
    /// Such a slot would become subnormal and stay so for ever, and many CPUs are slow with subnormal numbers. So a step whose
    /// number is a multiple of 64 ends by storing zero for what is tiny.
    #[inline(always)]
    fn fades(&self) -> [bool; S] {
        [false; S]
    }

    /// Refuses coefficients that are out of their ranges. [`Step::apply`](crate::Step::apply) asks before it writes.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] names the first one.
    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// What is done with the form of a rule: see [`Rule::form`].
pub trait Visitor<const S: usize>: Sized {
    /// What comes of it.
    type Output;

    /// Uses a form of the rule.
    fn visit<U: Rule<S>>(self, form: U) -> Self::Output;

    /// Uses the rule as it is, with all its switches: for combinations that are too rare for a separate loop.
    fn general(self) -> Self::Output;
}
