use super::cautious::factor_of_share;
use super::measures::{norms, trust_ratio};
use super::step::{Phases, WholeOptimizer, WholeStep};
use crate::check;
use crate::error::Error;
use crate::math::bias_correction as bias_correction_of;
use crate::optim::{Adam, AdamDirection, Slot};
use crate::real::Real;
use crate::rule::{Adapter, Direction, Measure, Penalty, Rule, Switch, moves, same_sign};
use crate::sum::Sum;

hyper_parameters! {
    /// Adam whose step has a length in proportion to that of the parameters, for large batches.
    ///
    /// ```text
    /// r ← m̂ / (√v̂ + eps) + wd · p                       m̂ and v̂ as in Adam
    /// p ← p − lr · min(‖p‖ / (‖r‖ + ratio_eps), max_ratio) · r        the ratio is 1 where a norm is 0
    /// ```
    ///
    /// Source: You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", 2019, arXiv 1904.00962.
    /// State: m (`exp_avg`) and v (`exp_avg_sq`), zeros at the start. Sums: of p² and r².
    ///
    /// | preset | differs in |
    /// |---|---|
    /// | [`Lamb::optax`], the default and the paper | weight decay 0 |
    /// | [`Lamb::timm`] and NVIDIA's `FusedLAMB` | weight decay 0.01; a tensor without weight decay has ratio 1; the whole gradient is first clipped by its global norm, to 1: see below |
    /// | [`Lamb::nvlamb`], NVIDIA's with `use_nvlamb` | the same, but every tensor has its ratio |
    /// | [`Lamb::pytorch_optimizer`], and the first implementations | the step is divided by `1−β1ᵗ` and the moments are not corrected, decay beside the step, `‖p‖` at most 10, eps beside `‖r‖` |
    ///
    /// The clip of timm and NVIDIA is `scale_grads` with the factor of [`ClipNorm::optax`](crate::clip::ClipNorm::optax)
    /// `(1.0)` for the norm of all gradients.
    pub struct Lamb {
        lr: f64 in NonNegative = 1e-3,
        beta1: f64 in Fraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-6,
        /// Added to v̂ inside the root.
        eps_root: f64 in NonNegative = 0.0,
        /// Divides the moments by `1−βᵗ`; off, m̂ is m and v̂ is v.
        bias_correction: bool = true,
        /// Weight decay, in r or beside the step.
        weight_decay: f64 in NonNegative = 0.0,
        /// Divides the whole step by `1−β1ᵗ`, after its ratio.
        step_correction: bool = false,
        /// Takes `lr · wd · p` off p before the norms, instead of adding `wd · p` to r.
        decoupled: bool = false,
        /// Without weight decay too, the step has its ratio.
        always_adapt: bool = true,
        /// The ratio is at most this; 1 is LAMBC's trust clipping.
        max_ratio: f64 in Positive = f32::MAX as f64,
        /// `‖p‖` counts as at most this.
        max_param_norm: f64 in Positive = f32::MAX as f64,
        /// Added to `‖r‖`.
        ratio_eps: f64 in NonNegative = 0.0,
    }
    presets {
        /// `optax.lamb`, the default.
        optax = {};
        /// `timm.optim.Lamb` and `apex.optimizers.FusedLAMB`.
        timm = { weight_decay: 0.01, always_adapt: false, };
        /// `apex.optimizers.FusedLAMB` with `use_nvlamb=True`.
        nvlamb = { weight_decay: 0.01, };
        /// `pytorch_optimizer.Lamb`.
        pytorch_optimizer = { bias_correction: false, step_correction: true, decoupled: true, max_param_norm: 10.0, ratio_eps: 1e-6, };
    }
}

impl WholeOptimizer<2, 2> for Lamb {
    type Clock = u64;
    type Phases = LambPhases;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("exp_avg"), Slot::squares("exp_avg_sq")];

    fn phases(&self, t: u64, _: &mut u64) -> Result<LambPhases, Error> {
        let Lamb { beta1, beta2, eps, eps_root, bias_correction, .. } = *self;
        // A direction of length 1 where the moments agree: the learning rate joins the ratio.
        let adam = Adam { lr: 1.0, beta1, beta2, eps, eps_root, bias_correction, ..Adam::DEFAULT };
        let rate = check::product("weight_decay", self.weight_decay, self.lr)?;
        Ok(LambPhases {
            direction: LambDirection {
                adam: AdamDirection::new(&adam, t)?,
                in_update: Penalty::new(if self.decoupled { 0.0 } else { check::rounded(self.weight_decay) }),
                beside: Penalty::new(if self.decoupled { rate } else { 0.0 }),
            },
            lr: if self.step_correction { self.lr / bias_correction_of(beta1, t).to_f64() } else { self.lr },
            hyper: *self,
        })
    }
}

/// The two phases of [`Lamb`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LambPhases {
    direction: LambDirection,
    lr: f64,
    hyper: Lamb,
}

