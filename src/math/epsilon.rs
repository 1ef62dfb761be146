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

impl Outside {
    /// `scale` multiplies `eps`: the divisor of a moment that is not corrected for bias takes `√(1 − βᵗ) · eps`.
    #[inline]
    pub(crate) fn new(eps: f64, scale: Coefficient) -> Result<Self, Error> {
        Ok(Outside { eps: check::coefficient("eps", eps, Coefficient::new(eps) * scale)? })
    }
}

impl Inside {
    /// `name` is the hyper-parameter that an error names, and `scale` multiplies it.
    #[inline]
    pub(crate) fn new(name: &'static str, eps_root: f64, scale: Coefficient) -> Result<Self, Error> {
        Ok(Inside { eps_root: check::coefficient(name, eps_root, Coefficient::new(eps_root) * scale)? })
    }
}

impl Both {
    #[inline]
    pub(crate) fn new(inside: Inside, outside: Outside) -> Self {
        Both { inside, outside }
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
