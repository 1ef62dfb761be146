use super::d_adapt::is_telling;
use crate::error::Error;
use crate::math::{self, Coefficient, Ema, Factor, LEAST_ROOT, TINY, bias_correction};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction, Found, Pass, Passes, Scope, Terms};

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
    /// Looks at all tensors together: the sums ⟨g, p0 − p⟩ and ‖s‖₁.
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
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Decoupled,
        maximize: bool = false,
    }
    presets {
        /// `pytorch_optimizer.Prodigy`, `prodigyopt.Prodigy`, the default.
        pytorch_optimizer = {};
        /// `optax.contrib.prodigy`.
        optax = { bias_correction: true, };
    }
}

clock! {
    /// What [`Prodigy`] remembers of all tensors.
    pub struct ProdigyClock {
        /// The estimate of the distance; 0 means `d0`.
        d in NonNegative = 0.0,
        /// The largest estimate, before its growth was bounded.
        d_max in NonNegative = 0.0,
        /// The weighted sum of ⟨g, p0 − p⟩.
        numerator in Finite = 0.0,
    }
}

impl Optimizer<4> for Prodigy {
    type Clock = ProdigyClock;
    type Rule = DecayedDescent<ProdigyDirection>;
    const SLOTS: [Slot<Self>; 4] = [
        Slot::signed("exp_avg"),
        Slot::squares("exp_avg_sq"),
        Slot::signed("s"),
        Slot::signed("p0").starting_as_params().read_only(),
    ];

    fn rule(&self, t: u64, clock: &mut ProdigyClock) -> Result<Self::Rule, Error> {
        let Prodigy { lr, beta1, beta2, beta3, d0, .. } = *self;
        let correction = if self.bias_correction {
            (bias_correction(beta2, t).sqrt() / bias_correction(beta1, t)).to_f64()
        } else {
            1.0
        };
        let d = if clock.d == 0.0 { d0 } else { clock.d };
        let rate = d * lr * correction;
        let beta3 = if beta3 == 0.0 { crate::math::sqrt(beta2) } else { beta3 };
        let direction = ProdigyDirection {
            first: Ema::unchecked(beta1),
            second: Ema::unchecked(beta2),
            beta3: math::coefficient("beta3", self.beta3, Coefficient::new(beta3))?,
            travelled: Factor::new(d / d0 * if self.safeguard_warmup { d } else { rate }),
            scale: Factor::new(d),
            eps: 0.0,
            rate: Factor::new(rate),
            exact: Exact { beta3, d, rate, hyper: *self },
        };
        let decay = decay(self.decay_form, self.weight_decay, Coefficient::new(rate))?;
        Ok(descent(self.maximize, decay, direction))
    }
}

/// Adam's update at the estimated rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProdigyDirection {
    first: Ema,
    second: Ema,
    beta3: f32,
    travelled: Factor,
    scale: Factor,
    eps: f32,
    rate: Factor,
    exact: Exact,
}

/// What the estimate is brought up to date with.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Exact {
    beta3: f64,
    d: f64,
    rate: f64,
    hyper: Prodigy,
}

impl ProdigyDirection {
    /// s after the step.
    #[inline(always)]
    fn travelled<R: Real>(&self, s: R, g: R) -> R {
        R::splat(self.beta3) * s + self.travelled.times(g)
    }
}

impl Direction<4> for ProdigyDirection {
    const PASSES: Passes = Passes::of(Pass::over(Scope::All, 3).setting_clock());

    #[inline(always)]
    fn terms<R: Real>(&self, _: usize, p: R, g: R, [_, _, s, p0]: [R; 4]) -> Terms<R> {
        Terms::of([[g, p0 - p], [self.travelled(s, g).abs(), R::splat(1.0)], [g, g]])
    }

    fn found(&mut self, _: usize, found: &mut Found<4>) {
        let Exact { beta3, d, rate, hyper: Prodigy { d0, d_coef, growth_rate, eps, .. } } = self.exact;
        let ([progress, travelled, squares, _], [next, d_max, numerator]) = (found.sums, &mut found.clock);
        *numerator = beta3 * *numerator + d / d0 * rate * progress;
        let estimate = if is_telling(squares, travelled, found.len) { d_coef * *numerator / travelled } else { 0.0 };
        let first = if d == d0 && estimate > d { estimate } else { d };
        *d_max = if *d_max > first { *d_max } else { first };
        *d_max = if estimate > *d_max { estimate } else { *d_max };
        let grown = first * growth_rate;
        *next = if *d_max < grown { *d_max } else { grown };
        self.eps = ((*next * eps) as f32).max(LEAST_ROOT);
    }

    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [m, v, s, p0]: [R; 4]) -> (R, [R; 4]) {
        let scaled = self.scale.times(g);
        let (m, v) = (self.first.of(m, scaled), self.second.of(v, scaled * scaled));
        let update = self.rate.times(m / (v.sqrt() + R::splat(self.eps)));
        (update, [m, v, self.travelled(s, g), p0])
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 4] {
        [TINY, self.second.held_below(), TINY, 0.0]
    }
}
