//! Learning rates from the distance travelled: DoG and DoWG.

use super::measures::quotient;
use super::step::{Phases, WholeOptimizer};
use crate::check;
use crate::error::Error;
use crate::optim::Slot;
use crate::real::Real;
use crate::rule::{Measure, Penalty, Rule, Switch};
use crate::sum::Sum;

hyper_parameters! {
    /// Distance over gradients: gradient descent whose step is the largest distance from the start over the root of the sum of
    /// squared gradients.
    ///
    /// ```text
    /// g ← g + wd · p
    /// r ← max(r, ‖p − p0‖)              r starts at distance + relative_distance · (1 + ‖p0‖)
    /// s ← s + ‖g‖²
    /// p ← p − lr · r / √(s + eps) · g
    /// ```
    ///
    /// Source: Ivgi, Hinder & Carmon, "DoG is SGD's Best Friend: A Parameter-Free Dynamic Step Size Schedule", 2023,
    /// arXiv 2302.12022; the defaults are those of `optax.contrib.dog`. The authors advise to average the weights.
    /// State: p0 (`init_params`), the parameters at the start. Memory: r and s of all tensors. Sums: of (p − p0)², g² and p².
    pub struct Dog {
        lr: f64 in NonNegative = 1.0,
        /// The first distance.
        distance: f64 in NonNegative = 0.0,
        /// The first distance over `1 + ‖p0‖`. With batch normalization the authors advise 1e-4.
        relative_distance: f64 in NonNegative = 1e-6,
        /// The first step over lr, if it is above 0: it replaces the distance. optax's `("learning_rate", …)`, with both
        /// distances at 0.
        first_step: f64 in NonNegative = 0.0,
        /// Added to the sum.
        eps: f64 in NonNegative = 1e-8,
        /// Weight decay, in the gradient.
        weight_decay: f64 in NonNegative = 0.0,
    }
    presets {
        /// `optax.contrib.dog`, the default.
        optax = {};
    }
}

hyper_parameters! {
    /// Distance over weighted gradients: [`Dog`] whose gradients count by the distance at their step.
    ///
    /// ```text
    /// r² ← max(r², ‖p − p0‖²)             r² starts at sq_distance
    /// s ← s + r² · ‖g‖²
    /// p ← p − lr · r² / (√s + eps) · g
    /// ```
    ///
    /// Source: Khaled, Mishchenko & Jin, "DoWG Unleashed: An Efficient Universal Parameter-Free Gradient Descent Method",
    /// 2023, arXiv 2305.16284; the defaults are those of `optax.contrib.dowg`.
    /// State: p0 (`init_params`), the parameters at the start. Memory: r² and s of all tensors. Sums: of (p − p0)², g² and p².
    pub struct Dowg {
        lr: f64 in NonNegative = 1.0,
        /// The first squared distance.
        sq_distance: f64 in NonNegative = 1e-4,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-4,
        /// Weight decay, in the gradient.
        weight_decay: f64 in NonNegative = 0.0,
    }
    presets {
        /// `optax.contrib.dowg`, the default.
        optax = {};
    }
}

/// What [`Dog`] and [`Dowg`] remember of all tensors.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DistanceMemory {
    /// The largest distance from the start; of [`Dowg`] its square.
    pub distance: f64,
    /// The sum of the squared norms of gradients, of [`Dowg`] weighted.
    pub squares: f64,
}

/// The two phases of [`Dog`] or [`Dowg`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DistancePhases<O> {
    decay: Penalty,
    is_first: bool,
    hyper: O,
}

/// The squares that [`Dog`] and [`Dowg`] sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DistanceMeasure {
    decay: Penalty,
}

/// The rule of [`Dog`] and [`Dowg`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DistanceRule {
    decay: Penalty,
    rate: f32,
}

impl Measure<1, 3> for DistanceMeasure {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [start]: [R; 1]) -> [[R; 2]; 3] {
        let (way, g) = (p - start, self.decay.add_to(g, p));
        [[way, way], [g, g], [p, p]]
    }
}

impl Rule<1> for DistanceRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [start]: [R; 1]) -> (R, [R; 1]) {
        (p - R::splat(self.rate) * self.decay.add_to(g, p), [start])
    }
}

macro_rules! by_distance {
    ($Optimizer:ident, |$hyper:ident, $is_first:ident, $memory:ident, $way:ident, $squares:ident, $params:ident| $rate:block) => {
        impl WholeOptimizer<1, 3> for $Optimizer {
            type Clock = u64;
            type Phases = DistancePhases<$Optimizer>;
            const SLOTS: [Slot<Self>; 1] = [Slot::signed("init_params").starting_as_params().read_only()];

            fn phases(&self, t: u64, _: &mut u64) -> Result<DistancePhases<$Optimizer>, Error> {
                let decay = Penalty::new(check::rounded(self.weight_decay));
                Ok(DistancePhases { decay, is_first: t == 1, hyper: *self })
            }
        }

        impl Phases<1, 3> for DistancePhases<$Optimizer> {
            type Memory = DistanceMemory;
            type Measure = DistanceMeasure;
            type Update = DistanceRule;

            fn measure(&self, _: &DistanceMemory) -> DistanceMeasure {
                DistanceMeasure { decay: self.decay }
            }

            fn update(&self, [$way, $squares, $params]: &[Sum; 3], $memory: &mut DistanceMemory) -> DistanceRule {
                let ($hyper, $is_first) = (self.hyper, self.is_first);
                DistanceRule { decay: self.decay, rate: ($hyper.lr * $rate) as f32 }
            }
        }
    };
}

/// The larger number; NaN where either is NaN.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

by_distance!(Dog, |hyper, is_first, memory, way, squares, params| {
    if is_first {
        memory.distance = hyper.distance + hyper.relative_distance * (1.0 + params.root());
    }
    memory.distance = larger(memory.distance, way.root());
    memory.squares += squares.value();
    if is_first && hyper.first_step > 0.0 {
        hyper.first_step
    } else {
        quotient(memory.distance, libm::sqrt(memory.squares + hyper.eps))
    }
});

by_distance!(Dowg, |hyper, is_first, memory, way, squares, _params| {
    if is_first {
        memory.distance = hyper.sq_distance;
    }
    memory.distance = larger(memory.distance, way.value());
    memory.squares += memory.distance * squares.value();
    quotient(memory.distance, libm::sqrt(memory.squares) + hyper.eps)
});
