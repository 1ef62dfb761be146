//! D-Adaptation: learning rates from a lower bound of the distance to the solution.

use super::measures::least;
use super::step::{Phases, WholeOptimizer};
use crate::check;
use crate::error::Error;
use crate::math::bias_correction;
use crate::optim::Slot;
use crate::real::Real;
use crate::rule::{Measure, Penalty, Rule, Switch};
use crate::sum::Sum;

hyper_parameters! {
    /// Adam that finds its learning rate by D-Adaptation.
    ///
    /// ```text
    /// η ← d · lr · c                          c = √(1−β2ᵗ)/(1−β1ᵗ), or 1 without bias correction
    /// r ← √β2·r + (1−√β2)·η·⟨g, s/(√v + eps)⟩          with s and v before the step
    /// m ← β1·m + (1−β1)·η·g
    /// v ← β2·v + (1−β2)·g²
    /// s ← √β2·s + (1−√β2)·η·g
    /// d ← max(d, min(r / ((1−√β2)·‖s‖₁), growth_rate · d))
    /// p ← p − η · wd · p − m / (√v + eps)
    /// ```
    ///
    /// Source: Defazio & Mishchenko, "Learning-Rate-Free Learning by D-Adaptation", 2023, arXiv 2301.07733.
    /// State: m (`exp_avg`), v (`exp_avg_sq`) and s (`s`), zeros at the start. Memory: d and r of all tensors. Sums:
    /// ⟨g, s/(√v + eps)⟩ and ‖s‖₁.
    ///
    /// | preset | bias correction |
    /// |---|---|
    /// | [`DAdaptAdam::pytorch_optimizer`], the default | no |
    /// | [`DAdaptAdam::optax`] | yes |
    pub struct DAdaptAdam {
        lr: f64 in NonNegative = 1.0,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in OpenFraction = 0.999,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-8,
        /// The first estimate. It may be too small by far.
        d0: f64 in Positive = 1e-6,
        /// The estimate grows at most by this factor in a step.
        growth_rate: f64 in Positive = f32::MAX as f64,
        /// Multiplies the learning rate by `√(1−β2ᵗ)/(1−β1ᵗ)`.
        bias_correction: bool = false,
        /// Weight decay, beside the step.
        weight_decay: f64 in NonNegative = 0.0,
    }
    presets {
        /// `pytorch_optimizer.DAdaptAdam`, the default.
        pytorch_optimizer = {};
        /// `optax.contrib.dadapt_adamw`.
        optax = { bias_correction: true, };
    }
}

hyper_parameters! {
    /// Gradient descent with momentum that finds its learning rate by D-Adaptation.
    ///
    /// ```text
    /// η ← d · lr / ‖g₁‖                        g₁ the first gradient
    /// r ← r + η·⟨g, s⟩                         with s before the step
    /// s ← s + η·g
    /// d ← max(d, min(2·r/‖s‖, growth_rate · d))
    /// p ← p + (1−momentum)·(p0 − s − p)
    /// ```
    ///
    /// Source: Defazio & Mishchenko, "Learning-Rate-Free Learning by D-Adaptation", 2023, arXiv 2301.07733; the defaults are
    /// those of `pytorch_optimizer.DAdaptSGD`.
    /// State: s (`s`), zeros at the start, and p0 (`x0`), the parameters at the start. Memory: d, r and ‖g₁‖ of all tensors.
    /// Sums: ⟨g, s⟩, of s² after the step, and of g².
    pub struct DAdaptSgd {
        lr: f64 in NonNegative = 1.0,
        /// Decay rate of the average that p is.
        momentum: f64 in Fraction = 0.9,
        /// The first estimate. It may be too small by far.
        d0: f64 in Positive = 1e-6,
        /// The estimate grows at most by this factor in a step.
        growth_rate: f64 in Positive = f32::MAX as f64,
        /// Weight decay, in the gradient.
        weight_decay: f64 in NonNegative = 0.0,
    }
}

