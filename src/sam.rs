//! Sharpness-aware minimization.

use crate::check;
use crate::error::Error;
use crate::math::{self, Factor};
use crate::range::Range;
use crate::real::Real;
use crate::rule::{Found, Pass, Passes, Rule, Scope, Terms};
use crate::run::Step;

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
/// [`Sam::perturb`] writes q beside p, so nothing has to be put back. Its parameters are q, whatever they held, and its state slot is
/// p:
///
/// ```
/// use gradstep::sam::Sam;
/// use gradstep::{Momentum, Optimizer};
///
/// // The loss is p⁴.
/// let gradient = |p: f32| 4.0 * p * p * p;
/// let (mut p, mut q, mut buffer, mut clock) = ([1.0], [0.0], [0.0], 0);
/// for _ in 0..10 {
///     Sam::DEFAULT.perturb()?.apply(&mut q, &[gradient(p[0])], [&mut p])?;
///     assert!(q > p);
///     Momentum::DEFAULT.tick(&mut clock)?.apply(&mut p, &[gradient(q[0])], [&mut buffer])?;
/// }
/// # Ok::<(), gradstep::Error>(())
/// ```
///
/// The norm is that of all tensors: see [`Step::apply_all`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct Sam {
    /// How far q is from p. At least 0. Default 0.05.
    pub rho: f64,
    /// Added to the norm. Above 0. Default 1e-12.
    pub eps: f64,
    /// Scales the way by the magnitude of each parameter: ASAM, with a larger rho. Default false.
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

    /// A step to where the gradient is to be taken. It has no clock.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] names the first field that is out of its range.
    pub fn perturb(&self) -> Result<Step<Perturbation>, Error> {
        let Sam { rho, eps, adaptive, eta } = *self;
        check::field("rho", rho, Range::NonNegative)?;
        check::field("eps", eps, Range::Positive)?;
        check::field("eta", eta, Range::NonNegative)?;
        Ok(Step::of(Perturbation { rho, eps, adaptive, eta: math::rounded(eta), rate: Factor::ZERO }))
    }
}

impl Default for Sam {
    fn default() -> Self {
        Sam::DEFAULT
    }
}

/// The way to the highest loss nearby.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Perturbation {
    rho: f64,
    eps: f64,
    adaptive: bool,
    eta: f32,
    rate: Factor,
}

impl Perturbation {
    /// `t · x`.
    #[inline(always)]
    fn scaled<R: Real>(&self, p: R, x: R) -> R {
        if self.adaptive { (p.abs() + R::splat(self.eta)) * x } else { x }
    }
}

impl Rule<1> for Perturbation {
    const PASSES: Passes = Passes::of(Pass::over(Scope::All, 1));

    #[inline(always)]
    fn terms<R: Real>(&self, _: usize, _: R, g: R, [p]: [R; 1]) -> Terms<R> {
        let scaled = self.scaled(p, g);
        Terms::of([[scaled, scaled]])
    }

    fn found(&mut self, _: usize, found: &mut Found<1>) {
        let [norm, ..] = found.sums.map(math::sqrt);
        self.rate = Factor::new(self.rho / (norm + self.eps));
    }

    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [p]: [R; 1]) -> (R, [R; 1]) {
        let scaled = self.scaled(p, self.scaled(p, g));
        (p + self.rate.times(scaled), [p])
    }
}
