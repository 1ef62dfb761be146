use super::coefficient::Coefficient;
use super::{TINY, bias_correction};
use crate::check;
use crate::error::Error;
use crate::range::Range;
use crate::real::Real;

/// An exponential moving average `a ← β·a + (1−β)·x`, the moments of most optimizers.
///
/// It is computed from the nearer end: `a + (1−β)·(x − a)` for β of at least ½, `x − β·(x − a)` below. So the rounding
/// of β to f32 does not add up over `1/(1−β)` steps, and β = 0 gives x. If no number is negative, neither is the
/// average. If the difference overflows, the average becomes infinite, and NaN with the next number at the latest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ema {
    /// 1 − β, or −β from the other end.
    weight: f32,
    is_slow: bool,
}

/// A decaying sum `a ← β·a + x`: `a + (x − (1−β)·a)` for β of at least ½, which does not add up the rounding of β, and as
/// written below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecayingSum {
    /// 1 − β, or β itself.
    weight: f32,
    is_slow: bool,
}

impl Ema {
    /// An average with decay rate `beta`, in [0, 1). An error calls the rate `name`.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] where `beta` is out of range, [`Error::Coefficient`] where it is too small for f32.
    #[inline]
    pub const fn new(name: &'static str, beta: f64) -> Result<Self, Error> {
        match check::field(name, beta, Range::Fraction) {
            Ok(()) => Ok(Ema::unchecked(beta)),
            Err(error) => Err(error),
        }
    }

    #[inline]
    pub(crate) const fn unchecked(beta: f64) -> Self {
        let (beta, is_slow) = (Coefficient::new(beta), at_least_half(beta));
        Ema { weight: if is_slow { beta.complement().to_f32() } else { 0.0 - beta.to_f32() }, is_slow }
    }

    /// The average after it has seen `x`.
    #[inline(always)]
    pub fn of<R: Real>(&self, average: R, x: R) -> R {
        let near = if self.is_slow { average } else { x };
        near + R::splat(self.weight) * (x - average)
    }

    /// The magnitude, at most [`TINY`], below which rounding holds an average that has zeros to see. In exact arithmetic it goes to
    /// zero, so storing zero is nearer to the truth.
    #[inline(always)]
    pub const fn held_below(&self) -> f32 {
        /// The least f32, in units of TINY.
        const LEAST_OF_TINY: f32 = f32::from_bits(1) / TINY;
        if !self.is_slow {
            0.0
        } else if self.weight > LEAST_OF_TINY {
            f32::from_bits(1) / self.weight
        } else {
            TINY
        }
    }

    /// The same in the form for a decay rate of at least ½, where the rate allows it.
    #[inline(always)]
    pub fn slow(self) -> Option<Self> {
        self.is_slow.then_some(Ema { is_slow: true, ..self })
    }
}

impl Ema {
    /// The average of step `t` whose rate is corrected for its start: it takes in `(1−β)/(1−βᵗ)` of each number. That is all of
    /// it where t is 1 or β is 0.
    #[inline]
    pub(crate) fn corrected(beta: f64, t: u64) -> Self {
        let (weight, seen) = (Coefficient::new(beta).complement(), bias_correction(beta, t));
        // The quotient of two equal numbers is a hair below 1.
        Ema::of_weight(if weight == seen { Coefficient::ONE } else { weight / seen })
    }

    /// An average that takes in a part `weight` of each number, from 0 to 1.
    #[inline]
    pub(crate) fn of_weight(weight: Coefficient) -> Self {
        let kept = weight.complement();
        let is_slow = at_least_half(kept.to_f64());
        Ema { weight: if is_slow { weight.to_f32() } else { 0.0 - kept.to_f32() }, is_slow }
    }
}

/// Compared as integers: f64 may be software.
const fn at_least_half(beta: f64) -> bool {
    const HALF: u64 = 0.5_f64.to_bits();
    beta.to_bits() >= HALF
}

impl DecayingSum {
    /// A sum with decay rate `beta`, which has been checked.
    #[inline]
    pub(crate) const fn unchecked(beta: f64) -> Self {
        let (beta, is_slow) = (Coefficient::new(beta), at_least_half(beta));
        DecayingSum { weight: if is_slow { beta.complement() } else { beta }.to_f32(), is_slow }
    }

    /// The sum after it has seen `x`.
    #[inline(always)]
    pub fn of<R: Real>(&self, sum: R, x: R) -> R {
        let weighted = R::splat(self.weight) * sum;
        if self.is_slow { sum + (x - weighted) } else { weighted + x }
    }

    /// The magnitude, at most [`TINY`], below which rounding holds an average that has zeros to see. In exact arithmetic it goes to
    /// zero, so storing zero is nearer to the truth.
    #[inline(always)]
    pub const fn held_below(&self) -> f32 {
        /// The least f32, in units of TINY.
        const LEAST_OF_TINY: f32 = f32::from_bits(1) / TINY;
        if !self.is_slow {
            0.0
        } else if self.weight > LEAST_OF_TINY {
            f32::from_bits(1) / self.weight
        } else {
            TINY
        }
    }

    /// The same in the form for a decay rate of at least ½, where the rate allows it.
    #[inline(always)]
    pub fn slow(self) -> Option<Self> {
        self.is_slow.then_some(DecayingSum { is_slow: true, ..self })
    }
}
