use super::second_moment::{Epsilon, SecondMoment};
use super::{Optimizer, bias_correction, next_step};
use crate::average::toward;
use crate::rule::Penalty;
use crate::simd::{self, Streams};
use crate::{Adapter, Backend, Error, Objective, Real, Rule, Slice, check};

/// SGD that needs no schedule: gradients are taken between the fast iterate and the average that is evaluated.
///
/// ```text
/// y = (1−β)·z + β·x        the parameters while training: gradients are taken here
/// z ← z − lr·g
/// x ← (1−c)·x + c·z        c = lr²/Σlr²
/// ```
///
/// Source: Defazio et al., "The Road Less Scheduled", 2024, arXiv 2405.15682.
/// State: `[z]`, which starts as the parameters: fill it with [`Optimizer::init`]; the clock holds Σlr².
///
/// The parameters that a step updates are y. [`ScheduleFreeSgd::evaluate`] turns them into x, the weights to
/// evaluate and to ship, and [`ScheduleFreeSgd::train`] turns them back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleFreeSgd {
    /// Learning rate, at least 0. Default 1.
    pub lr: f64,
    /// Momentum β, in (0, 1). Default 0.9.
    pub beta1: f64,
    /// Steps over which `lr` grows linearly; 0 for none, the default.
    pub warmup: u64,
    /// L2 penalty at y: `g + weight_decay · y`. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

/// [`ScheduleFreeSgd`] on Adam's normalised gradient.
///
/// ```text
/// v ← β2·v + (1−β2)·g²
/// z ← z − lr · (g/(√v̂ + eps) + wd·y), and x, y as in ScheduleFreeSgd
/// ```
///
/// Source: the same paper. State: `[z, v]`, z starts as the parameters: fill them with [`Optimizer::init`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleFreeAdamW {
    /// Learning rate, at least 0. Default 0.0025.
    pub lr: f64,
    /// Momentum β, in (0, 1). Default 0.9.
    pub beta1: f64,
    /// Decay rate of the second moment, in [0, 1). Default 0.999.
    pub beta2: f64,
    /// Added to the root, at least 0. Default 1e-8.
    pub eps: f64,
    /// Steps over which `lr` grows linearly; 0 for none, the default.
    pub warmup: u64,
    /// Decay at y, on the step of z. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending; the decay still shrinks. Default false.
    pub maximize: bool,
}

impl Default for ScheduleFreeSgd {
    fn default() -> Self {
        ScheduleFreeSgd { lr: 1.0, beta1: 0.9, warmup: 0, weight_decay: 0.0, maximize: false }
    }
}

impl Default for ScheduleFreeAdamW {
    fn default() -> Self {
        ScheduleFreeAdamW {
            lr: 2.5e-3,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            warmup: 0,
            weight_decay: 0.0,
            maximize: false,
        }
    }
}

/// What the schedule-free optimizers remember between steps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ScheduleFreeClock {
    /// Steps done.
    pub step: u64,
    /// The largest learning rate so far.
    pub lr_max: f64,
    /// The sum of the averaging weights, `lr_max²` of each step.
    pub weight_sum: f64,
}

/// The moves of y and z that one step makes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Averaging {
    lr: f32,
    share: f32,
    of_direction: f32,
}

impl Averaging {
    /// The coefficients of the step and the clock after it.
    fn new(lr: f64, beta1: f64, warmup: u64, clock: &ScheduleFreeClock) -> Result<(Self, ScheduleFreeClock), Error> {
        let step = next_step(clock.step)?;
        let lr = check::non_negative("lr", lr)?;
        let beta1 = check_beta1(beta1)?;
        let lr = if step < warmup { lr * (step as f64 / warmup as f64) } else { lr };
        let lr_max = clock.lr_max.max(lr);
        let weight = lr_max * lr_max;
        let weight_sum = clock.weight_sum + weight;
        let share = if weight_sum > 0.0 { weight / weight_sum } else { 0.0 };
        let averaging = Averaging {
            lr: lr as f32,
            share: check::coefficient("weight_sum", share)?,
            of_direction: check::coefficient("lr", lr * (1.0 - beta1 * (1.0 - share)))?,
        };
        Ok((averaging, ScheduleFreeClock { step, lr_max, weight_sum }))
    }

    /// The new y and z. With x left out: `y ← y + c·(z−y) − lr·(1−β(1−c))·u; z ← z − lr·u`.
    #[inline(always)]
    fn step<R: Real>(&self, y: R, z: R, direction: R) -> (R, R) {
        let y = y + (R::splat(self.share) * (z - y) - R::splat(self.of_direction) * direction);
        (y, z - R::splat(self.lr) * direction)
    }
}

fn check_beta1(beta1: f64) -> Result<f64, Error> {
    check::fraction("beta1", beta1)?;
    check::positive("beta1", beta1)
}

/// Moves the parameters along the line through z: `p ← p + weight·(z − p)`.
fn blend(params: &mut [f32], z: &[f32], weight: f64) -> Result<(), Error> {
    let rule = Blend { weight: check::coefficient("beta1", weight)? };
    simd::run(Backend::active(), &rule, Streams::new(params, z, [])?)
}

