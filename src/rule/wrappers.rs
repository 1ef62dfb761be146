//! Directions that are made of another direction.

use super::descent::Descent;
use super::direction::{Direction, DirectionVisitor};
use super::loss::Loss;
use crate::real::Real;

/// A direction that moves only the elements whose update and gradient have the same sign.
///
/// ```text
/// u ← u where u·g > 0, else 0
/// ```
///
/// Source: Liang, Chen, Liu & Liu, "Cautious Optimizers: Improving Training with One Line of Code", 2024,
/// arXiv 2411.16085. The authors also divide by the mean of the mask over a tensor, which an element cannot see. Made by
/// [`Step::cautious`](crate::Step::cautious).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cautious<D>(pub(crate) D);

/// A direction with the magnitude of another one and the sign of the gradient.
///
/// ```text
/// u ← sign(g)·|u|        sign(0) = 0
/// ```
///
/// Source: Cao, Li & Song, "Grams: Gradient Descent with Adaptive Momentum Scaling", 2024, arXiv 2412.17107.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aligned<D>(pub(crate) D);

/// A direction whose updates are multiplied by a factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaled<D> {
    pub(crate) direction: D,
    pub(crate) factor: f32,
}

impl<D: Direction<S>, const S: usize> Direction<S> for Scaled<D> {
    #[inline(always)]
    fn lane<R: Real>(&self, g: R, state: [R; S]) -> (R, [R; S]) {
        let (update, state) = self.direction.lane(g, state);
        (R::splat(self.factor) * update, state)
    }

    #[inline(always)]
    fn fades(&self) -> [bool; S] {
        self.direction.fades()
    }
}

/// Wraps the forms of the direction inside.
macro_rules! wrapper {
    ($Wrapper:ident, |$u:ident, $g:ident| $update:expr) => {
        impl<D: Direction<S>, const S: usize> Direction<S> for $Wrapper<D> {
            #[inline(always)]
            fn lane<R: Real>(&self, $g: R, state: [R; S]) -> (R, [R; S]) {
                let ($u, state) = self.0.lane($g, state);
                ($update, state)
            }

            #[inline(always)]
            fn form<V: DirectionVisitor<S>>(&self, visitor: V) -> V::Output {
                self.0.form($Wrapper(visitor))
            }

            #[inline(always)]
            fn fades(&self) -> [bool; S] {
                self.0.fades()
            }
        }

        impl<V: DirectionVisitor<S>, const S: usize> DirectionVisitor<S> for $Wrapper<V> {
            type Output = V::Output;

            #[inline(always)]
            fn visit<D: Direction<S>>(self, direction: D) -> V::Output {
                self.0.visit($Wrapper(direction))
            }

            #[inline(always)]
            fn general(self) -> V::Output {
                self.0.general()
            }
        }
    };
}

wrapper!(Cautious, |u, g| same_sign(u, g));
wrapper!(Aligned, |u, g| g.sign() * u.abs());

/// `u` where it has the sign of `g`, else 0. By comparison with 0, since the product of two small numbers underflows. Where
/// `g` is NaN the result is NaN.
#[inline(always)]
pub(crate) fn same_sign<R: Real>(u: R, g: R) -> R {
    let zero = R::splat(0.0);
    let where_negative = R::select(g.lt(zero), u.min(zero), g);
    R::select(zero.lt(g), u.max(zero), where_negative)
}

/// 1 where `u` has the sign of `g`, else 0.
#[inline(always)]
pub(crate) fn moves<R: Real>(u: R, g: R) -> R {
    let (zero, one) = (R::splat(0.0), R::splat(1.0));
    let up = R::select(zero.lt(u), one, zero);
    let down = R::select(u.lt(zero), one, zero);
    R::select(zero.lt(g), up, R::select(g.lt(zero), down, zero))
}

/// What a direction can be found inside of, to wrap it there.
pub trait Wrap {
    /// The direction.
    type Direction;

    /// The same rule around another direction.
    type With<E>;

    /// Replaces the direction.
    fn wrap<E>(self, make: impl FnOnce(Self::Direction) -> E) -> Self::With<E>;
}

impl<D> Wrap for Descent<D> {
    type Direction = D;
    type With<E> = Descent<E>;

    fn wrap<E>(self, make: impl FnOnce(D) -> E) -> Descent<E> {
        self.map(make)
    }
}

impl<U: Wrap, L, G> Wrap for Loss<U, L, G> {
    type Direction = U::Direction;
    type With<E> = Loss<U::With<E>, L, G>;

    fn wrap<E>(self, make: impl FnOnce(U::Direction) -> E) -> Loss<U::With<E>, L, G> {
        self.map(|rule| rule.wrap(make))
    }
}
