//! D-Adaptation: learning rates from a lower bound of the distance to the solution.

use crate::error::Error;
use crate::math::{self, Coefficient, Ema, Factor, LEAST_ROOT, TINY, bias_correction, quotient};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction, Found, Pass, Passes, Scope, Terms};

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
    /// State: m (`exp_avg`), v (`exp_avg_sq`) and s (`s`), zeros at the start. Looks at all tensors together:
    /// the sums ⟨g, s/(√v + eps)⟩ and ‖s‖₁.
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
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
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
    /// State: s (`s`), zeros at the start, and p0 (`x0`), the parameters at the start. Looks at all tensors together:
    /// the sums ⟨g, s⟩, of s² after the step, and of g².
    pub struct DAdaptSgd {
        lr: f64 in NonNegative = 1.0,
        /// Decay rate of the average that p is.
        momentum: f64 in Fraction = 0.9,
        /// The first estimate. It may be too small by far.
        d0: f64 in Positive = 1e-6,
        /// The estimate grows at most by this factor in a step.
        growth_rate: f64 in Positive = f32::MAX as f64,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
}

clock! {
    /// What [`DAdaptAdam`] and [`DAdaptSgd`] remember of all tensors.
    pub struct DAdaptClock {
        /// The estimate of the distance; 0 means `d0`.
        d in NonNegative = 0.0,
        /// The weighted sum of inner products, r.
        numerator in Finite = 0.0,
        /// The norm of the first gradient that is not 0, of [`DAdaptSgd`]; 0 before.
        first_norm in NonNegative = 0.0,
    }
}

impl DAdaptClock {
    /// The estimate, or the first one.
    fn estimate(&self, d0: f64) -> f64 {
        if self.d == 0.0 { d0 } else { self.d }
    }
}

/// Whether a sum of magnitudes of s tells how far gradients of this sum of squares lead. Gradients of zeros say nothing. Where the
/// mean magnitude is near [`TINY`], elements have been stored as zero, which the numerator does not know of.
pub(super) fn is_telling(squares: f64, travelled: f64, len: u64) -> bool {
    const LEAST: f64 = TINY as f64 * 1024.0;
    squares != 0.0 && travelled > LEAST * len as f64
}

/// The estimate after a step that estimated anew.
fn grown(d: f64, estimate: f64, growth_rate: f64) -> f64 {
    let most = d * growth_rate;
    let estimate = if estimate > most { most } else { estimate };
    if estimate > d { estimate } else { d }
}

impl Optimizer<3> for DAdaptAdam {
    type Clock = DAdaptClock;
    type Rule = DecayedDescent<DAdaptAdamDirection>;
    const SLOTS: [Slot<Self>; 3] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq"), Slot::signed("s")];

    fn rule(&self, t: u64, clock: &mut DAdaptClock) -> Result<Self::Rule, Error> {
        let DAdaptAdam { lr, beta1, beta2, eps, d0, growth_rate, .. } = *self;
        let d = clock.estimate(d0);
        let correction = if self.bias_correction {
            (bias_correction(beta2, t).sqrt() / bias_correction(beta1, t)).to_f64()
        } else {
            1.0
        };
        let (step, root) = (d * lr * correction, crate::math::sqrt(beta2));
        let direction = DAdaptAdamDirection {
            first: Ema::unchecked(beta1),
            second: Ema::unchecked(beta2),
            root_beta2: math::coefficient("beta2", beta2, Coefficient::new(beta2).sqrt())?,
            of_grad: Factor::new((1.0 - root) * step),
            eps: math::rounded(eps).max(LEAST_ROOT),
            step: Factor::new(step),
            exact: Exact { d, step, root, growth_rate },
        };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(step))?, direction))
    }
}

/// Adam's update at the estimated rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DAdaptAdamDirection {
    first: Ema,
    second: Ema,
    root_beta2: f32,
    of_grad: Factor,
    eps: f32,
    step: Factor,
    exact: Exact,
}

/// What the estimate is brought up to date with.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Exact {
    d: f64,
    step: f64,
    root: f64,
    growth_rate: f64,
}

impl DAdaptAdamDirection {
    /// s after the step.
    #[inline(always)]
    fn travelled<R: Real>(&self, s: R, g: R) -> R {
        R::splat(self.root_beta2) * s + self.of_grad.times(g)
    }
}