/// The update of [`Lamb`] before its ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LambDirection {
    adam: AdamDirection,
    in_update: Penalty,
    beside: Penalty,
}

/// The rule of [`Lamb`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LambRule {
    direction: LambDirection,
    rate: f32,
}

impl LambDirection {
    /// The decayed parameter, Adam's direction and the new moments.
    #[inline(always)]
    fn adam<R: Real>(&self, p: R, g: R, state: [R; 2]) -> (R, R, [R; 2]) {
        let (update, state) = self.adam.lane(g, state);
        (self.beside.take_from(p, p), update, state)
    }

    /// The decayed parameter, r and the new moments.
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; 2]) -> (R, R, [R; 2]) {
        let (p, update, state) = self.adam(p, g, state);
        (p, self.in_update.add_to(update, p), state)
    }
}

impl Measure<2, 2> for LambDirection {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; 2]) -> [[R; 2]; 2] {
        let (p, update, _) = self.lane(p, g, state);
        [[p, p], [update, update]]
    }
}

impl Rule<2> for LambRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; 2]) -> (R, [R; 2]) {
        let (p, update, state) = self.direction.lane(p, g, state);
        (p - R::splat(self.rate) * update, state)
    }

    #[inline(always)]
    fn fades(&self) -> [bool; 2] {
        self.direction.adam.fades()
    }
}

impl Phases<2, 2> for LambPhases {
    type Memory = ();
    type Measure = LambDirection;
    type Update = LambRule;

    fn measure(&self, (): &()) -> LambDirection {
        self.direction
    }

    fn update(&self, sums: &[Sum; 2], (): &mut ()) -> LambRule {
        let (of_params, of_update) = norms(sums);
        LambRule { direction: self.direction, rate: self.rate(of_params, of_update) }
    }
}

impl LambPhases {
    /// The learning rate times the ratio of the norms.
    fn rate(&self, of_params: f64, of_update: f64) -> f32 {
        let Lamb { weight_decay, always_adapt, max_ratio, max_param_norm, ratio_eps, .. } = self.hyper;
        let adapts = always_adapt || weight_decay != 0.0;
        let of_params = if of_params > max_param_norm { max_param_norm } else { of_params };
        let ratio = if adapts { trust_ratio(1.0, of_params, of_update, ratio_eps) } else { 1.0 };
        let ratio = if adapts && ratio > max_ratio { max_ratio } else { ratio };
        (self.lr * ratio) as f32
    }
}

impl<A: Adapter> WholeStep<LambPhases, A> {
    /// Moves only along the elements of Adam's direction that have the sign of their gradient, divided by their share, before
    /// weight decay and ratio: timm's `caution=True`. See [`Step::cautious_mean`](crate::Step::cautious_mean).
    pub fn cautious_mean(self) -> WholeStep<CautiousLamb, A> {
        self.map(CautiousLamb)
    }
}

/// The two phases of [`Lamb`] with a cautious direction; made by [`WholeStep::cautious_mean`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CautiousLamb(LambPhases);

/// The rule of [`CautiousLamb`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CautiousLambRule {
    direction: LambDirection,
    factor: f32,
    rate: f32,
}

impl Measure<2, 4> for CautiousLamb {
    /// The share of elements that move, and what the norm of r follows from once it is known.
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; 2]) -> [[R; 2]; 4] {
        let (p, update, _) = self.0.direction.adam(p, g, state);
        let moving = same_sign(update, g);
        [[moves(update, g), R::splat(1.0)], [p, p], [moving, moving], [moving, p]]
    }
}

impl Rule<2> for CautiousLambRule {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, state: [R; 2]) -> (R, [R; 2]) {
        let (p, update, state) = self.direction.adam(p, g, state);
        let update = self.direction.in_update.add_to(R::splat(self.factor) * same_sign(update, g), p);
        (p - R::splat(self.rate) * update, state)
    }

    #[inline(always)]
    fn fades(&self) -> [bool; 2] {
        self.direction.adam.fades()
    }
}

impl Phases<2, 4> for CautiousLamb {
    type Memory = ();
    type Measure = Self;
    type Update = CautiousLambRule;

    fn measure(&self, (): &()) -> Self {
        *self
    }

    fn update(&self, [moving, params, squares, along]: &[Sum; 4], (): &mut ()) -> CautiousLambRule {
        let CautiousLamb(phases) = self;
        let (factor, decay) = (factor_of_share(moving), f64::from(phases.direction.in_update.factor().unwrap_or(0.0)));
        // ‖factor·u + decay·p‖² from its parts. Rounding may leave less than 0 of it.
        let length =
            factor * factor * squares.value() + 2.0 * factor * decay * along.value() + decay * decay * params.value();
        let of_update = libm::sqrt(if length < 0.0 { 0.0 } else { length });
        let rate = phases.rate(params.root(), of_update);
        CautiousLambRule { direction: phases.direction, factor: factor as f32, rate }
    }
}
