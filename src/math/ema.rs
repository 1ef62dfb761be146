use super::coefficient::Coefficient;
use crate::check;
use crate::error::Error;
use crate::range::Range;
use crate::real::Real;

/// A moving average, or a form of it that is known from the type.
pub trait Average: Copy + Send + Sync {
    /// The average after it has seen `x`.
    fn of<R: Real>(&self, average: R, x: R) -> R;

    /// The form for a decay rate of at least ½.
    type Slow: Average;

    /// That form, where the rate allows it.
    fn slow(&self) -> Option<Self::Slow>;
}

/// An exponential moving average `a ← β·a + (1−β)·x`, the moments of most optimizers.
///
/// It is computed from the nearer end: `a + (1−β)·(x − a)` for β of at least ½, `x − β·(x − a)` below. So the rounding of β
/// to f32 does not add up over `1/(1−β)` steps, and β = 0 gives x. Of numbers that are not negative the average is not
/// negative either. A difference beyond f32 makes the average infinite. What is infinite becomes NaN, at the latest with the next number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ema {
    /// 1 − β, or −β from the other end.
    weight: f32,
    is_slow: bool,
}

/// An [`Ema`] with a decay rate of at least ½.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlowEma {
    weight: f32,
}

/// A decaying sum `a ← β·a + x`: `a + (x − (1−β)·a)` for β of at least ½, which does not add up the rounding of β, and as
/// written below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecayingSum {
    /// 1 − β, or β itself.
    weight: f32,
    is_slow: bool,
}

/// A [`DecayingSum`] with a decay rate of at least ½.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlowSum {
    weight: f32,
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
}

/// Compared as integers: f64 may be software.
const fn at_least_half(beta: f64) -> bool {
    const HALF: u64 = 0.5_f64.to_bits();
    beta.to_bits() >= HALF
}

impl Average for Ema {
    type Slow = SlowEma;

    #[inline(always)]
    fn of<R: Real>(&self, average: R, x: R) -> R {
        let near = if self.is_slow { average } else { x };
        near + R::splat(self.weight) * (x - average)
    }

    #[inline(always)]
    fn slow(&self) -> Option<SlowEma> {
        self.is_slow.then_some(SlowEma { weight: self.weight })
    }
}

impl Average for SlowEma {
    type Slow = SlowEma;

    #[inline(always)]
    fn of<R: Real>(&self, average: R, x: R) -> R {
        average + R::splat(self.weight) * (x - average)
    }

    #[inline(always)]
    fn slow(&self) -> Option<SlowEma> {
        Some(*self)
    }
}

impl DecayingSum {
    /// A sum with decay rate `beta`, which has been checked.
    #[inline]
    pub(crate) const fn unchecked(beta: f64) -> Self {
        let (beta, is_slow) = (Coefficient::new(beta), at_least_half(beta));
        DecayingSum { weight: if is_slow { beta.complement() } else { beta }.to_f32(), is_slow }
    }
}

impl Average for DecayingSum {
    type Slow = SlowSum;

    #[inline(always)]
    fn of<R: Real>(&self, sum: R, x: R) -> R {
        let weighted = R::splat(self.weight) * sum;
        if self.is_slow { sum + (x - weighted) } else { weighted + x }
    }

    #[inline(always)]
    fn slow(&self) -> Option<SlowSum> {
        self.is_slow.then_some(SlowSum { weight: self.weight })
    }
}

impl Average for SlowSum {
    type Slow = SlowSum;

    #[inline(always)]
    fn of<R: Real>(&self, sum: R, x: R) -> R {
        sum + (x - R::splat(self.weight) * sum)
    }

    #[inline(always)]
    fn slow(&self) -> Option<SlowSum> {
        Some(*self)
    }
}
