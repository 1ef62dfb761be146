//! Learning rates from the loss of the step: Polyak's and MoMo's.

use super::measures::{Squares, quotient};
use super::step::{Phases, WholeOptimizer};
use crate::check;
use crate::error::Error;
use crate::optim::Slot;
use crate::real::Real;
use crate::rule::{Measure, Off, Rule};
use crate::sum::Sum;

hyper_parameters! {
    /// Gradient descent with Polyak's step, which would reach the least loss if the loss were linear.
    ///
    /// ```text
    /// p ← p − min((loss − f_min) / (‖s · g‖² + eps), lr) · s · g        s is scaling
    /// ```
    ///
    /// Source: Polyak, "Introduction to Optimization", 1987; Loizou, Vaswani, Laradji & Lacoste-Julien, "Stochastic Polyak
    /// Step-size for SGD", 2020, arXiv 2002.10542; the defaults are those of `optax.polyak_sgd`.
    /// No state. Memory: the loss of the step, which the caller sets before the update. Sum: of g² of all tensors.
    pub struct PolyakSgd {
        /// The largest step.
        lr: f64 in NonNegative = 1.0,
        /// Multiplies the gradient, before its norm is taken.
        scaling: f64 in NonNegative = 1.0,
        /// The least loss, or a lower bound of it.
        f_min: f64 in Finite = 0.0,
        /// Added to the squared norm.
        eps: f64 in NonNegative = 0.0,
        /// A loss below f_min makes no step: optax's variant `sps+`. Off, it makes a step backward.
        never_backward: bool = false,
    }
}

impl WholeOptimizer<0, 1> for PolyakSgd {
    type Clock = u64;
    type Phases = PolyakSgd;
    const SLOTS: [Slot<Self>; 0] = [];

    fn phases(&self, _: u64, _: &mut u64) -> Result<PolyakSgd, Error> {
        Ok(*self)
    }
}

/// The rule of [`PolyakSgd`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolyakRule {
    rate: f32,
}

impl Rule<0> for PolyakRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, []: [R; 0]) -> (R, [R; 0]) {
        (p - R::splat(self.rate) * g, [])
    }
}

impl Phases<0, 1> for PolyakSgd {
    type Memory = f64;
    type Measure = Squares;
    type Update = PolyakRule;

    fn measure(&self, _: &f64) -> Squares {
        Squares(Off)
    }

    fn update(&self, [squares]: &[Sum; 1], loss: &mut f64) -> PolyakRule {
        let gap = *loss - self.f_min;
        let gap = if self.never_backward && gap < 0.0 { 0.0 } else { gap };
        let squares = self.scaling * self.scaling * squares.value() + self.eps;
        // As optax: no step where the gradient vanishes.
        let step = if squares <= f64::EPSILON { 0.0 } else { gap / squares };
        let step = if step > self.lr { self.lr } else { step };
        PolyakRule { rate: (self.scaling * step) as f32 }
    }
}

hyper_parameters! {
    /// Momentum with an adaptive step: that of a model of the loss from an average of past losses and gradients.
    ///
    /// ```text
    /// m ← β·m + (1−β)·g            f̄ ← β·f̄ + (1−β)·loss            γ ← β·γ + (1−β)·⟨g, p⟩       β 0 in the first step
    /// τ ← min(lr, max((1 + lr·wd)·(f̄ − lower_bound − γ) + ⟨m, p⟩, 0) / ‖m‖²)
    /// p ← p − lr·wd/(1 + lr·wd) · p − τ · m
    /// ```
    ///
    /// Source: Schaipp, Ohana, Eickenberg, Defazio & Gower, "MoMo: Momentum Models for Adaptive Learning Rates", 2023,
    /// arXiv 2305.07583; the defaults and the form are those of `optax.contrib.momo` without `adapt_lower_bound`.
    /// State: m (`exp_avg`), zeros at the start. Memory: the loss of the step, which the caller sets before the update, f̄ and γ.
    /// Sums: ⟨g, p⟩, of m² and ⟨m, p⟩ of all tensors.
    pub struct Momo {
        /// The largest step.
        lr: f64 in NonNegative = 1.0,
        /// Decay rate of all averages.
        beta: f64 in Fraction = 0.9,
        /// A lower bound of the loss.
        lower_bound: f64 in Finite = 0.0,
        /// Weight decay, beside the step.
        weight_decay: f64 in NonNegative = 0.0,
    }
}

/// What [`Momo`] remembers of all tensors.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MomoMemory {
    /// The loss of the step: set it before each update.
    pub loss: f64,
    /// The average of the losses, f̄.
    pub average_loss: f64,
    /// The average of ⟨g, p⟩, γ.
    pub average_product: f64,
}

impl WholeOptimizer<1, 3> for Momo {
    type Clock = u64;
    type Phases = MomoPhases;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("exp_avg")];

    fn phases(&self, t: u64, _: &mut u64) -> Result<MomoPhases, Error> {
        check::product("weight_decay", self.weight_decay, self.lr)?;
        let beta = if t == 1 { 0.0 } else { self.beta };
        Ok(MomoPhases { beta, hyper: *self })
    }
}

/// The two phases of [`Momo`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MomoPhases {
    beta: f64,
    hyper: Momo,
}

/// The new moment of [`Momo`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MomoMeasure {
    weight: f32,
}

/// The rule of [`Momo`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MomoRule {
    moment: MomoMeasure,
    shrinkage: f32,
    step: f32,
}

impl MomoMeasure {
    /// With a weight of 1, exactly the gradient.
    #[inline(always)]
    fn moment<R: Real>(&self, m: R, g: R) -> R {
        if self.weight == 1.0 { g } else { m + R::splat(self.weight) * (g - m) }
    }
}

impl Measure<1, 3> for MomoMeasure {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m]: [R; 1]) -> [[R; 2]; 3] {
        let m = self.moment(m, g);
        [[g, p], [m, m], [m, p]]
    }
}

impl Rule<1> for MomoRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m]: [R; 1]) -> (R, [R; 1]) {
        let m = self.moment.moment(m, g);
        (p - (R::splat(self.shrinkage) * p + R::splat(self.step) * m), [m])
    }

    #[inline(always)]
    fn fades(&self) -> [bool; 1] {
        [true]
    }
}

impl Phases<1, 3> for MomoPhases {
    type Memory = MomoMemory;
    type Measure = MomoMeasure;
    type Update = MomoRule;

    fn measure(&self, _: &MomoMemory) -> MomoMeasure {
        MomoMeasure { weight: (1.0 - self.beta) as f32 }
    }

    fn update(&self, [of_grads, squares, of_moment]: &[Sum; 3], memory: &mut MomoMemory) -> MomoRule {
        let Momo { lr, lower_bound, weight_decay, .. } = self.hyper;
        let average = |old: f64, new: f64| self.beta * old + (1.0 - self.beta) * new;
        memory.average_loss = average(memory.average_loss, memory.loss);
        memory.average_product = average(memory.average_product, of_grads.value());
        let growth = 1.0 + lr * weight_decay;
        let gap = growth * (memory.average_loss - lower_bound - memory.average_product) + of_moment.value();
        let gap = if gap < 0.0 { 0.0 } else { gap };
        // As optax: no step where the moment vanishes.
        let step = if squares.value() <= f64::EPSILON { 0.0 } else { quotient(gap, squares.value()) };
        MomoRule {
            moment: self.measure(memory),
            shrinkage: (lr * weight_decay / growth) as f32,
            step: (if step > lr { lr } else { step }) as f32,
        }
    }
}
