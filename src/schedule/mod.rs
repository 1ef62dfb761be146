//! Schedules of the learning rate: each gives the rate of a step.
//!
//! A schedule is a small `Copy` value and a pure function of the step. [`Schedule::at`] takes the number of steps done, from 0,
//! and gives a learning rate in f64. Set it before the step: `optimizer.lr = schedule.at(step)`. The bits are the same on
//! every CPU. [`ReduceOnPlateau`] alone has a state, because it follows a metric.
//!
//! ```
//! use gradstep::schedule::{Cosine, Schedule};
//! use gradstep::{Adam, Optimizer};
//!
//! // Ten steps of warm-up from a tenth of the rate, then ninety steps of cosine decay to 0.
//! let schedule = Cosine::new(1e-3, 0.0, 90)?.warmup(0.1, 10)?;
//! let (mut adam, mut clock) = (Adam::DEFAULT, 0);
//! let (mut w, grads, mut m, mut v) = ([1.0; 4], [0.5; 4], [0.0; 4], [0.0; 4]);
//! for step in 0..100 {
//!     adam.lr = schedule.at(step);
//!     adam.tick(&mut clock)?.apply(&mut w, &grads, [&mut m, &mut v])?;
//! }
//! assert_eq!((schedule.at(0), schedule.at(10), schedule.at(100)), (1e-4, 1e-3, 0.0));
//! # Ok::<(), gradstep::Error>(())
//! ```
//!
//! In the formulas t is the step, n the number of steps of the schedule, and x = t/n. torch is PyTorch 2.15, optax is
//! optax 0.2.8.
//!
//! | schedule | formula | torch name | optax name |
//! |---|---|---|---|
//! | [`Constant`] | `lr` | | `constant_schedule` |
//! | two [`Constant`]s and [`Schedule::then`] | `lr·factor`, then `lr` | `ConstantLR` | |
//! | [`Linear`] | `start + (end−start)·x` | `LinearLR` | `linear_schedule` |
//! | [`Polynomial`] | `end + (start−end)·(1−x)^power` | `PolynomialLR` | `polynomial_schedule` |
//! | [`Cosine`] | `end + (start−end)·(1+cos πx)/2` | `CosineAnnealingLR` | `cosine_decay_schedule` |
//! | [`CosinePower`] | `end + (start−end)·((1+cos πx)/2)^exponent` | | `cosine_decay_schedule` with an exponent |
//! | [`Cosine::with_warmup`] | `Linear`, then `Cosine` | | `warmup_cosine_decay_schedule` |
//! | [`CosineRestarts`] | `Cosine` in cycles of `t_0·t_multⁱ` steps | `CosineAnnealingWarmRestarts` | `sgdr_schedule`, by [`Schedule::then`] |
//! | [`OneCycle`] | from `start` to `peak`, then to `end` | `OneCycleLR` | `cosine_onecycle_schedule`, `linear_onecycle_schedule` |
//! | [`StepDecay`] | `lr·gamma^⌊t/period⌋` | `StepLR` | |
//! | [`MultiStep`] | `lr`, times a factor at each milestone | `MultiStepLR` | `piecewise_constant_schedule` |
//! | [`Exponential`] | `lr·rate^x` | `ExponentialLR` | `exponential_decay` |
//! | [`InverseSqrt`] | `peak·√(warmup/t)` | | |
//! | [`WarmupStableDecay`] | `Linear`, then `peak`, then a decay | | |
//! | [`Cyclic`] | triangles between `base` and `peak` | `CyclicLR` | |
//! | [`ReduceOnPlateau`] | `lr·factor` when a metric stalls | `ReduceLROnPlateau` | `contrib.reduce_on_plateau` |
//! | [`Schedule::then`] | one schedule, then another | `SequentialLR` | `join_schedules` |
//! | [`Schedule::warmup`] | `Linear` before a schedule | `SequentialLR` of `LinearLR` | `warmup_constant_schedule`, `warmup_exponential_decay_schedule` |
//!
//! # Values
//!
//! Rates are at least 0, in units of the optimizer's `lr`. The rates that you give a schedule, such as the first and
//! the last, come back without a rounding error. After its end a schedule keeps the last rate. [`Cosine::torch`] rises
//! again instead, and [`CosineRestarts`] and [`Cyclic`] have no end. A rate below 7.1e-46, which f32 turns into 0, is
//! returned as 0, and a rate beyond f32 as the largest f32. So an optimizer accepts every rate.
//!
//! Constructors return an error for settings that make no schedule. With feature `serde`, what is read is checked in
//! the same way.

#[macro_use]
mod checked;

mod chain;
mod constant;
mod cosine;
mod cosine_power;
mod curve;
mod cyclic;
mod exponential;
mod inverse_sqrt;
mod linear;
mod multi_step;
mod one_cycle;
mod plateau;
mod polynomial;
mod restarts;
mod step_decay;
mod warmup_stable_decay;

pub use chain::Then;
pub use constant::Constant;
pub use cosine::Cosine;
pub use cosine_power::CosinePower;
pub use cyclic::{Amplitude, Cyclic};
pub use exponential::Exponential;
pub use inverse_sqrt::InverseSqrt;
pub use linear::Linear;
pub use multi_step::MultiStep;
pub use one_cycle::{Anneal, OneCycle, OneCycleOptions};
pub use plateau::{Plateau, ReduceOnPlateau};
pub use polynomial::Polynomial;
pub use restarts::CosineRestarts;
pub use step_decay::StepDecay;
pub use warmup_stable_decay::{DecayShape, WarmupStableDecay};

use crate::error::Error;

/// A learning rate for each step.
///
/// Schedules of your own implement [`Schedule::at`] alone.
pub trait Schedule {
    /// The learning rate of a step, counted from 0: the number of steps done.
    fn at(&self, step: u64) -> f64;

    /// This schedule before step `boundary`, and `next` from there on. `next` counts its steps from the boundary.
    ///
    /// With a boundary of 0, only `next` is used. The boundaries of a longer chain all count from its start:
    /// `a.then(5, b).then(25, c)`.
    ///
    /// Source: `torch.optim.lr_scheduler.SequentialLR`, PyTorch 2.15; `optax.join_schedules`, optax 0.2.8.
    fn then<S: Schedule>(self, boundary: u64, next: S) -> Then<Self, S>
    where
        Self: Sized,
    {
        Then { first: self, boundary, next }
    }

    /// A linear rise over `steps` steps, from `start_factor` times the first rate of this schedule to that rate, and then
    /// this schedule, which counts its steps from there. With 0 steps there is no rise.
    ///
    /// Source: `torch.optim.lr_scheduler.LinearLR` in a `SequentialLR`, PyTorch 2.15. With a factor of 0 it is the warm-up of
    /// optax 0.2.8, as in `optax.warmup_constant_schedule`.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a `start_factor` that is not in [0, 1], and for a first rate that is no finite f32
    /// of at least 0, which a schedule of your own may give. [`Error::Coefficient`] where the product of the two is not 0,
    /// but f32 turns it into 0.
    fn warmup(self, start_factor: f64, steps: u64) -> Result<Then<Linear, Self>, Error>
    where
        Self: Sized,
    {
        crate::check::field("start_factor", start_factor, crate::Range::Share)?;
        let peak = self.at(0);
        Ok(Linear::rise(start_factor * peak, peak, steps)?.then(steps, self))
    }
}

impl<S: Schedule + ?Sized> Schedule for &S {
    fn at(&self, step: u64) -> f64 {
        (**self).at(step)
    }
}
