//! How weight decay acts.

use super::facts::{FieldType, Kind, Value};
use crate::error::{Error, Named};
use crate::math::{self, Coefficient};
use crate::rule::{Decay, Decayed, DecayedDescent, Descent};

/// How weight decay acts: the field `decay_form` of every optimizer.
///
/// Libraries differ in it, so the presets set it: `weight_decay: 0.01` with a preset acts as in the preset's library.
///
/// Two further forms are a line before each step. timm's `corrected_weight_decay` scales decay with the square of the rate:
/// `optimizer.weight_decay = weight_decay * lr / first_lr` with [`DecayForm::Decoupled`]. lion-pytorch's
/// `decoupled_weight_decay` is relative to the first rate: `weight_decay / first_lr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum DecayForm {
    /// `g ← g + weight_decay · p`: the gradient of an L2 penalty, as PyTorch's optimizers without a W have it.
    Coupled,
    /// `p ← p − lr · weight_decay · p` beside the step, as AdamW has it and every optimizer of Keras (Loshchilov & Hutter
    /// 2017, arXiv 1711.05101).
    Decoupled,
    /// `p ← p − weight_decay · p` beside the step, whatever the learning rate: `fixed_decay` of pytorch_optimizer.
    Fixed,
    /// `u ← u + weight_decay · p`: in the update, before a trust ratio or another factor of the whole tensor scales it, as LAMB
    /// has it. The same as [`DecayForm::Decoupled`] where there is no such factor.
    InUpdate,
}

impl DecayForm {
    /// The names of the forms, for a field that is set by name.
    pub const NAMES: &'static [&'static str] = &["coupled", "decoupled", "fixed", "in_update"];

    /// The form's name.
    pub const fn name(self) -> &'static str {
        match self {
            DecayForm::Coupled => "coupled",
            DecayForm::Decoupled => "decoupled",
            DecayForm::Fixed => "fixed",
            DecayForm::InUpdate => "in_update",
        }
    }

    /// The weight decay that joins the update, and the one that acts in another way.
    #[inline]
    pub(super) fn split(self, weight_decay: f64) -> (f64, f64) {
        if self == DecayForm::InUpdate { (weight_decay, 0.0) } else { (0.0, weight_decay) }
    }

    /// The part of p that a step takes off.
    #[inline]
    pub(super) fn rate(self, weight_decay: f64, lr: Coefficient) -> Coefficient {
        let weight_decay = Coefficient::new(weight_decay);
        match self {
            DecayForm::Coupled => Coefficient::ZERO,
            DecayForm::Decoupled | DecayForm::InUpdate => lr * weight_decay,
            DecayForm::Fixed => weight_decay,
        }
    }
}

impl From<DecayForm> for Value<'static> {
    fn from(form: DecayForm) -> Self {
        Value::Choice(form.name())
    }
}

impl FieldType for DecayForm {
    const KIND: Kind = Kind::Choice(DecayForm::NAMES);

    fn take(name: &'static str, value: Value<'_>) -> Result<Self, Error> {
        match value {
            Value::Choice("coupled") => Ok(DecayForm::Coupled),
            Value::Choice("decoupled") => Ok(DecayForm::Decoupled),
            Value::Choice("fixed") => Ok(DecayForm::Fixed),
            Value::Choice("in_update") => Ok(DecayForm::InUpdate),
            Value::Choice(_) => Err(Error::Unknown { what: Named::Choice, known: DecayForm::NAMES }),
            _ => Err(Error::FieldType { name, expected: "coupled, decoupled, fixed or in_update" }),
        }
    }
}

/// The decay of a step with the learning rate `lr`.
#[inline]
pub(super) fn decay(form: DecayForm, weight_decay: f64, lr: Coefficient) -> Result<Decay, Error> {
    decay_by(form, weight_decay, form.rate(weight_decay, lr))
}

/// The decay of a step, where it is decoupled by this rate.
#[inline]
pub(super) fn decay_by(form: DecayForm, weight_decay: f64, rate: Coefficient) -> Result<Decay, Error> {
    Ok(match form {
        DecayForm::Coupled => Decay::coupled(math::rounded(weight_decay)),
        _ => Decay::decoupled(math::coefficient("weight_decay", weight_decay, rate)?),
    })
}

/// The rule of a direction with weight decay.
#[inline]
pub(super) const fn descent<D>(maximize: bool, decay: Decay, direction: D) -> DecayedDescent<D> {
    Decayed::new(maximize, decay, Descent::new(direction))
}
