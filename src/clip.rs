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
            Ok(()) => Ok(ClipNorm { max_norm, eps }),
            Err(error) => Err(error),
        }
    }

    /// PyTorch's form, with `1e-6` beside the norm.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a `max_norm` that is NaN or not above 0.
    pub const fn torch(max_norm: f64) -> Result<Self, Error> {
        ClipNorm::new(max_norm, 1e-6)
    }

    /// optax's form: the clipped gradients have the norm `max_norm`.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a `max_norm` that is NaN or not above 0.
    pub const fn optax(max_norm: f64) -> Result<Self, Error> {
        ClipNorm::new(max_norm, 0.0)
    }

    /// The factor for gradients of this norm, in (0, 1]. A norm of 0 gives 1.
    ///
    /// # Errors
    /// [`Error::NotFinite`] where the norm is NaN or infinite, which means that an element of the gradients is, and
    /// [`Error::HyperParameter`] where the norm is negative.
    pub const fn factor(&self, norm: f64) -> Result<f64, Error> {
        if norm.is_nan() || norm == f64::INFINITY {
            return Err(Error::NotFinite { name: "norm", value: norm });
        }
        if norm < 0.0 {
            return Err(Error::HyperParameter { name: "norm", value: norm, range: Range::NonNegative });
        }
        let norm = norm + self.eps;
        Ok(if norm > self.max_norm { self.max_norm / norm } else { 1.0 })
    }

    /// [`ClipNorm::factor`] for a training loop that skips steps: [`Verdict::Skip`] in place of an error.
    pub const fn verdict(&self, norm: f64) -> Verdict {
        match self.factor(norm) {
            Ok(factor) => Verdict::Scale(factor),
            Err(_) => Verdict::Skip,
        }
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
    pub const fn factor(&self, param_norm: f64, grad_norm: f64) -> Result<f64, Error> {
        if let Err(error) = self.check() {
            return Err(error);
        }
        if param_norm.is_nan() || param_norm == f64::INFINITY {
            return Err(Error::NotFinite { name: "param_norm", value: param_norm });
        }
        let size = if param_norm > self.eps { param_norm } else { self.eps };
        ClipNorm { max_norm: self.clipping * size, eps: 0.0 }.factor(grad_norm)
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
    factor: f32,
}

/// The factor of a clip, or what was wrong with the norm.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Factor {
    given: Result<f64, Error>,
    rounded: f32,
}

impl ClipByNorm {
    pub(crate) const fn new(clip: ClipNorm) -> Self {
        ClipByNorm { clip, factor: Factor { given: Ok(1.0), rounded: 1.0 } }
    }
}

impl Adapter for ClipByNorm {
    const PASSES: Passes = Passes::of(Pass::over(Scope::All, 1));

    #[inline(always)]
    fn terms<R: Real>(&self, _pass: usize, _p: R, g: R) -> Terms<R> {
        Terms::of([[g, g]])
    }

    fn found(&mut self, _pass: usize, found: &Found<0>) {
        let [norm, ..] = found.sums.map(crate::math::sqrt);
        let given = self.clip.factor(norm);
        self.factor = Factor { given, rounded: given.unwrap_or(0.0) as f32 };
    }

    #[inline(always)]
    fn grad<R: Real>(&self, _: R, g: R) -> R {
        R::splat(self.factor.rounded) * g
    }

    fn check(&self) -> Result<(), Error> {
        self.factor.given.map(drop)
    }
}

impl Adapter for ClipAdaptively {
    const PASSES: Passes = Passes::of(Pass::over(Scope::Row, 2));

    #[inline(always)]
    fn terms<R: Real>(&self, _pass: usize, p: R, g: R) -> Terms<R> {
        Terms::of([[p, p], [g, g]])
    }

    /// A norm that is not finite makes the gradients of the row so: other rows have been stepped already.
    fn found(&mut self, _pass: usize, found: &Found<0>) {
        let [params, grads, ..] = found.sums.map(crate::math::sqrt);
        self.factor = self.clip.factor(params, grads).map_or(f32::NAN, |factor| factor as f32);
    }

    #[inline(always)]
    fn grad<R: Real>(&self, _: R, g: R) -> R {
        R::splat(self.factor) * g
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
        self.with(ClipAdaptively { clip, factor: 1.0 })
    }
}
