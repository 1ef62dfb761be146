use crate::check;
use crate::error::{Error, Slice};
use crate::math::{self, Coefficient, Lerp, SecondMoment, bias_correction, rectification};
use crate::optim::{
    decay::{DecayForm, decay, decay_by},
    facts::HyperParameters,
    optimizer::Optimizer,
    slot::Slot,
};
use crate::range::Range;
use crate::real::Real;
use crate::rule::{Decayed, Penalty, Rule};
use crate::run::{Wrong, pass};

hyper_parameters! {
    /// SGD that needs no schedule: gradients are taken between the fast iterate and the average that is evaluated.
    ///
    /// ```text
    /// y = (1−β)·z + β·x        the parameters while training: gradients are taken here
    /// z ← z − lr·g
    /// x ← (1−c)·x + c·z        c = w/Σw, w = tʳ·lr^weight_lr_power with the largest lr so far
    /// ```
    ///
    /// Source: Defazio et al., "The Road Less Scheduled", 2024, arXiv 2405.15682.
    /// State: z (`z`), a copy of the parameters at the start. The clock holds the largest lr and Σw.
    ///
    /// | preset | warm-up |
    /// |---|---|
    /// | [`ScheduleFreeSgd::authors`], package schedulefree, the default | `lr·t/warmup` |
    /// | [`ScheduleFreeSgd::optax`] | `lr·(t−1)/warmup`; w takes `lr·t/warmup` |
    ///
    /// The parameters that a step updates are y. [`ScheduleFreeSgd::evaluate`] turns them into x, the weights to
    /// evaluate and to ship, and [`ScheduleFreeSgd::train`] turns them back.
    pub struct ScheduleFreeSgd {
        lr: f64 in NonNegative = 1.0,
        /// Momentum β.
        beta1: f64 in OpenFraction = 0.9,
        /// Steps over which `lr` grows linearly; 0 for none.
        warmup: u64 = 0,
        /// Counts the steps of the warm-up from 0, as optax does, so that the first one has a rate of 0.
        warmup_from_zero: bool = false,
        /// Power of the step in the averaging weight.
        r: f64 in NonNegative = 0.0,
        /// Power of the largest learning rate in the averaging weight.
        weight_lr_power: f64 in NonNegative = 2.0,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// The authors' package schedulefree, the default.
        authors = {};
        /// `optax.contrib.schedule_free_sgd`: the warm-up counts from 0.
        optax = { warmup_from_zero: true, };
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
    /// | preset | warm-up | averaging weight | decay |
    /// |---|---|---|---|
    /// | [`ScheduleFreeAdamW::authors`], package schedulefree, the default | `lr·t/warmup` | lr² | on z |
    /// | [`ScheduleFreeAdamW::radam`], its RAdamScheduleFree | none: lr is rectified | lr² | on z |
    /// | [`ScheduleFreeAdamW::optax`] | `lr·(t−1)/warmup` | lr² | on z |
    /// | [`ScheduleFreeAdamW::keras`] | `lr·t/warmup` | 1 | on y |
    ///
    /// Source: Defazio et al., "The Road Less Scheduled", 2024, arXiv 2405.15682; the rectification from Liu et al., "On the
    /// Variance of the Adaptive Learning Rate and Beyond", 2019, arXiv 1908.03265, as in [`RAdam`](crate::RAdam).
    /// State: z (`z`), a copy of the parameters at the start, and v (`exp_avg_sq`), zeros at the start.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    pub struct ScheduleFreeAdamW {
        lr: f64 in NonNegative = 2.5e-3,
        /// Momentum β.
        beta1: f64 in OpenFraction = 0.9,
        beta2: f64 in Fraction = 0.999,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-8,
        /// Steps over which `lr` grows linearly; 0 for none.
        warmup: u64 = 0,
        /// Counts the steps of the warm-up from 0, as optax does, so that the first one has a rate of 0.
        warmup_from_zero: bool = false,
        /// Power of the step in the averaging weight.
        r: f64 in NonNegative = 0.0,
        /// Power of the largest learning rate in the averaging weight.
        weight_lr_power: f64 in NonNegative = 2.0,
        /// Rectifies `lr`: where ρ is not above 4, the direction of z is g, and `lr` is 0 or stays.
        rectify: bool = false,
        /// Makes `lr` 0 where it cannot be rectified yet.
        silent_sgd_phase: bool = true,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Decoupled,
        /// Adds `weight_decay · y` to the direction of z, as the authors do; off, `lr · weight_decay · y` is taken off y
        /// before the step, as in Keras. Without meaning for coupled and fixed decay.
        decay_on_z: bool = true,
        maximize: bool = false,
    }
    presets {
        /// The authors' package schedulefree, `AdamWScheduleFree`, the default.
        authors = {};
        /// The authors' `RAdamScheduleFree`: lr is rectified.
        radam = { rectify: true, };
        /// `optax.contrib.schedule_free_adamw`: the warm-up counts from 0.
        optax = { warmup_from_zero: true, };
        /// `keras.optimizers.ScheduleFreeAdamW`: every step has the same weight, decay is on y. Keras 3.15 on PyTorch differs:
        /// it takes x from the z of after the step, as its copy of z is no copy there.
        keras = { weight_lr_power: 0.0, decay_on_z: false, };
    }
    names { "adamw_schedule_free", "radam_schedule_free" = radam }
}

