use super::measures::{Squares, quotient};
use super::step::{Phases, WholeOptimizer};
use crate::check;
use crate::error::Error;
use crate::math::bias_correction;
use crate::optim::Slot;
use crate::real::Real;
use crate::rule::{Off, Penalty, Rule, Switch};
use crate::sum::Sum;

hyper_parameters! {
    /// AdamW with one second moment for a whole block: a tensor, a row, or the part of a head. It saves the slot of v.
    ///
    /// ```text
    /// m ← β1·m + (1−β1)·g
    /// v ← β2·v + (1−β2)·mean(g²)                      one number for the block
    /// p ← p − lr · wd · p − lr · m̂ / (√v̂ + eps)      m̂ = m/(1−β1ᵗ), v̂ = v/(1−β2ᵗ)
    /// ```
    ///
    /// Source: Zhang et al., "Adam-mini: Use Fewer Learning Rates To Gain More", 2024, arXiv 2406.16793; the defaults are those
    /// of the authors' package. Apply it to each block by itself, with a memory for each.
    /// State: m (`exp_avg`), zeros at the start. Memory: v of the block, in f64, 0 at the start. Sum: of g².
    pub struct AdamMini {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-8,
        /// Weight decay, beside the step.
        weight_decay: f64 in NonNegative = 0.0,
    }
}

impl WholeOptimizer<1, 1> for AdamMini {
    type Clock = u64;
    type Phases = AdamMiniPhases;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("exp_avg")];

    fn phases(&self, t: u64, _: &mut u64) -> Result<AdamMiniPhases, Error> {
        Ok(AdamMiniPhases {
            decay: Penalty::new(check::product("weight_decay", self.weight_decay, self.lr)?),
            lr: self.lr / bias_correction(self.beta1, t).to_f64(),
            seen2: bias_correction(self.beta2, t).to_f64(),
            hyper: *self,
        })
    }
}

/// The two phases of [`AdamMini`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamMiniPhases {
    decay: Penalty,
    lr: f64,
    seen2: f64,
    hyper: AdamMini,
}

/// The rule of [`AdamMini`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamMiniRule {
    weight: f32,
    rate: f32,
    decay: Penalty,
}

impl Rule<1> for AdamMiniRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [m]: [R; 1]) -> (R, [R; 1]) {
        let m = m + R::splat(self.weight) * (g - m);
        (p - self.decay.add_to(R::splat(self.rate) * m, p), [m])
    }

    #[inline(always)]
    fn fades(&self) -> [bool; 1] {
        [true]
    }
}

impl Phases<1, 1> for AdamMiniPhases {
    type Memory = f64;
    type Measure = Squares;
    type Update = AdamMiniRule;

    fn measure(&self, _: &f64) -> Squares {
        Squares(Off)
    }

    fn update(&self, [squares]: &[Sum; 1], v: &mut f64) -> AdamMiniRule {
        let AdamMini { beta1, beta2, eps, .. } = self.hyper;
        *v += (1.0 - beta2) * (squares.mean() - *v);
        let rate = quotient(self.lr, libm::sqrt(*v / self.seen2) + eps);
        AdamMiniRule { weight: (1.0 - beta1) as f32, rate: rate as f32, decay: self.decay }
    }
}
