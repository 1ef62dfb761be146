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
    /// Adam that finds its learning rate: it estimates the distance to the solution from the way that gradients agree with.
    ///
    /// ```text
    /// η ← d · lr · c                              c = √(1−β2ᵗ)/(1−β1ᵗ), or 1 without bias correction
    /// m ← β1·m + (1−β1)·d·g
    /// v ← β2·v + (1−β2)·(d·g)²
    /// s ← β3·s + d/d0·η·g                         with safeguard_warmup d/d0·d·g
    /// r ← β3·r + d/d0·η·⟨g, p0 − p⟩
    /// d ← max(d, min(d_coef · r / ‖s‖₁, growth_rate · d))        the first time without the bound of growth
    /// p ← p − η · wd · p − η · m / (√v + d·eps)
    /// ```
    ///
    /// Source: Mishchenko & Defazio, "Prodigy: An Expeditiously Adaptive Parameter-Free Learner", 2023, arXiv 2306.06101.
    /// The authors advise to keep lr at 1 and to let a schedule lower it.
    /// State: m (`exp_avg`), v (`exp_avg_sq`) and s (`s`), zeros at the start, and p0 (`p0`), the parameters at the start.
    /// Memory: d and r of all tensors. Sums: ⟨g, p0 − p⟩ and ‖s‖₁.
    ///
    /// | preset | bias correction |
    /// |---|---|
    /// | [`Prodigy::pytorch_optimizer`] and the authors' package, the default | no |
    /// | [`Prodigy::optax`] | yes |
    pub struct Prodigy {
        lr: f64 in NonNegative = 1.0,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in OpenFraction = 0.999,
        /// Decay rate of s and r. 0 means `√β2`.
        beta3: f64 in Fraction = 0.0,
        /// Added to the root, times d.
        eps: f64 in NonNegative = 1e-8,
        /// The first estimate. It may be too small by far.
        d0: f64 in Positive = 1e-6,
        /// Multiplies the estimate.
        d_coef: f64 in Positive = 1.0,
        /// The estimate grows at most by this factor in a step.
        growth_rate: f64 in Positive = f32::MAX as f64,
        /// Multiplies the learning rate by `√(1−β2ᵗ)/(1−β1ᵗ)`.
        bias_correction: bool = false,
        /// Leaves lr out of s, for a long warm-up.
        safeguard_warmup: bool = false,
        /// Weight decay, beside the step.
        weight_decay: f64 in NonNegative = 0.0,
    }
    presets {
        /// `pytorch_optimizer.Prodigy`, `prodigyopt.Prodigy`, the default.
        pytorch_optimizer = {};
        /// `optax.contrib.prodigy`.
        optax = { bias_correction: true, };
    }
}

/// What [`Prodigy`] remembers of all tensors.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProdigyMemory {
    /// The estimate of the distance; 0 means `d0`.
    pub d: f64,
    /// The largest estimate, before its growth was bounded.
    pub d_max: f64,
    /// The weighted sum of ⟨g, p0 − p⟩.
    pub numerator: f64,
}

impl WholeOptimizer<4, 2> for Prodigy {
    type Clock = u64;
    type Phases = ProdigyPhases;
    const SLOTS: [Slot<Self>; 4] = [
        Slot::signed("exp_avg"),
        Slot::squares("exp_avg_sq"),
        Slot::signed("s"),
        Slot::signed("p0").starting_as_params().read_only(),
    ];

    fn phases(&self, t: u64, _: &mut u64) -> Result<ProdigyPhases, Error> {
        check::product("weight_decay", self.weight_decay, self.lr)?;
        let correction = if self.bias_correction {
            (bias_correction(self.beta2, t).sqrt() / bias_correction(self.beta1, t)).to_f64()
        } else {
            1.0
        };
        Ok(ProdigyPhases { lr: self.lr * correction, hyper: *self })
    }
}

/// The two phases of [`Prodigy`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProdigyPhases {
    lr: f64,
    hyper: Prodigy,
}

/// The new s of [`Prodigy`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Travelled {
    beta3: f32,
    factor: f32,
}

/// The rule of [`Prodigy`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProdigyRule {
    travelled: Travelled,
    d: f32,
    weight1: f32,
    weight2: f32,
    eps: f32,
    rate: f32,
    decay: Penalty,
}

impl Travelled {
    #[inline(always)]
    fn of<R: Real>(&self, s: R, g: R) -> R {
        R::splat(self.beta3) * s + R::splat(self.factor) * g
    }
}

impl Measure<4, 2> for Travelled {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [_, _, s, p0]: [R; 4]) -> [[R; 2]; 2] {
        [[g, p0 - p], [self.of(s, g).abs(), R::splat(1.0)]]
    }
}

impl Rule<4> for ProdigyRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m, v, s, p0]: [R; 4]) -> (R, [R; 4]) {
        let scaled = R::splat(self.d) * g;
        let m = m + R::splat(self.weight1) * (scaled - m);
        let v = v + R::splat(self.weight2) * (scaled * scaled - v);
        let update = R::splat(self.rate) * (m / (v.sqrt() + R::splat(self.eps)));
        (p - self.decay.add_to(update, p), [m, v, self.travelled.of(s, g), p0])
    }

    #[inline(always)]
    fn fades(&self) -> [bool; 4] {
        [true, false, true, false]
    }
}

impl ProdigyPhases {
    fn beta3(&self) -> f64 {
        if self.hyper.beta3 == 0.0 { libm::sqrt(self.hyper.beta2) } else { self.hyper.beta3 }
    }

    fn d(&self, memory: &ProdigyMemory) -> f64 {
        if memory.d == 0.0 { self.hyper.d0 } else { memory.d }
    }
}

impl Phases<4, 2> for ProdigyPhases {
    type Memory = ProdigyMemory;
    type Measure = Travelled;
    type Update = ProdigyRule;

    fn measure(&self, memory: &ProdigyMemory) -> Travelled {
        let d = self.d(memory);
        let step = if self.hyper.safeguard_warmup { d } else { d * self.lr };
        Travelled { beta3: self.beta3() as f32, factor: (d / self.hyper.d0 * step) as f32 }
    }

    fn update(&self, [progress, travelled]: &[Sum; 2], memory: &mut ProdigyMemory) -> ProdigyRule {
        let Prodigy { beta1, beta2, eps, d0, d_coef, growth_rate, weight_decay, .. } = self.hyper;
        let (phase, d) = (self.measure(memory), self.d(memory));
        let rate = d * self.lr;
        memory.numerator = self.beta3() * memory.numerator + d / d0 * rate * progress.value();
        let estimate = d_coef * memory.numerator / travelled.value();
        // Comparisons leave the estimate as it is where nothing was travelled: 0/0.
        let first = if d == d0 && estimate > d { estimate } else { d };
        memory.d_max = if memory.d_max > first { memory.d_max } else { first };
        memory.d_max = if estimate > memory.d_max { estimate } else { memory.d_max };
        let grown = first * growth_rate;
        memory.d = if memory.d_max < grown { memory.d_max } else { grown };
        ProdigyRule {
            travelled: phase,
            d: d as f32,
            weight1: (1.0 - beta1) as f32,
            weight2: (1.0 - beta2) as f32,
            eps: least(memory.d * eps),
            rate: rate as f32,
            decay: Penalty::new((rate * weight_decay) as f32),
        }
    }
}
