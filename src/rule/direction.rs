use super::pass::{Found, Passes, Terms};
use crate::error::Error;
use crate::real::Real;
use crate::shape::Extent;

/// A formula that turns a parameter, its gradient and its state into an update, which the rule subtracts from the parameter:
/// what Adam, momentum and most other optimizers are. `S` is the number of state slots.
///
/// [`Descent`](super::Descent) makes a [`Rule`](super::Rule) of a direction:
///
/// ```
/// use gradstep::rule::{Descent, Direction};
/// use gradstep::{Real, Step};
///
/// /// The update is the gradient over its own running magnitude.
/// #[derive(Clone, Copy)]
/// struct Normalized(f32);
///
/// impl Direction<1> for Normalized {
///     #[inline(always)]
///     fn lane<R: Real>(&self, _: R, g: R, [size]: [R; 1]) -> (R, [R; 1]) {
///         let size = size.max(g.abs());
///         (R::splat(self.0) * (g / size), [size])
///     }
/// }
///
/// let (mut params, mut size) = ([1.0, 1.0], [0.0; 2]);
/// Step::of(Descent::new(Normalized(0.5))).cautious().apply(&mut params, &[4.0, -4.0], [&mut size])?;
/// assert_eq!((params, size), ([0.5, 1.5], [4.0; 2]));
/// # Ok::<(), gradstep::Error>(())
/// ```
pub trait Direction<const S: usize>: Copy + Send + Sync {
    /// The update and the new state of an element.
    ///
    /// Implementations carry `#[inline(always)]`.
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S]);

    /// What each slot holds one number for: see [`Rule::EXTENTS`](super::Rule::EXTENTS).
    const EXTENTS: [Extent; S] = [Extent::Element; S];

    /// The passes before the update: see [`Rule::PASSES`](super::Rule::PASSES).
    const PASSES: Passes = Passes::NONE;

    /// What an element adds to the sums of a pass: see [`Rule::terms`](super::Rule::terms).
    #[inline(always)]
    fn terms<R: Real>(&self, _pass: usize, _p: R, _g: R, _state: [R; S]) -> Terms<R> {
        Terms::none()
    }

    /// Completes the coefficients after a pass: see [`Rule::found`](super::Rule::found).
    #[inline(always)]
    fn found(&mut self, _pass: usize, _found: &mut Found<S>) {}

    /// How many forms the direction has: see [`Rule::FORMS`](super::Rule::FORMS).
    const FORMS: u8 = 1;

    /// The direction in the form of this number: see [`Rule::in_form`](super::Rule::in_form).
    #[inline(always)]
    fn in_form(self, _form: u8) -> Option<Self> {
        Some(self)
    }

    /// The magnitude below which each slot is zero: see [`Rule::fades_below`](super::Rule::fades_below).
    #[inline(always)]
    fn fades_below(&self) -> [f32; S] {
        [0.0; S]
    }

    /// Refuses coefficients that are out of their ranges: see [`Rule::check`](super::Rule::check).
    ///
    /// # Errors
    /// [`Error::HyperParameter`] or [`Error::Coefficient`] names the first one.
    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}
