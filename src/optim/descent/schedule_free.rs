use crate::check;
use crate::error::{Error, Slice};
use crate::math::{Average, Coefficient, Ema, Interpolate, Lerp, Outside, SecondMoment, bias_correction};
use crate::optim::{
    clock::{Clock, ClockData},
    facts::HyperParameters,
    optimizer::Optimizer,
    slot::Slot,
};
use crate::range::Range;
use crate::real::Real;
use crate::rule::{Loss, Off, On, Penalty, Rule, Switch, Visitor};
use crate::run::{Wrong, pass};

hyper_parameters! {
    /// SGD that needs no schedule: gradients are taken between the fast iterate and the average that is evaluated.
    ///
    /// ```text
    /// y = (1−β)·z + β·x        the parameters while training: gradients are taken here
    /// z ← z − lr·g
    /// x ← (1−c)·x + c·z        c = lr²/Σlr²
    /// ```
    ///
    /// Source: Defazio et al., "The Road Less Scheduled", 2024, arXiv 2405.15682.
    /// State: z (`z`), a copy of the parameters at the start. The clock holds Σlr².
    ///
    /// The parameters that a step updates are y. [`ScheduleFreeSgd::evaluate`] turns them into x, the weights to
    /// evaluate and to ship, and [`ScheduleFreeSgd::train`] turns them back.
    pub struct ScheduleFreeSgd {
        lr: f64 in NonNegative = 1.0,
        /// Momentum β.
        beta1: f64 in OpenFraction = 0.9,
        /// Steps over which `lr` grows linearly; 0 for none.
        warmup: u64 = 0,
        /// L2 penalty at y: `g + weight_decay · y`.
        weight_decay: f64 in NonNegative = 0.0,
        maximize: bool = false,
    }
    names { "sgd_schedule_free" }
}

hyper_parameters! {
    /// [`ScheduleFreeSgd`] on Adam's normalized gradient.
    ///
    /// ```text
    /// v ← β2·v + (1−β2)·g²
    /// z ← z − lr · (g/(√v̂ + eps) + wd·y), and x, y as in ScheduleFreeSgd
    /// ```
    ///
    /// Source: Defazio et al., "The Road Less Scheduled", 2024, arXiv 2405.15682.
    /// State: z (`z`), a copy of the parameters at the start, and v (`exp_avg_sq`), zeros at the start.
    pub struct ScheduleFreeAdamW {
        lr: f64 in NonNegative = 2.5e-3,
        /// Momentum β.
        beta1: f64 in OpenFraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-8,
        /// Steps over which `lr` grows linearly; 0 for none.
        warmup: u64 = 0,
        /// Decay at y, on the step of z.
        weight_decay: f64 in NonNegative = 0.0,
        /// Ascends instead of descending; the decay still shrinks.
        maximize: bool = false,
    }
    names { "adamw_schedule_free" }
}

/// What the schedule-free optimizers remember between steps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct ScheduleFreeClock {
    /// Steps done.
    pub step: u64,
    /// The largest learning rate so far.
    pub lr_max: f64,
    /// The sum of the averaging weights, `lr_max²` of each step.
    pub weight_sum: f64,
}

impl ScheduleFreeClock {
    /// The clock before the first step.
    pub const fn new() -> Self {
        ScheduleFreeClock { step: 0, lr_max: 0.0, weight_sum: 0.0 }
    }

    /// Refuses what no run can reach in `done` steps.
    fn check(&self, done: u64) -> Result<(), Error> {
        if done == 0 {
            check::clock("lr_max", self.lr_max, Range::Exactly(0.0))?;
            return check::clock("weight_sum", self.weight_sum, Range::Exactly(0.0));
        }
        check::clock("lr_max", self.lr_max, Range::NonNegative)?;
        // The sum holds the square of the largest rate at least once, up to rounding.
        check::clock("weight_sum", self.weight_sum, Range::AtLeast(self.lr_max * self.lr_max * (1.0 - 1e-9)))
    }
}

impl Clock for ScheduleFreeClock {
    const START: Self = ScheduleFreeClock::new();
    const VALUES: &'static [&'static str] = &["lr_max", "weight_sum"];

    fn step(&mut self) -> &mut u64 {
        &mut self.step
    }

    fn save(&self) -> ClockData {
        ClockData { step: self.step, values: [self.lr_max, self.weight_sum] }
    }

    fn load(&ClockData { step, values: [lr_max, weight_sum] }: &ClockData) -> Self {
        ScheduleFreeClock { step, lr_max, weight_sum }
    }
}

/// The moves of y and z that one step makes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Averaging {
    lr: f32,
    share: f32,
    of_direction: f32,
}

impl Averaging {
    /// The coefficients of step `t`, which the clock counts already, and its averaging weight in the clock.
    fn new(lr: f64, beta1: f64, warmup: u64, t: u64, clock: &mut ScheduleFreeClock) -> Result<Self, Error> {
        clock.check(t - 1)?;
        let lr_now = if t < warmup { lr * (t as f64 / warmup as f64) } else { lr };
        clock.lr_max = clock.lr_max.max(lr_now);
        let weight = clock.lr_max * clock.lr_max;
        clock.weight_sum += weight;
        let share = if clock.weight_sum > 0.0 { weight / clock.weight_sum } else { 0.0 };
        Ok(Averaging {
            lr: check::coefficient("lr", lr, Coefficient::new(lr_now))?,
            share: share as f32,
            of_direction: check::coefficient("lr", lr, Coefficient::new(lr_now * (1.0 - beta1 * (1.0 - share))))?,
        })
    }

