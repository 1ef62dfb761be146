//! Clipping gradients by a norm. The norm gives a factor, and the step multiplies the gradients by it.
//!
//! There is no separate pass that rewrites gradients. Measure the norm, compute the factor, and fuse it into the step:
//!
//! ```
//! use gradstep::clip::ClipNorm;
//! use gradstep::sum::Sum;
//! use gradstep::{Optimizer, Sgd};
//!
//! // The loss was scaled by 1024, and so were the gradients of both tensors.
//! let (mut weights, mut bias) = ([1.0; 2], [0.5]);
//! let (of_weights, of_bias) = ([3072.0, 0.0], [4096.0]);
//! let unscale = 1.0 / 1024.0;
//!
//! let norm = (Sum::squares(&of_weights) + Sum::squares(&of_bias)).root() * unscale;
//! assert_eq!(norm, 5.0);
//! // An error means that a gradient is not finite: skip the step.
//! let factor = ClipNorm::torch(1.0)?.factor(norm)?;
//! let step = Sgd::DEFAULT.tick(&mut 0)?.scale_grads(unscale * factor);
//! step.apply(&mut weights, &of_weights, [])?;
//! step.apply(&mut bias, &of_bias, [])?;
//! # Ok::<(), gradstep::Error>(())
//! ```
//!
//! | to clip by | measure | use |
//! |---|---|---|
//! | the global norm, type 2 | `sum.root()` of the [squares](crate::sum::Sum::squares) of all tensors, merged | [`ClipNorm`] |
//! | the global norm, type 1 | `sum.value()` of the [magnitudes](crate::sum::Sum::magnitudes) | [`ClipNorm`] |
//! | the global norm, type ∞ | the [max_abs](crate::sum::max_abs) magnitude | [`ClipNorm`] |
//! | the norm of each tensor | the same for one tensor | [`ClipNorm`] for each |
//! | the root mean square of each tensor | the root of [`mean`](crate::sum::Sum::mean) | [`ClipNorm::optax`] for each |
//! | the norm of a unit against its weights | both norms of a row | [`AdaptiveClip`] |
//! | value | nothing | [`Step::clip_by_value`](crate::Step::clip_by_value) |

use crate::check;
use crate::error::Error;
use crate::math::{self, Factor};
use crate::range::Range;
use crate::real::Real;
use crate::rule::{Adapter, Chain, Found, Pass, Passes, Scope, Terms};
use crate::run::Step;
use crate::sum::Sum;

/// Clipping by a norm: computes the factor of the gradients, which is at most 1.
///
/// Source: Pascanu, Mikolov & Bengio, "On the difficulty of training Recurrent Neural Networks", 2013, arXiv 1211.5063.
///
/// | preset | factor |
/// |---|---|
/// | [`ClipNorm::torch`], `torch.nn.utils.clip_grad_norm_` | `min(1, max_norm / (norm + 1e-6))` |
/// | [`ClipNorm::optax`], `optax.clip_by_global_norm`, `clip_by_block_rms` | `max_norm / norm` where `norm` is larger, else 1 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipNorm {
    max_norm: f64,
    eps: f64,
}

/// What to do with a step: see [`ClipNorm::verdict`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// Apply it, with the gradients scaled by this factor.
    Scale(f64),
    /// Skip it: a gradient is NaN or infinite.
    Skip,
}

impl ClipNorm {
    const fn new(max_norm: f64, eps: f64) -> Result<Self, Error> {
        match check::field("max_norm", max_norm, Range::Positive) {
            Err(error) if max_norm != f64::INFINITY => Err(error),
            _ => Ok(ClipNorm { max_norm, eps }),
        }
    }

    /// PyTorch's form, with `1e-6` beside the norm.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a `max_norm` that is NaN or not above 0. An infinite one clips nothing.
    pub const fn torch(max_norm: f64) -> Result<Self, Error> {
        ClipNorm::new(max_norm, 1e-6)
    }

    /// optax's form: the clipped gradients have the norm `max_norm`.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a `max_norm` that is NaN or not above 0. An infinite one clips nothing.
    pub const fn optax(max_norm: f64) -> Result<Self, Error> {
        ClipNorm::new(max_norm, 0.0)
    }

