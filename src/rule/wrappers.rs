//! Directions that are made of another direction.

use super::decayed::Decayed;
use super::descent::Descent;
use super::direction::Direction;
use super::pass::{Found, Pass, Passes, Terms};
use crate::check;
use crate::error::Error;
use crate::math::{self, Factor};
use crate::range::Range;
use crate::real::Real;
use crate::shape::Extent;
use crate::shape::Scope;

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

/// A [`Cautious`] direction whose updates are divided by the share of the elements of a tensor that move, as the authors have
/// it; made by [`Step::cautious_mean`](crate::Step::cautious_mean).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CautiousMean<D> {
    direction: D,
    factor: f32,
}

/// A direction whose updates have a bounded root mean square over a tensor; made by
/// [`Step::bound_update`](crate::Step::bound_update).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounded<D> {
    direction: D,
    rms: f64,
    factor: Factor,
}

impl<D> CautiousMean<D> {
    pub(crate) const fn new(direction: D) -> Self {
        CautiousMean { direction, factor: 1.0 }
    }
}

impl<D> Bounded<D> {
    /// `rms` is the bound.
    pub(crate) const fn new(direction: D, rms: f64) -> Self {
        Bounded { direction, rms, factor: Factor::ONE }
    }
}

impl<D: Direction<S>, const S: usize> Direction<S> for CautiousMean<D> {
    const FORMS: u8 = D::FORMS;
    const EXTENTS: [Extent; S] = D::EXTENTS;
    const PASSES: Passes = D::PASSES.then(Passes::of(Pass::over(Scope::Tensor, 1)));

    /// 1 for an element that moves.
    #[inline(always)]
    fn terms<R: Real>(&self, pass: usize, p: R, g: R, state: [R; S]) -> Terms<R> {
        if pass < D::PASSES.len() {
            return self.direction.terms(pass, p, g, state);
        }
        let (update, _) = self.direction.lane(p, g, state);
        Terms::of([[moves(update, g), R::splat(1.0)]])
    }

    #[inline(always)]
    fn found(&mut self, pass: usize, found: &mut Found<S>) {
        if pass < D::PASSES.len() {
            return self.direction.found(pass, found);
        }
        let [moving, ..] = found.sums;
        let share = found.mean(moving);
        self.factor = (1.0 / if share < 1e-3 { 1e-3 } else { share }) as f32;
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S]) {
        let (update, state) = self.direction.lane(p, g, state);
        (R::splat(self.factor) * same_sign(update, g), state)
    }

    #[inline(always)]
    fn in_form(self, form: u8) -> Option<Self> {
        Some(CautiousMean { direction: self.direction.in_form(form)?, ..self })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; S] {
        self.direction.fades_below()
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        self.direction.check()
    }
}

impl<D: Direction<S>, const S: usize> Direction<S> for Bounded<D> {
    const FORMS: u8 = D::FORMS;
    const EXTENTS: [Extent; S] = D::EXTENTS;
    const PASSES: Passes = D::PASSES.then(Passes::of(Pass::over(Scope::Tensor, 1)));

    #[inline(always)]
    fn terms<R: Real>(&self, pass: usize, p: R, g: R, state: [R; S]) -> Terms<R> {
        if pass < D::PASSES.len() {
            return self.direction.terms(pass, p, g, state);
        }
        let (update, _) = self.direction.lane(p, g, state);
        Terms::of([[update, update]])
    }

    #[inline(always)]
    fn found(&mut self, pass: usize, found: &mut Found<S>) {
        if pass < D::PASSES.len() {
            return self.direction.found(pass, found);
        }
        let [squares, ..] = found.sums;
        let rms = math::sqrt(found.mean(squares));
        self.factor = if rms <= self.rms { Factor::ONE } else { Factor::new(self.rms / rms) };
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S]) {
        let (update, state) = self.direction.lane(p, g, state);
        (self.factor.times(update), state)
    }

    #[inline(always)]
    fn in_form(self, form: u8) -> Option<Self> {
        Some(Bounded { direction: self.direction.in_form(form)?, ..self })
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; S] {
        self.direction.fades_below()
    }

    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        check::field("rms", self.rms, Range::Positive)?;
        self.direction.check()
    }
}

/// Implements a wrapper by its formula for the update.
macro_rules! wrapper {
    ($Wrapper:ident, |$u:ident, $g:ident| $update:expr) => {
        impl<D: Direction<S>, const S: usize> Direction<S> for $Wrapper<D> {
            const EXTENTS: [Extent; S] = D::EXTENTS;
            const PASSES: Passes = D::PASSES;

            #[inline(always)]
            fn terms<R: Real>(&self, pass: usize, p: R, g: R, state: [R; S]) -> Terms<R> {
                self.0.terms(pass, p, g, state)
            }

            #[inline(always)]
            fn found(&mut self, pass: usize, found: &mut Found<S>) {
                self.0.found(pass, found);
            }

            #[inline(always)]
            fn lane<R: Real>(&self, p: R, $g: R, state: [R; S]) -> (R, [R; S]) {
                let ($u, state) = self.0.lane(p, $g, state);
                ($update, state)
            }

            const FORMS: u8 = D::FORMS;

            #[inline(always)]
            fn in_form(self, form: u8) -> Option<Self> {
                Some($Wrapper(self.0.in_form(form)?))
            }

            #[inline(always)]
            fn fades_below(&self) -> [f32; S] {
                self.0.fades_below()
            }

            #[inline(always)]
            fn check(&self) -> Result<(), Error> {
                self.0.check()
            }
        }
    };
}

wrapper!(Cautious, |u, g| same_sign(u, g));
wrapper!(Aligned, |u, g| g.sign() * u.abs());

/// `u` where it has the sign of `g`, else 0. By comparison with 0, since the product of two small numbers underflows. Where
/// `g` is NaN the result is NaN.
#[inline(always)]
fn same_sign<R: Real>(u: R, g: R) -> R {
    let zero = R::splat(0.0);
    let where_negative = R::select(g.lt(zero), u.min(zero), g);
    R::select(zero.lt(g), u.max(zero), where_negative)
}

/// 1 where `u` has the sign of `g`, else 0.
#[inline(always)]
fn moves<R: Real>(u: R, g: R) -> R {
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

impl<D, T> Wrap for Descent<D, T> {
    type Direction = D;
    type With<E> = Descent<E, T>;

    fn wrap<E>(self, make: impl FnOnce(D) -> E) -> Descent<E, T> {
        self.map(make)
    }
}

impl<U: Wrap> Wrap for Decayed<U> {
    type Direction = U::Direction;
    type With<E> = Decayed<U::With<E>>;

    fn wrap<E>(self, make: impl FnOnce(U::Direction) -> E) -> Decayed<U::With<E>> {
        self.map(|rule| rule.wrap(make))
    }
}
