use super::step::{Phases, WholeStep};
use crate::check;
use crate::error::Error;
use crate::range::Range;
use crate::real::Real;
use crate::rule::{Measure, Rule, Unadapted};
use crate::sum::Sum;

/// Sharpness-aware minimization: takes the gradient of a step where the loss is highest nearby.
///
/// ```text
/// q ← p + rho · t² · g / (‖t · g‖ + eps)        t is 1, or |p| + eta where adaptive
/// the gradient at q, a step of any optimizer from p
/// ```
///
/// Sources: Foret, Kleiner, Mobahi & Neyshabur, "Sharpness-Aware Minimization for Efficiently Improving Generalization", 2020,
/// arXiv 2010.01412; Kwon, Kim, Park & Choi, "ASAM: Adaptive Sharpness-Aware Minimization for Scale-Invariant Learning of Deep
/// Neural Networks", 2021, arXiv 2102.11600.
///
/// The climb writes q beside p, so nothing has to be put back. In a climb the parameters are q, whatever it held, and the state
/// slot is p:
///
/// ```
/// use gradstep::whole::Sam;
/// use gradstep::{Momentum, Optimizer};
///
/// // The loss is p⁴.
/// let gradient = |p: f32| 4.0 * p * p * p;
/// let (mut p, mut q, mut buffer, mut clock) = ([1.0], [0.0], [0.0], 0);
/// for _ in 0..10 {
///     Sam::DEFAULT.climb()?.apply(&mut q, &[gradient(p[0])], [&mut p])?;
///     assert!(q > p);
///     Momentum::DEFAULT.tick(&mut clock)?.apply(&mut p, &[gradient(q[0])], [&mut buffer])?;
/// }
/// # Ok::<(), gradstep::Error>(())
/// ```
///
/// The norm is that of all tensors in the sources: apply the climb to a list with
/// [`apply_all_with`](WholeStep::apply_all_with).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct Sam {
    /// The length of the climb. At least 0. Default 0.05.
    pub rho: f64,
    /// Added to the norm. Above 0. Default 1e-12.
    pub eps: f64,
    /// Scales the climb by the magnitude of each parameter: ASAM, with a larger rho. Default false.
    pub adaptive: bool,
    /// Added to the magnitude of each parameter where adaptive. At least 0. Default 0.
    pub eta: f64,
}

impl Sam {
    /// The default, as a constant.
    pub const DEFAULT: Self = Sam { rho: 0.05, eps: 1e-12, adaptive: false, eta: 0.0 };

    /// The values of ASAM's paper: rho 0.5, eta 0.01.
    pub const fn asam() -> Self {
        Sam { rho: 0.5, adaptive: true, eta: 0.01, ..Sam::DEFAULT }
    }

    /// A climb, in two phases. It has no clock.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] names the first field that is out of its range.
    pub fn climb(&self) -> Result<WholeStep<SamPhases>, Error> {
        check::field("rho", self.rho, Range::NonNegative)?;
        check::field("eps", self.eps, Range::Positive)?;
        check::field("eta", self.eta, Range::NonNegative)?;
        let scale = SamScale { adaptive: self.adaptive, eta: self.eta as f32 };
        Ok(WholeStep::of_parts(false, SamPhases { scale, hyper: *self }, Unadapted))
    }
}

impl Default for Sam {
    fn default() -> Self {
        Sam::DEFAULT
    }
}

/// The two phases of a climb.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamPhases {
    scale: SamScale,
    hyper: Sam,
}

/// t of [`Sam`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamScale {
    adaptive: bool,
    eta: f32,
}

/// The rule of a climb.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamRule {
    scale: SamScale,
    rate: f32,
}

impl SamScale {
    /// `t · x`.
    #[inline(always)]
    fn times<R: Real>(&self, p: R, x: R) -> R {
        if self.adaptive { (p.abs() + R::splat(self.eta)) * x } else { x }
    }
}

impl Measure<1, 1> for SamScale {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [p]: [R; 1]) -> [[R; 2]; 1] {
        let scaled = self.times(p, g);
        [[scaled, scaled]]
    }
}

impl Rule<1> for SamRule {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [p]: [R; 1]) -> (R, [R; 1]) {
        let scaled = self.scale.times(p, self.scale.times(p, g));
        (p + R::splat(self.rate) * scaled, [p])
    }
}

impl Phases<1, 1> for SamPhases {
    type Memory = ();
    type Measure = SamScale;
    type Update = SamRule;

    fn measure(&self, (): &()) -> SamScale {
        self.scale
    }

    fn update(&self, [squares]: &[Sum; 1], (): &mut ()) -> SamRule {
        SamRule { scale: self.scale, rate: (self.hyper.rho / (squares.root() + self.hyper.eps)) as f32 }
    }
}