impl Direction<3> for DAdaptAdamDirection {
    const PASSES: Passes = Passes::of(Pass::over(Scope::All, 3).setting_clock());

    #[inline(always)]
    fn terms<R: Real>(&self, _: usize, _: R, g: R, [_, v, s]: [R; 3]) -> Terms<R> {
        Terms::of([[g, s / (v.sqrt() + R::splat(self.eps))], [self.travelled(s, g).abs(), R::splat(1.0)], [g, g]])
    }

    fn found(&mut self, _: usize, found: &mut Found<3>) {
        let Exact { d, step, root, growth_rate } = self.exact;
        let ([agreement, travelled, squares, _], [next, numerator, _]) = (found.sums, &mut found.clock);
        *numerator = root * *numerator + (1.0 - root) * step * agreement;
        let is_telling = is_telling(squares, travelled, found.len);
        *next = grown(d, if is_telling { *numerator / ((1.0 - root) * travelled) } else { 0.0 }, growth_rate);
    }

    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v, s]: [R; 3]) -> (R, [R; 3]) {
        let m = self.first.of(m, self.step.times(g));
        let v = self.second.of(v, g * g);
        (m / (v.sqrt() + R::splat(self.eps)), [m, v, self.travelled(s, g)])
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 3] {
        [TINY, self.second.held_below(), TINY]
    }
}

impl Optimizer<2> for DAdaptSgd {
    type Clock = DAdaptClock;
    type Rule = DecayedDescent<DAdaptSgdDirection>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("s"), Slot::signed("x0").starting_as_params().read_only()];

    fn rule(&self, _: u64, clock: &mut DAdaptClock) -> Result<Self::Rule, Error> {
        let DAdaptSgd { lr, momentum, d0, growth_rate, .. } = *self;
        let d = clock.estimate(d0);
        let mut direction = DAdaptSgdDirection {
            step: Factor::ZERO,
            toward: Coefficient::new(momentum).complement().to_f32(),
            exact: ExactSgd { d, lr, growth_rate, step: 0.0 },
        };
        direction.set_step(clock.first_norm);
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(lr))?, direction))
    }
}

/// A part of the way to where all gradients together lead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DAdaptSgdDirection {
    step: Factor,
    toward: f32,
    exact: ExactSgd,
}

/// What the estimate is brought up to date with.
#[derive(Clone, Copy, Debug, PartialEq)]
struct ExactSgd {
    d: f64,
    lr: f64,
    growth_rate: f64,
    step: f64,
}

impl DAdaptSgdDirection {
    /// The step follows from the norm of the first gradient; 0 before there is one.
    fn set_step(&mut self, first_norm: f64) {
        self.exact.step = if first_norm == 0.0 { 0.0 } else { self.exact.d * self.exact.lr / first_norm };
        self.step = Factor::new(self.exact.step);
    }

    /// s after the step.
    #[inline(always)]
    fn travelled<R: Real>(&self, s: R, g: R) -> R {
        s + self.step.times(g)
    }
}

impl Direction<2> for DAdaptSgdDirection {
    const PASSES: Passes = Passes::of(Pass::over(Scope::All, 3).setting_clock());

    #[inline(always)]
    fn terms<R: Real>(&self, _: usize, _: R, g: R, [s, _]: [R; 2]) -> Terms<R> {
        let travelled = self.travelled(s, g);
        Terms::of([[g, s], [travelled, travelled], [g, g]])
    }

    fn found(&mut self, _: usize, found: &mut Found<2>) {
        let ([agreement, travelled, squares, _], [next, numerator, first_norm]) = (found.sums, &mut found.clock);
        if *first_norm == 0.0 {
            *first_norm = math::sqrt(squares);
            self.set_step(*first_norm);
        }
        let ExactSgd { d, growth_rate, step, .. } = self.exact;
        *numerator += step * agreement;
        *next = grown(d, quotient(2.0 * *numerator, math::sqrt(travelled)), growth_rate);
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [s, p0]: [R; 2]) -> (R, [R; 2]) {
        let s = self.travelled(s, g);
        (R::splat(self.toward) * (p - (p0 - s)), [s, p0])
    }
}