/// What [`DAdaptAdam`] and [`DAdaptSgd`] remember of all tensors.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DAdaptMemory {
    /// The estimate of the distance; 0 means `d0`.
    pub d: f64,
    /// The weighted sum of inner products, r.
    pub numerator: f64,
    /// The norm of the first gradient that is not 0, of [`DAdaptSgd`]; 0 before.
    pub first_norm: f64,
}

impl DAdaptMemory {
    fn d(&self, d0: f64) -> f64 {
        if self.d == 0.0 { d0 } else { self.d }
    }

    /// Takes an estimate in. Comparisons leave d as it is where the estimate is 0/0.
    fn grow(&mut self, d: f64, estimate: f64, growth_rate: f64) {
        let grown = d * growth_rate;
        let estimate = if estimate > grown { grown } else { estimate };
        self.d = if estimate > d { estimate } else { d };
    }
}

impl WholeOptimizer<3, 2> for DAdaptAdam {
    type Clock = u64;
    type Phases = DAdaptAdamPhases;
    const SLOTS: [Slot<Self>; 3] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq"), Slot::signed("s")];

    fn phases(&self, t: u64, _: &mut u64) -> Result<DAdaptAdamPhases, Error> {
        check::product("weight_decay", self.weight_decay, self.lr)?;
        let correction = if self.bias_correction {
            (bias_correction(self.beta2, t).sqrt() / bias_correction(self.beta1, t)).to_f64()
        } else {
            1.0
        };
        Ok(DAdaptAdamPhases { lr: self.lr * correction, hyper: *self })
    }
}

/// The two phases of [`DAdaptAdam`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DAdaptAdamPhases {
    lr: f64,
    hyper: DAdaptAdam,
}

/// The sums of [`DAdaptAdam`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DAdaptAdamMeasure {
    root_beta2: f32,
    of_grad: f32,
    eps: f32,
}

/// The rule of [`DAdaptAdam`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DAdaptAdamRule {
    measure: DAdaptAdamMeasure,
    weight1: f32,
    weight2: f32,
    step: f32,
    decay: Penalty,
}

impl DAdaptAdamMeasure {
    #[inline(always)]
    fn travelled<R: Real>(&self, s: R, g: R) -> R {
        R::splat(self.root_beta2) * s + R::splat(self.of_grad) * g
    }
}

impl Measure<3, 2> for DAdaptAdamMeasure {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [_, v, s]: [R; 3]) -> [[R; 2]; 2] {
        [[g, s / (v.sqrt() + R::splat(self.eps))], [self.travelled(s, g).abs(), R::splat(1.0)]]
    }
}

impl Rule<3> for DAdaptAdamRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m, v, s]: [R; 3]) -> (R, [R; 3]) {
        let m = m + R::splat(self.weight1) * (R::splat(self.step) * g - m);
        let v = v + R::splat(self.weight2) * (g * g - v);
        let update = m / (v.sqrt() + R::splat(self.measure.eps));
        (p - self.decay.add_to(update, p), [m, v, self.measure.travelled(s, g)])
    }

    #[inline(always)]
    fn fades(&self) -> [bool; 3] {
        [true, false, true]
    }
}

impl Phases<3, 2> for DAdaptAdamPhases {
    type Memory = DAdaptMemory;
    type Measure = DAdaptAdamMeasure;
    type Update = DAdaptAdamRule;

    fn measure(&self, memory: &DAdaptMemory) -> DAdaptAdamMeasure {
        let DAdaptAdam { beta2, eps, d0, .. } = self.hyper;
        let (root, step) = (libm::sqrt(beta2), memory.d(d0) * self.lr);
        DAdaptAdamMeasure { root_beta2: root as f32, of_grad: ((1.0 - root) * step) as f32, eps: least(eps) }
    }