#[derive(Clone, Copy)]
struct Blend {
    weight: f32,
}

impl Rule<0> for Blend {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, z: R, []: [R; 0]) -> (R, [R; 0]) {
        (toward(p, z, self.weight), [])
    }
}

macro_rules! views {
    ($($Optimizer:ident),*) => {$(
        impl $Optimizer {
            /// Turns the training weights y into the evaluation weights x, in place: `x = y + (1 − 1/β)·(z − y)`.
            ///
            /// Two roundings an element make the way back inexact; to go on from the same bits, evaluate a copy.
            ///
            /// # Errors
            /// [`Error::Length`] where z, the first state slot (named as the gradients), is not as long as the
            /// parameters, [`Error::HyperParameter`] for a `beta1` out of range. Nothing has been written then.
            pub fn evaluate(&self, params: &mut [f32], z: &[f32]) -> Result<(), Error> {
                blend(params, z, 1.0 - 1.0 / check_beta1(self.beta1)?)
            }

            /// Turns the evaluation weights x back into the training weights y: `y = x + (1 − β)·(z − x)`.
            ///
            /// # Errors
            /// Those of `evaluate`.
            pub fn train(&self, params: &mut [f32], z: &[f32]) -> Result<(), Error> {
                blend(params, z, 1.0 - check_beta1(self.beta1)?)
            }
        }
    )*};
}

views!(ScheduleFreeSgd, ScheduleFreeAdamW);

/// One step of [`ScheduleFreeSgd`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleFreeSgdRule {
    objective: Objective,
    averaging: Averaging,
}

impl Optimizer<1> for ScheduleFreeSgd {
    type Clock = ScheduleFreeClock;
    type Rule = ScheduleFreeSgdRule;

    fn tick(&self, clock: &mut ScheduleFreeClock) -> Result<ScheduleFreeSgdRule, Error> {
        let objective = Objective::new(self.maximize, self.weight_decay)?;
        let (averaging, next) = Averaging::new(self.lr, self.beta1, self.warmup, clock)?;
        *clock = next;
        Ok(ScheduleFreeSgdRule { objective, averaging })
    }

    fn init(&self, params: &[f32], [z]: [&mut [f32]; 1]) -> Result<(), Error> {
        copy(params, z)
    }
}

impl Rule<1> for ScheduleFreeSgdRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(ScheduleFreeSgdRule { objective: self.objective.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, y: R, g: R, [z]: [R; 1]) -> (R, [R; 1]) {
        let (y, z) = self.averaging.step(y, z, self.objective.grad(y, g));
        (y, [z])
    }
}

/// One step of [`ScheduleFreeAdamW`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleFreeAdamWRule {
    objective: Objective,
    penalty: Penalty,
    averaging: Averaging,
    second: SecondMoment,
    root_scale: f32,
}

impl Optimizer<2> for ScheduleFreeAdamW {
    type Clock = ScheduleFreeClock;
    type Rule = ScheduleFreeAdamWRule;

    fn tick(&self, clock: &mut ScheduleFreeClock) -> Result<ScheduleFreeAdamWRule, Error> {
        let (averaging, next) = Averaging::new(self.lr, self.beta1, self.warmup, clock)?;
        let seen2 = bias_correction(self.beta2, next.step);
        let rule = ScheduleFreeAdamWRule {
            objective: Objective::new(self.maximize, 0.0)?,
            penalty: Penalty::new(check::non_negative("weight_decay", self.weight_decay)?),
            averaging,
            second: SecondMoment::new("beta2", self.beta2, Epsilon::outside(self.eps), seen2)?,
            root_scale: libm::sqrt(seen2) as f32,
        };
        *clock = next;
        Ok(rule)
    }

    fn init(&self, params: &[f32], [z, v]: [&mut [f32]; 2]) -> Result<(), Error> {
        if v.len() != params.len() {
            return Err(Error::Length { slice: Slice::State(1), expected: params.len(), found: v.len() });
        }
        copy(params, z)?;
        v.fill(0.0);
        Ok(())
    }
}

impl Rule<2> for ScheduleFreeAdamWRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(ScheduleFreeAdamWRule {
            objective: self.objective.plain::<false>()?,
            penalty: self.penalty.plain::<DECAYS>()?,
            second: self.second.plain()?,
            ..self
        })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, y: R, g: R, [z, v]: [R; 2]) -> (R, [R; 2]) {
        let g = self.objective.grad(y, g);
        let v = self.second.of(v, g);
        let normalised = R::splat(self.root_scale) * (g / self.second.root(v));
        let (y, z) = self.averaging.step(y, z, self.penalty.add_to(normalised, y));
        (y, [z, self.second.stored(v)])
    }
}

fn copy(params: &[f32], z: &mut [f32]) -> Result<(), Error> {
    if z.len() != params.len() {
        return Err(Error::Length { slice: Slice::State(0), expected: params.len(), found: z.len() });
    }
    z.iter_mut().zip(params).for_each(|(z, p)| *z = *p);
    Ok(())
}
