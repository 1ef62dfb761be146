use super::TINY;
use super::coefficient::Coefficient;
use crate::check;
use crate::error::Error;
use crate::real::Real;

/// Where epsilon is added to the root of a second moment, so that the root can divide. Each form is a type.
pub trait Epsilon: Copy + Send + Sync {
    /// The divisor, from the moment.
    fn root<R: Real>(&self, v: R) -> R;

    /// The form without an addition inside the root, where it gives the same bits.
    fn outside(&self) -> Option<Outside>;

    /// The form without an addition to the root, where it gives the same bits.
    fn inside(&self) -> Option<Inside>;

    /// Whether the divisor of a moment below [`TINY`] is that of 0, but for a sixteenth of what its rounding may change: 2⁻²⁸
    /// of itself. An epsilon outside is compared with the root of the moment.
    fn hides_tiny(&self) -> bool;
}

/// `√v + eps`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outside {
    eps: f32,
}

/// `√(v + eps_root)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inside {
    eps_root: f32,
}

/// `√(v + eps_root) + eps`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Both {
    inside: Inside,
    outside: Outside,
}

/// The root of [`LEAST`], 2⁻⁷⁴·⁵: an epsilon outside that is smaller counts as this.
pub(crate) const LEAST_ROOT: f32 = 3.743_392_4e-23;

/// The smallest f32: where there is no epsilon, it is added inside the root. The square of a small gradient underflows while the
/// gradient does not, and their quotient would be far too large, or 0/0. From 2⁻¹²⁵ on it changes no bit of a moment.
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

impl Outside {
    /// `scale` multiplies `eps`: the divisor of a moment that is not corrected for bias takes `√(1 − βᵗ) · eps`.
    #[inline]
    fn new(eps: f64, scale: Coefficient) -> Result<Self, Error> {
        Ok(Outside { eps: check::coefficient("eps", eps, Coefficient::new(eps) * scale)? })
    }

    /// The only epsilon of a root.
    #[inline]
    pub(crate) fn alone(eps: f64, scale: Coefficient) -> Result<Self, Error> {
        let Outside { eps } = Outside::new(eps, scale)?;
        Ok(Outside { eps: at_least(eps, LEAST_ROOT) })
    }
}

impl Inside {
    /// `name` is the hyper-parameter that an error names, and `scale` multiplies it.
    #[inline]
    fn new(name: &'static str, eps_root: f64, scale: Coefficient) -> Result<Self, Error> {
        Ok(Inside { eps_root: check::coefficient(name, eps_root, Coefficient::new(eps_root) * scale)? })
    }

    /// The only epsilon of a root.
    #[inline]
    pub(crate) fn alone(name: &'static str, eps_root: f64) -> Result<Self, Error> {
        let Inside { eps_root } = Inside::new(name, eps_root, Coefficient::ONE)?;
        Ok(Inside { eps_root: at_least(eps_root, LEAST) })
    }
}

impl Both {
    /// `eps` and `eps_root`, each with what multiplies it.
    #[inline]
    pub(crate) fn new(
        (eps, scale): (f64, Coefficient),
        (eps_root, scale_inside): (f64, Coefficient),
    ) -> Result<Self, Error> {
        // An epsilon of 0 needs no product.
        let inside = if eps_root == 0.0 {
            Inside { eps_root: if is_tiny(eps) { LEAST } else { 0.0 } }
        } else {
            Inside::new("eps_root", eps_root, scale_inside)?
        };
        Ok(Both { inside, outside: Outside::new(eps, scale)? })
    }
}

impl Epsilon for Outside {
    #[inline(always)]
    fn root<R: Real>(&self, v: R) -> R {
        v.sqrt() + R::splat(self.eps)
    }

    #[inline(always)]
    fn outside(&self) -> Option<Outside> {
        Some(*self)
    }

    #[inline(always)]
    fn inside(&self) -> Option<Inside> {
        None
    }

    #[inline(always)]
    fn hides_tiny(&self) -> bool {
        /// 2⁻²⁹: its square is 2⁵⁶ times TINY.
        const LEAST: f32 = 1.0 / (1 << 29) as f32;
        self.eps >= LEAST
    }
}

impl Epsilon for Inside {
    #[inline(always)]
    fn root<R: Real>(&self, v: R) -> R {
        (v + R::splat(self.eps_root)).sqrt()
    }

    #[inline(always)]
    fn outside(&self) -> Option<Outside> {
        None
    }

    #[inline(always)]
    fn inside(&self) -> Option<Inside> {
        Some(*self)
    }

    #[inline(always)]
    fn hides_tiny(&self) -> bool {
        const LEAST: f32 = TINY * (1 << 28) as f32;
        self.eps_root >= LEAST
    }
}

impl Epsilon for Both {
    #[inline(always)]
    fn root<R: Real>(&self, v: R) -> R {
        self.inside.root(v) + R::splat(self.outside.eps)
    }

    #[inline(always)]
    fn outside(&self) -> Option<Outside> {
        (self.inside.eps_root == 0.0).then_some(self.outside)
    }

    #[inline(always)]
    fn inside(&self) -> Option<Inside> {
        (self.outside.eps == 0.0).then_some(self.inside)
    }

    #[inline(always)]
    fn hides_tiny(&self) -> bool {
        self.outside.hides_tiny() || self.inside.hides_tiny()
    }
}