    fn update(&self, [agreement, travelled]: &[Sum; 2], memory: &mut DAdaptMemory) -> DAdaptAdamRule {
        let DAdaptAdam { beta1, beta2, d0, growth_rate, weight_decay, .. } = self.hyper;
        let (measure, d, root) = (self.measure(memory), memory.d(d0), libm::sqrt(beta2));
        let step = d * self.lr;
        memory.numerator = root * memory.numerator + (1.0 - root) * step * agreement.value();
        memory.grow(d, memory.numerator / ((1.0 - root) * travelled.value()), growth_rate);
        DAdaptAdamRule {
            measure,
            weight1: (1.0 - beta1) as f32,
            weight2: (1.0 - beta2) as f32,
            step: step as f32,
            decay: Penalty::new((step * weight_decay) as f32),
        }
    }
}

impl WholeOptimizer<2, 3> for DAdaptSgd {
    type Clock = u64;
    type Phases = DAdaptSgdPhases;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("s"), Slot::signed("x0").starting_as_params().read_only()];

    fn phases(&self, _: u64, _: &mut u64) -> Result<DAdaptSgdPhases, Error> {
        Ok(DAdaptSgdPhases { decay: Penalty::new(check::rounded(self.weight_decay)), hyper: *self })
    }
}

/// The two phases of [`DAdaptSgd`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DAdaptSgdPhases {
    decay: Penalty,
    hyper: DAdaptSgd,
}

/// The new s of [`DAdaptSgd`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DAdaptSgdMeasure {
    decay: Penalty,
    step: f32,
}

/// The rule of [`DAdaptSgd`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DAdaptSgdRule {
    measure: DAdaptSgdMeasure,
    toward: f32,
}

impl DAdaptSgdMeasure {
    /// The gradient with decay, and s after the step.
    #[inline(always)]
    fn travelled<R: Real>(&self, p: R, g: R, s: R) -> (R, R) {
        let g = self.decay.add_to(g, p);
        (g, s + R::splat(self.step) * g)
    }
}

impl Measure<2, 3> for DAdaptSgdMeasure {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [s, _]: [R; 2]) -> [[R; 2]; 3] {
        let (g, travelled) = self.travelled(p, g, s);
        [[g, s], [travelled, travelled], [g, g]]
    }
}

impl Rule<2> for DAdaptSgdRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [s, p0]: [R; 2]) -> (R, [R; 2]) {
        let (_, s) = self.measure.travelled(p, g, s);
        (p + R::splat(self.toward) * ((p0 - s) - p), [s, p0])
    }
}

impl DAdaptSgdPhases {
    fn step(&self, memory: &DAdaptMemory) -> f64 {
        if memory.first_norm == 0.0 { 0.0 } else { memory.d(self.hyper.d0) * self.hyper.lr / memory.first_norm }
    }
}

impl Phases<2, 3> for DAdaptSgdPhases {
    type Memory = DAdaptMemory;
    type Measure = DAdaptSgdMeasure;
    type Update = DAdaptSgdRule;

    fn measure(&self, memory: &DAdaptMemory) -> DAdaptSgdMeasure {
        DAdaptSgdMeasure { decay: self.decay, step: self.step(memory) as f32 }
    }

    fn update(&self, [agreement, travelled, squares]: &[Sum; 3], memory: &mut DAdaptMemory) -> DAdaptSgdRule {
        let DAdaptSgd { d0, growth_rate, momentum, .. } = self.hyper;
        if memory.first_norm == 0.0 {
            memory.first_norm = squares.root();
        }
        let (step, d) = (self.step(memory), memory.d(d0));
        memory.numerator += step * agreement.value();
        // In the first step the sum of s is 0, and so is the numerator: d stays.
        memory.grow(d, 2.0 * memory.numerator / travelled.root(), growth_rate);
        let measure = DAdaptSgdMeasure { decay: self.decay, step: step as f32 };
        DAdaptSgdRule { measure, toward: (1.0 - momentum) as f32 }
    }
}
