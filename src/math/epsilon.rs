use super::coefficient::Coefficient;
use super::rounding::coefficient;
use super::{NOTHING, TINY, is_nothing};
use crate::error::Error;
use crate::real::Real;

/// What is added to a second moment and to its root, so that the root can divide: `√(v + inside) + outside`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epsilon {
    inside: f32,
    outside: f32,
}

/// The root of [`LEAST`], 2⁻⁷⁴·⁵: the smallest epsilon outside the root. A smaller one is replaced by it.
pub(crate) const LEAST_ROOT: f32 = 3.743_392_4e-23;

/// The smallest f32, which is added inside the root where there is no epsilon. Without it, the square of a small
/// gradient is 0 and the gradient is not, and their quotient would be far too large or infinite. It changes no bit of a
/// moment from 2⁻¹²⁵ on.
pub(crate) const LEAST: f32 = f32::from_bits(1);

/// Whether an epsilon, which is at least 0, does nothing against underflow. Compared as integers: f64 may be software.
#[inline]
const fn is_tiny(eps: f64) -> bool {
    /// With its correction it is at least [`LEAST_ROOT`] for decay rates up to 1 − 1e-5.
    const ENOUGH: u64 = 1e-20_f64.to_bits() << 1;
    eps.to_bits() << 1 < ENOUGH
}

/// The larger of two numbers that are at least 0, compared as integers: few CPUs have an instruction for it.
#[inline]
const fn at_least(x: f32, least: f32) -> f32 {
    if x.to_bits() < least.to_bits() { least } else { x }
}

/// `scale` multiplies `eps`: the divisor of a moment that is not corrected for bias takes `√(1 − βᵗ) · eps`.
#[inline]
fn scaled_outside(eps: f64, scale: Coefficient) -> Result<f32, Error> {
    coefficient("eps", eps, Coefficient::new(eps) * scale)
}

/// `name` is the hyper-parameter that an error names, and `scale` multiplies it.
#[inline]
fn scaled_inside(name: &'static str, eps_root: f64, scale: Coefficient) -> Result<f32, Error> {
    coefficient(name, eps_root, Coefficient::new(eps_root) * scale)
}

impl Epsilon {
    /// `√v + eps`, with what multiplies `eps`.
    #[inline]
    pub(crate) fn outside(eps: f64, scale: Coefficient) -> Result<Self, Error> {
        Ok(Epsilon { inside: NOTHING, outside: at_least(scaled_outside(eps, scale)?, LEAST_ROOT) })
    }

    /// `√(v + eps_root)`. `name` is the hyper-parameter that an error names.
    #[inline]
    pub(crate) fn inside(name: &'static str, eps_root: f64) -> Result<Self, Error> {
        Ok(Epsilon { inside: at_least(scaled_inside(name, eps_root, Coefficient::ONE)?, LEAST), outside: NOTHING })
    }

    /// `√(v + eps_root) + eps`, each with what multiplies it.
    #[inline]
    pub(crate) fn both(
        (eps, scale): (f64, Coefficient),
        (eps_root, scale_inside): (f64, Coefficient),
    ) -> Result<Self, Error> {
        // An epsilon of 0 needs no product.
        let inside = if eps_root == 0.0 {
            if is_tiny(eps) { LEAST } else { NOTHING }
        } else {
            scaled_inside("eps_root", eps_root, scale_inside)?
        };
        let outside = if eps == 0.0 { NOTHING } else { scaled_outside(eps, scale)? };
        Ok(Epsilon { inside, outside })
    }

    /// The divisor, from the moment.
    #[inline(always)]
    pub fn root<R: Real>(&self, v: R) -> R {
        (v + R::splat(self.inside)).sqrt() + R::splat(self.outside)
    }

    /// The same where it is known that nothing is added inside the root.
    #[inline(always)]
    pub(crate) const fn without_inside(self) -> Self {
        Epsilon { inside: NOTHING, ..self }
    }

    /// The same where it is known that nothing is added to the root.
    #[inline(always)]
    pub(crate) const fn without_outside(self) -> Self {
        Epsilon { outside: NOTHING, ..self }
    }

    /// The form without an addition inside the root, if nothing is added there.
    #[inline(always)]
    pub(crate) fn only_outside(self) -> Option<Self> {
        is_nothing(self.inside).then_some(self.without_inside())
    }

    /// The form without an addition to the root, if nothing is added to it.
    #[inline(always)]
    pub(crate) fn only_inside(self) -> Option<Self> {
        is_nothing(self.outside).then_some(self.without_outside())
    }

    /// The magnitude, at most [`TINY`], below which a moment may be stored as zero: the divisor is then that of 0, but for a
    /// sixteenth of what its rounding may change, 2⁻²⁸ of itself. An epsilon outside is compared with the root of the moment.
    #[inline(always)]
    pub fn hides_below(&self) -> f32 {
        const SHARE: f32 = 1.0 / (1 << 28) as f32;
        let of_root = self.outside * SHARE;
        lesser(TINY, larger(of_root * of_root, self.inside * SHARE))
    }
}

/// The larger of two numbers.
#[inline(always)]
pub(super) const fn larger(a: f32, b: f32) -> f32 {
    if a < b { b } else { a }
}

/// The lesser of two numbers.
#[inline(always)]
pub(super) const fn lesser(a: f32, b: f32) -> f32 {
    if b < a { b } else { a }
}