    /// The factor for gradients of this norm, in (0, 1]. A norm of 0 gives 1.
    ///
    /// # Errors
    /// [`Error::NotFinite`] where the norm is NaN or infinite, which means that an element of the gradients is, and
    /// [`Error::HyperParameter`] where the norm is negative.
    pub fn factor(&self, norm: f64) -> Result<f64, Error> {
        check_norm("norm", norm)?;
        Ok(self.factor_of(norm))
    }

    /// The factor for a norm that is not negative; NaN for a NaN.
    fn factor_of(&self, norm: f64) -> f64 {
        let beside = norm + self.eps;
        if math::is_nan(norm) {
            norm
        } else if norm == 0.0 || beside <= self.max_norm {
            1.0
        } else {
            math::divide(self.max_norm, beside)
        }
    }

    /// [`ClipNorm::factor`] for a training loop that skips steps: [`Verdict::Skip`] where the norm is NaN or infinite.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] where the norm is negative.
    pub fn verdict(&self, norm: f64) -> Result<Verdict, Error> {
        match self.factor(norm) {
            Ok(factor) => Ok(Verdict::Scale(factor)),
            Err(Error::NotFinite { .. }) => Ok(Verdict::Skip),
            Err(error) => Err(error),
        }
    }
}

/// Refuses what is no norm of finite elements.
const fn check_norm(name: &'static str, norm: f64) -> Result<(), Error> {
    if norm.is_nan() || norm == f64::INFINITY {
        Err(Error::NotFinite { name, value: norm })
    } else if norm < 0.0 {
        Err(Error::HyperParameter { name, value: norm, range: Range::NonNegative })
    } else {
        Ok(())
    }
}

/// Adaptive gradient clipping: the norm of a unit's gradient is at most `clipping` times the norm of its weights. A
/// unit is a row of a matrix, the filter of a convolution, or a whole vector.
///
/// ```text
/// factor = clipping · max(‖p‖, eps) / ‖g‖  where ‖g‖ is larger than clipping · max(‖p‖, eps), else 1
/// ```
///
/// Source: Brock, De, Smith & Simonyan, "High-Performance Large-Scale Image Recognition Without Normalization", 2021,
/// arXiv 2102.06171; `optax.adaptive_grad_clip`.
///
/// ```
/// use gradstep::clip::AdaptiveClip;
/// use gradstep::{Optimizer, Sgd};
///
/// let (mut weights, grads) = ([3.0, 4.0, 0.0, 0.0], [0.0, 1.0, 0.0, 1.0]);
/// let (step, clip) = (Sgd { lr: 1.0, ..Sgd::DEFAULT }.tick(&mut 0)?, AdaptiveClip::DEFAULT);
/// for (row, grads) in weights.chunks_exact_mut(2).zip(grads.chunks_exact(2)) {
///     step.scale_grads(clip.factor_of(row, grads)?).apply(row, grads, [])?;
/// }
/// assert_eq!(weights, [3.0, 3.95, 0.0, -1e-5]);
/// # Ok::<(), gradstep::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct AdaptiveClip {
    /// The largest ratio of the norms. Above 0. Default 0.01.
    pub clipping: f64,
    /// The least norm that is assumed for weights, so that weights of 0 can change. Above 0. Default 0.001.
    pub eps: f64,
}

impl AdaptiveClip {
    /// The default, as a constant.
    pub const DEFAULT: Self = AdaptiveClip { clipping: 0.01, eps: 0.001 };

    const fn check(&self) -> Result<(), Error> {
        match check::field("clipping", self.clipping, Range::Positive) {
            Ok(()) => check::field("eps", self.eps, Range::Positive),
            error => error,
        }
    }

    /// The factor for a gradient of norm `grad_norm` to weights of norm `param_norm`, in (0, 1].
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a field that is not above 0, or for a negative norm, [`Error::NotFinite`] for a norm
    /// that is NaN or infinite.
    pub fn factor(&self, param_norm: f64, grad_norm: f64) -> Result<f64, Error> {
        self.check()?;
        check_norm("param_norm", param_norm)?;
        check_norm("grad_norm", grad_norm)?;
        Ok(self.against(param_norm).factor_of(grad_norm))
    }

    /// The clip for weights of this norm, which is not negative.
    const fn against(&self, param_norm: f64) -> ClipNorm {
        let size = if param_norm < self.eps { self.eps } else { param_norm };
        ClipNorm { max_norm: self.clipping * size, eps: 0.0 }
    }