clock! {
    /// What the schedule-free optimizers remember between steps.
    pub struct ScheduleFreeClock {
        /// The largest learning rate so far.
        lr_max in NonNegative = 0.0,
        /// The sum of the averaging weights.
        weight_sum in NonNegative = 0.0,
    }
}

impl ScheduleFreeClock {
    /// Refuses what no run can reach in `done` steps.
    fn check(&self, weighting: &Weighting, done: u64) -> Result<(), Error> {
        if done == 0 {
            check::clock("lr_max", self.lr_max, Range::Exactly(0.0))?;
            return check::clock("weight_sum", self.weight_sum, Range::Exactly(0.0));
        }
        check::clock("lr_max", self.lr_max, Range::NonNegative)?;
        // Weights do not fall, so the sum holds that of the first step with the largest rate at least once, up to rounding.
        let least = weighting.of(1, self.lr_max) * (1.0 - 1e-9);
        check::clock("weight_sum", self.weight_sum, Range::AtLeast(least))
    }
}

/// How much a step counts in the average.
struct Weighting {
    r: f64,
    weight_lr_power: f64,
}

impl Weighting {
    fn of(&self, t: u64, lr_max: f64) -> f64 {
        let of_rate =
            if self.weight_lr_power == 2.0 { lr_max * lr_max } else { libm::pow(lr_max, self.weight_lr_power) };
        if self.r == 0.0 { of_rate } else { of_rate * libm::pow(t as f64, self.r) }
    }
}

/// The learning rate of a step and that of its weight.
struct Rates {
    lr: f64,
    of_weight: f64,
}

