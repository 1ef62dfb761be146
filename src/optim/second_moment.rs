use crate::{Ema, Error, Real, check};

/// A running average of squares and the root that divides a step: what RMSprop and the Adam family share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SecondMoment {
    average: Ema,
    eps: f32,
    eps_root: f32,
    flush: f32,
}

/// Where epsilon stands in `√(v̂ + eps_root) + eps`.
#[derive(Clone, Copy)]
pub(super) struct Epsilon {
    pub(super) eps: f64,
    pub(super) eps_root: f64,
    /// `eps` is added to the uncorrected root.
    pub(super) hat: bool,
}

impl Epsilon {
    /// Added to the corrected root.
    pub(super) fn outside(eps: f64) -> Self {
        Epsilon { eps, eps_root: 0.0, hat: false }
    }
}

impl SecondMoment {
    /// `seen` is what v̂ divides v by: `1 − βᵗ`, or 1 without correction.
    pub(super) fn new(name: &'static str, beta: f64, epsilon: Epsilon, seen: f64) -> Result<Self, Error> {
        let average = Ema::new(name, beta)?;
        let eps = check::non_negative("eps", epsilon.eps)?;
        let eps_root = check::non_negative("eps_root", epsilon.eps_root)?;
        Ok(SecondMoment {
            average,
            eps: if epsilon.hat { eps } else { eps * libm::sqrt(seen) } as f32,
            eps_root: (eps_root * seen) as f32,
            flush: flush(beta, eps, eps_root),
        })
    }

    /// Without `eps_root`, as a constant, where it is 0. Adding −0 is nothing to the compiler; a root
    /// of −0 becomes +0 as soon as `eps` is added.
    #[inline(always)]
    pub(super) fn plain(self) -> Option<Self> {
        (self.eps_root == 0.0).then_some(SecondMoment { eps_root: -0.0, ..self })
    }

    /// The average after seeing `g`.
    #[inline(always)]
    pub(super) fn of<R: Real>(&self, v: R, g: R) -> R {
        self.average.of(v, g * g)
    }

    /// `√seen · (√(v̂ + eps_root) + eps)`: v̂ is never formed, which saves a division an element. The coefficient of the
    /// quotient makes up for `√seen`.
    #[inline(always)]
    pub(super) fn root<R: Real>(&self, v: R) -> R {
        (v + R::splat(self.eps_root)).sqrt() + R::splat(self.eps)
    }

    /// The average as it is stored. There is no sign to look at: an average of squares is never below zero.
    #[inline(always)]
    pub(super) fn stored<R: Real>(&self, v: R) -> R {
        v.zero_where(v.lt(R::splat(self.flush)))
    }
}

/// The threshold below which a decaying average of squares is stored as zero, so that frozen elements don't pay for
/// subnormal arithmetic for ever: the smallest normal number where that is harmless, else zero.
///
/// An average that loses at most MIN a step is too small by at most `δ = MIN/(1−β)`, corrected for bias or not. The
/// denominator `√(v+eps_root) + eps` then moves by at most `√δ`, or by `δ/(2√eps_root)`. Harmless is a move of less
/// than 2⁻²⁸ of the denominator, a sixteenth of what its rounding may do.
fn flush(beta: f64, eps: f64, eps_root: f64) -> f32 {
    let loss = f64::from(f32::MIN_POSITIVE) / (1.0 - beta);
    let bound = f64::from_bits((1023 - 28) << 52);
    if libm::sqrt(loss) <= bound * eps || loss <= bound * eps_root { f32::MIN_POSITIVE } else { 0.0 }
}
