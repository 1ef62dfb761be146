//! Loss scaling: the loss is multiplied by a scale and the gradients are divided by it, so that small gradients in half
//! precision do not become 0.
//!
//! A [`LossScale`] alone is a static scale. [`DynamicLossScale`] reduces it after a gradient that is infinite or NaN,
//! and raises it after many steps without one.
//!
//! ```
//! use gradstep::loss_scale::DynamicLossScale;
//! use gradstep::{Optimizer, Sgd};
//!
//! let (sgd, dynamic) = (Sgd { lr: 0.1, ..Sgd::DEFAULT }, DynamicLossScale::DEFAULT);
//! let (mut clock, mut scale) = (0, dynamic.start()?);
//! let mut w = [1.0; 4];
//! for _ in 0..3 {
//!     // The gradients of the loss times the scale; here the loss is the sum of the weights.
//!     let grads = [scale.scale(); 4];
//!     let found_non_finite = grads.iter().any(|g| !g.is_finite());
//!     if !found_non_finite {
//!         sgd.tick(&mut clock)?.scale_grads(scale.inverse()).apply(&mut w, &grads, [])?;
//!     }
//!     dynamic.update(&mut scale, found_non_finite)?;
//! }
//! assert!((w[0] - 0.7).abs() < 1e-6);
//! # Ok::<(), gradstep::Error>(())
//! ```

use crate::check;
use crate::error::Error;
use crate::range::Range;

/// The range of a scale: a normal f32, so that its inverse is a finite one.
const SCALE: Range = Range::AtLeast(f32::MIN_POSITIVE as f64);

/// The factor of the loss, and the number of steps since it last changed. Without updates it is a static scale.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct LossScale {
    scale: f32,
    good_steps: u64,
}

impl LossScale {
    /// A scale, rounded to f32. It is at least 1.2e-38, the smallest normal f32.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a scale out of this range.
    pub const fn new(scale: f64) -> Result<Self, Error> {
        match check::field("scale", scale, SCALE) {
            Ok(()) => Ok(LossScale { scale: scale as f32, good_steps: 0 }),
            Err(error) => Err(error),
        }
    }

    /// The factor of the loss.
    pub const fn scale(&self) -> f32 {
        self.scale
    }

    /// The factor of the gradients, 1/scale, for [`Step::scale_grads`](crate::Step::scale_grads).
    pub const fn inverse(&self) -> f64 {
        1.0 / self.scale as f64
    }

    /// Steps in a row with finite gradients since the scale last grew or shrank: torch's `_growth_tracker`.
    pub const fn good_steps(&self) -> u64 {
        self.good_steps
    }

    /// The bytes of a scale: the factor in f32 and the steps, little endian.
    pub const fn to_bytes(&self) -> [u8; 12] {
        let [a, b, c, d] = self.scale.to_le_bytes();
        let [e, f, g, h, i, j, k, l] = self.good_steps.to_le_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }

    /// The scale of these bytes.
    ///
    /// # Errors
    /// [`Error::Clock`] for a factor that is no normal f32 above 0.
    pub const fn from_bytes(bytes: &[u8; 12]) -> Result<Self, Error> {
        let &[a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
        let scale = f32::from_le_bytes([a, b, c, d]);
        LossScale { scale, good_steps: u64::from_le_bytes([e, f, g, h, i, j, k, l]) }.checked()
    }

    const fn checked(self) -> Result<Self, Error> {
        match check::clock("scale", self.scale as f64, SCALE) {
            Ok(()) => Ok(self),
            Err(error) => Err(error),
        }
    }
}

checked_serde!(LossScale);

/// How a [`LossScale`] changes with the gradients.
///
/// ```text
/// a gradient is not finite:            scale ← scale · backoff_factor
/// growth_interval steps without one:   scale ← scale · growth_factor
/// ```
///
/// Source: Micikevicius et al., "Mixed Precision Training", 2017, arXiv 1710.03740.
///
/// | preset | first scale |
/// |---|---|
/// | [`DynamicLossScale::torch`], `torch.amp.GradScaler`, PyTorch 2.15, the default | 65,536 |
/// | [`DynamicLossScale::keras`], `keras.optimizers.LossScaleOptimizer`, Keras 3.15 | 32,768 |
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct DynamicLossScale {
    /// The first scale. At least 1.2e-38, the smallest normal f32. Default 65,536.
    pub init_scale: f64,
    /// What the scale is multiplied by after steps with finite gradients. At least 1. Default 2.
    pub growth_factor: f64,
    /// What the scale is multiplied by after a gradient that is infinite or NaN. Above 0 and below 1. Default 0.5.
    pub backoff_factor: f64,
    /// Steps in a row with finite gradients before the scale grows. At least 1. Default 2,000.
    pub growth_interval: u64,
}

impl DynamicLossScale {
    /// The default, as a constant.
    pub const DEFAULT: Self =
        DynamicLossScale { init_scale: 65_536.0, growth_factor: 2.0, backoff_factor: 0.5, growth_interval: 2_000 };

    /// PyTorch's, the default.
    pub const fn torch() -> Self {
        DynamicLossScale::DEFAULT
    }

    /// Keras's: a first scale of 32,768.
    pub const fn keras() -> Self {
        DynamicLossScale { init_scale: 32_768.0, ..DynamicLossScale::DEFAULT }
    }

    /// The scale before the first step.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a field out of its range, [`Error::Coefficient`] for one that f32 turns into 0.
    pub fn start(&self) -> Result<LossScale, Error> {
        self.check()?;
        LossScale::new(self.init_scale)
    }

    /// Updates the scale after a step. `found_non_finite` says whether one of the gradients was infinite or NaN. The
    /// caller skips the optimizer for such a step.
    ///
    /// As in torch, the scale does not grow where it would become infinite, and the count of good steps starts again.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a field out of its range, [`Error::Coefficient`] for one that f32 turns into 0.
    /// [`Error::Coefficient`] also where `backoff_factor` would make the scale smaller than the smallest normal f32,
    /// because the gradients are then not finite at any scale; torch goes on, down to 0. After an error the scale has
    /// not changed.
    pub fn update(&self, state: &mut LossScale, found_non_finite: bool) -> Result<(), Error> {
        self.check()?;
        let scaled = |factor: f64| f64::from(state.scale) * factor;
        let good_steps = state.good_steps.saturating_add(1);
        if found_non_finite {
            let scale = scaled(self.backoff_factor);
            if !SCALE.contains(scale) {
                return Err(Error::Coefficient {
                    name: "backoff_factor",
                    value: self.backoff_factor,
                    coefficient: scale,
                });
            }
            *state = LossScale { scale: scale as f32, good_steps: 0 };
        } else if good_steps >= self.growth_interval {
            let scale = scaled(self.growth_factor) as f32;
            *state = LossScale { scale: if scale.is_finite() { scale } else { state.scale }, good_steps: 0 };
        } else {
            state.good_steps = good_steps;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        check::field("init_scale", self.init_scale, SCALE)?;
        check::field("growth_factor", self.growth_factor, Range::AtLeast(1.0))?;
        check::field("backoff_factor", self.backoff_factor, Range::OpenFraction)?;
        check::field("growth_interval", self.growth_interval as f64, Range::AtLeast(1.0))
    }
}

impl Default for DynamicLossScale {
    fn default() -> Self {
        DynamicLossScale::DEFAULT
    }
}
