use super::pass::{Found, Passes, Terms};
use super::penalty::Penalty;
use crate::error::Error;
use crate::real::Real;
use crate::shape::Extent;

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
/// step.clip_by_value(1.0).apply(&mut params, &grads, [&mut buffer])?;
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
    fn lane_decaying<R: Real>(&self, p: R, g: R, decay: Penalty, state: [R; S]) -> (R, [R; S]) {
        self.lane(decay.take_from(p, p), g, state)
    }

    /// What each slot holds one number for. The lane reads a slot that has fewer numbers than elements as the number of the
    /// element's row, block or tensor, and what the lane returns for such a slot is dropped: [`Rule::found`] changes it.
    ///
    /// A slot of rows or blocks needs a pass over rows or blocks.
    const EXTENTS: [Extent; S] = [Extent::Element; S];

    /// The passes over parameters, gradients and state that come before the update, each with its sums.
    ///
    /// A rule that looks at each element by itself has none, which is the default.
    const PASSES: Passes = Passes::NONE;

    /// What an element adds to the sums of a pass, which are numbered from 0 in the order of [`Rule::PASSES`].
    ///
    /// Implementations carry `#[inline(always)]`.
    #[inline(always)]
    fn terms<R: Real>(&self, _pass: usize, _p: R, _g: R, _state: [R; S]) -> Terms<R> {
        Terms::none()
    }

    /// Completes the coefficients with what a pass found, for one unit of its scope.
    ///
    /// If a sum over a row, a block or a tensor is NaN or infinite, all sums are NaN here: make the coefficients NaN too, and so the
    /// parameters of the unit. After a pass over all tensors sums are finite, since nothing has been written yet and such a step is
    /// refused. [`Rule::check`] can refuse it then too.
    #[inline(always)]
    fn found(&mut self, _pass: usize, _found: &mut Found<S>) {}

    /// How many forms the rule has. A form is a setting of the rule's switches that has its own loop over vectors.
    ///
    /// The default, one form, is right for a rule without switches. [`Decayed`](super::Decayed) and
    /// [`Descent`](super::Descent) have forms, so a rule that is made of them needs none. Targets without vectors don't ask:
    /// they keep one loop.
    const FORMS: u8 = 1;

    /// The rule in the form of this number, below [`Rule::FORMS`], if it is in that form: a rule that gives the same bits, with
    /// its switches as constants that the compiler can see. A rule in none of its forms has a loop with all switches.
    #[inline(always)]
    fn in_form(self, _form: u8) -> Option<Self> {
        Some(self)
    }

    /// The magnitude below which each slot is zero, because no step can tell or because rounding holds what should fade; usually
    /// [`TINY`](crate::math::TINY) for an average, and 0 for a slot that does not fade.
    ///
    /// An average whose gradients stay zero would become subnormal and stay so for ever, and many CPUs are slow with subnormal
    /// numbers. So a step whose number is a multiple of 64 ends by storing zero for what is below.
    #[inline(always)]
    fn fades_below(&self) -> [f32; S] {
        [0.0; S]
    }

    /// Refuses coefficients that are out of their ranges. [`Step::apply`](crate::Step::apply) asks before the first pass, and
    /// again when the passes over all tensors are done, before it writes.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] names the first one.
    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}
