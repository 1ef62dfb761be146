use crate::real::Real;

/// A formula that turns the gradient of an element and its state into an update, which the rule subtracts from the
/// parameter: what Adam, momentum and most other optimizers are. `S` is the number of state slots.
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
///     fn lane<R: Real>(&self, g: R, [size]: [R; 1]) -> (R, [R; 1]) {
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
    fn lane<R: Real>(&self, g: R, state: [R; S]) -> (R, [R; S]);

    /// Passes the visitor the form of this direction to loop over vectors with, as [`Rule::form`](super::Rule::form)
    /// does. The default is the direction itself.
    #[inline(always)]
    fn form<V: DirectionVisitor<S>>(&self, visitor: V) -> V::Output {
        visitor.visit(*self)
    }

    /// Which slots fade: see [`Rule::fades`](super::Rule::fades).
    #[inline(always)]
    fn fades(&self) -> [bool; S] {
        [false; S]
    }
}

/// What is done with the form of a direction: see [`Direction::form`].
pub trait DirectionVisitor<const S: usize>: Sized {
    /// What comes of it.
    type Output;

    /// Uses a form of the direction.
    fn visit<D: Direction<S>>(self, form: D) -> Self::Output;

    /// Uses the direction as it is: for settings or steps that are too rare for a separate loop.
    fn general(self) -> Self::Output;
}