impl Rates {
    /// The rates of step `t` of a linear warm-up.
    fn warming(lr: f64, warmup: u64, from_zero: bool, t: u64) -> Self {
        let at = |t: u64| if t < warmup { lr * (t as f64 / warmup as f64) } else { lr };
        Rates { lr: at(if from_zero { t - 1 } else { t }), of_weight: at(t) }
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
    /// The coefficients of step `t`, which the clock counts already, and its averaging weight in the clock. The error of a
    /// rate blames `lr`.
    fn new(
        lr: f64,
        rates: &Rates,
        beta1: f64,
        weighting: &Weighting,
        t: u64,
        clock: &mut ScheduleFreeClock,
    ) -> Result<Self, Error> {
        clock.check(weighting, t - 1)?;
        clock.lr_max = clock.lr_max.max(rates.of_weight);
        let weight = weighting.of(t, clock.lr_max);
        clock.weight_sum += weight;
        let share = if clock.weight_sum > 0.0 { weight / clock.weight_sum } else { 0.0 };
        let of_direction = Coefficient::new(rates.lr * (1.0 - beta1 * (1.0 - share)));
        Ok(Averaging {
            lr: math::coefficient("lr", lr, Coefficient::new(rates.lr))?,
            share: share as f32,
            of_direction: math::coefficient("lr", lr, of_direction)?,
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
    type Rule = Decayed<ScheduleFreeSgdRule>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("z").starting_as_params()];

    #[inline]
    fn rule(&self, t: u64, clock: &mut ScheduleFreeClock) -> Result<Self::Rule, Error> {
        let ScheduleFreeSgd { lr, beta1, warmup, warmup_from_zero, r, weight_lr_power, .. } = *self;
        let rates = Rates::warming(lr, warmup, warmup_from_zero, t);
        let averaging = Averaging::new(lr, &rates, beta1, &Weighting { r, weight_lr_power }, t, clock)?;
        let decay = decay(self.decay_form, self.weight_decay, Coefficient::new(lr))?;
        Ok(Decayed::new(self.maximize, decay, ScheduleFreeSgdRule { averaging }))
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
    type Rule = Decayed<ScheduleFreeAdamWRule>;
    const SLOTS: [Slot<Self>; 2] = [Slot::signed("z").starting_as_params(), Slot::squares("exp_avg_sq")];

    #[inline]
    fn rule(&self, t: u64, clock: &mut ScheduleFreeClock) -> Result<Self::Rule, Error> {
        let ScheduleFreeAdamW { lr, beta1, beta2, warmup, warmup_from_zero, r, weight_lr_power, weight_decay, .. } =
            *self;
        let mut rates = Rates::warming(lr, warmup, warmup_from_zero, t);
        let mut normalizes = true;
        if self.rectify {
            let rectification = rectification(beta2, 4.0, t);
            normalizes = rectification.is_some();
            let factor = rectification.unwrap_or(if self.silent_sgd_phase { 0.0 } else { 1.0 });
            rates = Rates { lr: rates.lr * factor, of_weight: rates.of_weight * factor };
        }
        let averaging = Averaging::new(lr, &rates, beta1, &Weighting { r, weight_lr_power }, t, clock)?;
        let seen2 = bias_correction(beta2, t);
        let decay_on_z = self.decay_on_z && self.decay_form == DecayForm::Decoupled;
        let decay = if decay_on_z {
            decay_by(self.decay_form, weight_decay, Coefficient::new(weight_decay))?
        } else {
            decay(self.decay_form, weight_decay, Coefficient::new(lr))?
        };
        let rule = ScheduleFreeAdamWRule {
            averaging,
            second: SecondMoment::outside(beta2, self.eps, seen2)?,
            root_scale: seen2.sqrt().to_f32(),
            normalizes,
            decay_on_z,
        };
        Ok(Decayed::new(self.maximize, decay, rule))
    }
}

/// One step of [`ScheduleFreeAdamW`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleFreeAdamWRule {
    averaging: Averaging,
    second: SecondMoment,
    root_scale: f32,
    normalizes: bool,
    decay_on_z: bool,
}

impl Rule<2> for ScheduleFreeAdamWRule {
    #[inline(always)]
    fn lane<R: Real>(&self, y: R, g: R, state: [R; 2]) -> (R, [R; 2]) {
        self.lane_decaying(y, g, Penalty::OFF, state)
    }

    #[inline(always)]
    fn lane_decaying<R: Real>(&self, y: R, g: R, decay: Penalty, [z, v]: [R; 2]) -> (R, [R; 2]) {
        let v = self.second.of(v, g);
        let direction = if self.normalizes { R::splat(self.root_scale) * (g / self.second.root_outside(v)) } else { g };
        let (y, z) = if self.decay_on_z {
            self.averaging.step(y, z, decay.add_to(direction, y))
        } else {
            self.averaging.step(decay.take_from(y, y), z, direction)
        };
        (y, [z, v])
    }

    #[inline(always)]
    fn in_form(self, _: u8) -> Option<Self> {
        let usual = ScheduleFreeAdamWRule { second: self.second.slow()?, normalizes: true, decay_on_z: true, ..self };
        (self.normalizes && self.decay_on_z).then_some(usual)
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; 2] {
        [0.0, self.second.fades_below()]
    }
}