    /// [`AdaptiveClip::factor`] for the weights and the gradient of a unit.
    ///
    /// # Errors
    /// Those of `factor`.
    pub fn factor_of(&self, params: &[f32], grads: &[f32]) -> Result<f64, Error> {
        self.factor(Sum::squares(params).root(), Sum::squares(grads).root())
    }
}

impl Default for AdaptiveClip {
    fn default() -> Self {
        AdaptiveClip::DEFAULT
    }
}

/// Clips gradients by the norm of all tensors; made by [`Step::clip_norm`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipByNorm {
    clip: ClipNorm,
    factor: Factor,
}

/// Clips the gradients of a row against the norm of its weights; made by [`Step::adaptive_clip`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipAdaptively {
    clip: AdaptiveClip,
    factor: Factor,
}

impl ClipByNorm {
    pub(crate) const fn new(clip: ClipNorm) -> Self {
        ClipByNorm { clip, factor: Factor::ONE }
    }
}

impl Adapter for ClipByNorm {
    const PASSES: Passes = Passes::of(Pass::over(Scope::All, 1));

    #[inline(always)]
    fn terms<R: Real>(&self, _pass: usize, _p: R, g: R) -> Terms<R> {
        Terms::of([[g, g]])
    }

    /// The sum is finite, or the step would have been refused.
    fn found(&mut self, _pass: usize, found: &Found<0>) {
        let [squares, ..] = found.sums;
        self.factor = Factor::new(self.clip.factor_of(math::sqrt(squares)));
    }

    #[inline(always)]
    fn grad<R: Real>(&self, _: R, g: R) -> R {
        self.factor.times(g)
    }

    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl Adapter for ClipAdaptively {
    const PASSES: Passes = Passes::of(Pass::over(Scope::Row, 2));

    #[inline(always)]
    fn terms<R: Real>(&self, _pass: usize, p: R, g: R) -> Terms<R> {
        Terms::of([[p, p], [g, g]])
    }

    fn found(&mut self, _pass: usize, found: &Found<0>) {
        let [params, grads, ..] = found.sums.map(math::sqrt);
        self.factor = Factor::new(self.clip.against(params).factor_of(grads));
    }

    #[inline(always)]
    fn grad<R: Real>(&self, _: R, g: R) -> R {
        self.factor.times(g)
    }

    fn check(&self) -> Result<(), Error> {
        self.clip.check()
    }
}

impl<U, A: Adapter, C> Step<U, A, C> {
    /// Clips the gradients of all tensors together by their norm of type 2. The step takes one more pass for the norm.
    ///
    /// A gradient that is not finite is an error of the step, [`Error::NotFinite`], before anything is written.
    ///
    /// ```
    /// use gradstep::clip::ClipNorm;
    /// use gradstep::{Optimizer, Sgd, Tensor};
    ///
    /// let (mut weights, mut bias, mut clock) = ([0.0; 2], [0.0], 0);
    /// let (weights_grads, bias_grads) = ([0.0, 3.0], [4.0]);
    /// let step = Sgd { lr: 1.0, ..Sgd::DEFAULT }.begin(&clock)?.clip_norm(ClipNorm::optax(1.0)?);
    /// let applied = step.apply_all(&mut [
    ///     Tensor::new::<[f32; 0]>(&mut weights, &weights_grads, &mut []),
    ///     Tensor::new::<[f32; 0]>(&mut bias, &bias_grads, &mut []),
    /// ])?;
    /// applied.commit(&mut clock)?;
    /// assert_eq!((weights, bias, clock), ([0.0, -0.6], [-0.8], 1));
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    pub fn clip_norm(self, clip: ClipNorm) -> Step<U, Chain<A, ClipByNorm>, C> {
        self.with(ClipByNorm::new(clip))
    }

    /// Clips the gradients of each row against the norm of its weights: see [`AdaptiveClip`]. Give a matrix its
    /// [rows](crate::Tensor::rows); a vector is one row.
    ///
    /// A gradient or a weight of a row that is not finite makes the parameters of the row NaN.
    pub fn adaptive_clip(self, clip: AdaptiveClip) -> Step<U, Chain<A, ClipAdaptively>, C> {
        self.with(ClipAdaptively { clip, factor: Factor::ONE })
    }
}