    /// The new y and z. With x left out: `y ← y + c·(z−y) − lr·(1−β(1−c))·u; z ← z − lr·u`.
    #[inline(always)]
    fn step<R: Real>(&self, y: R, z: R, direction: R) -> (R, R) {
        let y = y + (R::splat(self.share) * (z - y) - R::splat(self.of_direction) * direction);
        (y, z - R::splat(self.lr) * direction)
    }
}

/// Moves the parameters along the line through z: `p ← p + weight·(z − p)`.
#[derive(Clone, Copy)]
struct Blend(Lerp);

impl Rule<0> for Blend {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, z: R, []: [R; 0]) -> (R, [R; 0]) {
        (self.0.between(p, z), [])
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
            /// [`Error::Length`] where z, the first state slot, is not as long as the parameters,
            /// [`Error::HyperParameter`] for a field out of range. Nothing has been written then.
            pub fn evaluate(&self, params: &mut [f32], z: &[f32]) -> Result<(), Error> {
                self.check()?;
                pass(Blend(Lerp::new(1.0 - 1.0 / self.beta1)), params, z, Wrong::Input(Slice::Z))
            }

            /// Turns the evaluation weights x back into the training weights y: `y = x + (1 − β)·(z − x)`.
            ///
            /// # Errors
            /// Those of `evaluate`.
            pub fn train(&self, params: &mut [f32], z: &[f32]) -> Result<(), Error> {
                self.check()?;
                pass(Blend(Lerp::new(1.0 - self.beta1)), params, z, Wrong::Input(Slice::Z))
            }
        }
    )*};
}

views!(ScheduleFreeSgd, ScheduleFreeAdamW);

impl Optimizer<1> for ScheduleFreeSgd {
    type Clock = ScheduleFreeClock;
    type Rule = Loss<ScheduleFreeSgdRule>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("z").starting_as_params()];

    #[inline]
    fn rule(&self, t: u64, clock: &mut ScheduleFreeClock) -> Result<Self::Rule, Error> {
        let averaging = Averaging::new(self.lr, self.beta1, self.warmup, t, clock)?;
        Ok(Loss::penalized(self.maximize, self.weight_decay, ScheduleFreeSgdRule { averaging }))
    }
}

/// One step of [`ScheduleFreeSgd`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleFreeSgdRule {
    averaging: Averaging,
}

impl Rule<1> for ScheduleFreeSgdRule {
    #[inline(always)]
    fn lane<R: Real>(&self, y: R, g: R, [z]: [R; 1]) -> (R, [R; 1]) {
        let (y, z) = self.averaging.step(y, z, g);
        (y, [z])
    }
}

impl Optimizer<2> for ScheduleFreeAdamW {
    type Clock = ScheduleFreeClock;
    type Rule = Loss<ScheduleFreeAdamWRule, Off>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("z").starting_as_params(), Slot::squares("exp_avg_sq")];

    #[inline]
    fn rule(&self, t: u64, clock: &mut ScheduleFreeClock) -> Result<Self::Rule, Error> {
        let averaging = Averaging::new(self.lr, self.beta1, self.warmup, t, clock)?;
        let seen2 = bias_correction(self.beta2, t);
        let rule = ScheduleFreeAdamWRule {
            penalty: Penalty::new(check::rounded(self.weight_decay)),
            averaging,
            second: SecondMoment::outside(self.beta2, self.eps, seen2)?,
            root_scale: seen2.sqrt().to_f32(),
        };
        Ok(Loss::new(self.maximize, rule))
    }
}

/// One step of [`ScheduleFreeAdamW`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleFreeAdamWRule<L = Penalty, A = Ema> {
    penalty: L,
    averaging: Averaging,
    second: SecondMoment<Outside, A>,
    root_scale: f32,
}

impl<L: Switch, A: Average> Rule<2> for ScheduleFreeAdamWRule<L, A> {
    #[inline(always)]
    fn lane<R: Real>(&self, y: R, g: R, [z, v]: [R; 2]) -> (R, [R; 2]) {
        let v = self.second.of(v, g);
        let normalized = R::splat(self.root_scale) * (g / self.second.root(v));
        let (y, z) = self.averaging.step(y, z, self.penalty.add_to(normalized, y));
        (y, [z, v])
    }

    #[inline(always)]
    fn form<V: Visitor<2>>(&self, visitor: V) -> V::Output {
        let ScheduleFreeAdamWRule { averaging, root_scale, .. } = *self;
        match (self.second.slow(), self.penalty.factor()) {
            (None, _) => visitor.general(),
            (Some(second), None) => {
                visitor.visit(ScheduleFreeAdamWRule { penalty: Off, averaging, second, root_scale })
            }
            (Some(second), Some(factor)) => {
                visitor.visit(ScheduleFreeAdamWRule { penalty: On::new(factor), averaging, second, root_scale })
            }
        }
    }

    #[inline(always)]
    fn fades(&self) -> [bool; 2] {
        [false, self.second.fades()]
    }
}
