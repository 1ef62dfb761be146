use crate::error::Error;
use crate::math::{self, Coefficient, Ema, Factor, TINY, bias_correction, quotient};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction, Found, Pass, Passes, Scope, Terms};
use crate::shape::Extent;

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
    /// of the authors' package.
    /// Give the tensor its [blocks](crate::Tensor::blocks); else the tensor is one.
    /// State: m (`exp_avg`), and v of each block (`exp_avg_sq`), zeros at the start. Looks at each block: the sum of g².
    pub struct AdamMini {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-8,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
    }
}

impl Optimizer<2> for AdamMini {
    type Clock = u64;
    type Rule = DecayedDescent<AdamMiniDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq").of_each(Extent::Block)];

    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let AdamMini { lr, beta1, beta2, eps, weight_decay, decay_form, maximize } = *self;
        let direction = AdamMiniDirection {
            first: Ema::unchecked(beta1),
            rate: Factor::ZERO,
            beta2,
            lr: lr / bias_correction(beta1, t).to_f64(),
            seen2: bias_correction(beta2, t).to_f64(),
            eps,
        };
        Ok(descent(maximize, decay(decay_form, weight_decay, Coefficient::new(lr))?, direction))
    }
}

/// The first moment at the rate of its block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamMiniDirection {
    first: Ema,
    rate: Factor,
    beta2: f64,
    lr: f64,
    seen2: f64,
    eps: f64,
}

impl Direction<2> for AdamMiniDirection {
    const EXTENTS: [Extent; 2] = [Extent::Element, Extent::Block];
    const PASSES: Passes = Passes::of(Pass::over(Scope::Block, 1));

    #[inline(always)]
    fn terms<R: Real>(&self, _: usize, _: R, g: R, _: [R; 2]) -> Terms<R> {
        Terms::of([[g, g]])
    }

    #[inline]
    fn found(&mut self, _: usize, found: &mut Found<2>) {
        let [squares, ..] = found.sums;
        let [m, v] = found.slots;
        let v = f64::from(v) + (1.0 - self.beta2) * (found.mean(squares) - f64::from(v));
        found.slots = [m, math::stored(v)];
        self.rate = Factor::new(quotient(self.lr, math::sqrt(v / self.seen2) + self.eps));
    }

    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v]: [R; 2]) -> (R, [R; 2]) {
        let m = self.first.of(m, g);
        (self.rate.times(m), [m, v])
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        [TINY, 0.0]
    }
}
