//! The trait of an optimizer.

use crate::check;
use crate::error::Error;
use crate::optim::clock::Clock;
use crate::optim::facts::HyperParameters;
use crate::optim::slot::{self, Slot};
use crate::rule::Rule;
use crate::run::Step;

/// Ticks every group from the same clock and advances the clock once, if all agree on where it goes.
pub(crate) fn tick_groups<O, C: Copy + PartialEq, T: Copy, const N: usize>(
    groups: [&O; N],
    clock: &mut C,
    tick: impl Fn(&O, &mut C) -> Result<T, Error>,
) -> Result<[T; N], Error> {
    const { assert!(N > 0, "there is at least one group") };
    let Some(first) = groups.first() else { return Err(Error::GroupClock { group: 0 }) };
    let mut after = *clock;
    let mut steps = [tick(first, &mut after)?; N];
    for (group, (step, optimizer)) in steps.iter_mut().zip(groups).enumerate().skip(1) {
        let mut next = *clock;
        *step = tick(optimizer, &mut next)?;
        if next != after {
            return Err(Error::GroupClock { group });
        }
    }
    *clock = after;
    Ok(steps)
}

/// Hyper-parameters that make one [`Step`] after another. `S` is the number of state slots.
pub trait Optimizer<const S: usize>: HyperParameters {
    /// What a step must remember besides the slots, as plain data: save it with them, put it back to resume.
    type Clock: Clock;

    /// The formula with the coefficients of one step.
    type Rule: Rule<S>;

    /// The state slots, in the order in which a step takes them.
    const SLOTS: [Slot<Self>; S];

    /// The formula of step `t`, 1 for the first: derives every coefficient and rounds it to f32 once. The fields are in
    /// their ranges, and the clock counts the step already; what else it holds is brought up to date here.
    ///
    /// This is what an optimizer implements. Call [`Optimizer::begin`] or [`Optimizer::tick`], which check the fields.
    ///
    /// # Errors
    /// Those of [`Optimizer::begin`].
    fn rule(&self, t: u64, clock: &mut Self::Clock) -> Result<Self::Rule, Error>;

    /// Begins a step without changing anything: returns its rule and the clock after it.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] names the first field that is out of its range, [`Error::Coefficient`] a field whose
    /// coefficient does not fit an f32, [`Error::Clock`] what no run can reach, [`Error::ClockOverflow`] a clock at its
    /// maximum.
    #[inline]
    fn begin(&self, clock: &Self::Clock) -> Result<(Self::Rule, Self::Clock), Error> {
        self.check()?;
        let mut next = *clock;
        let step = next.step();
        let t = check::next_step(*step)?;
        *step = t;
        Ok((self.rule(t, &mut next)?, next))
    }

    /// Begins a step and advances the clock. Call it once a step, then [`Step::apply`] once for each tensor, shard or
    /// chunk.
    ///
    /// To skip a step whose gradients are not finite, test them before this call: a clock that has advanced without a step
    /// changes the coefficients of the steps after it.
    ///
    /// # Errors
    /// Those of [`Optimizer::begin`]. The clock has not advanced then.
    #[inline]
    fn tick(&self, clock: &mut Self::Clock) -> Result<Step<Self::Rule>, Error> {
        let (rule, mut next) = self.begin(clock)?;
        *clock = next;
        Ok(Step::at(*next.step(), rule))
    }

    /// Begins a step of several groups of parameters and advances their clock once. The groups have the same optimizer with
    /// other hyper-parameters, for example a weight decay for matrices and none for biases.
    ///
    /// A call of [`Optimizer::tick`] for each group would count one step as several, and bias corrections would be wrong.
    ///
    /// ```
    /// use gradstep::{AdamW, Optimizer};
    ///
    /// let matrices = AdamW { weight_decay: 0.1, ..AdamW::DEFAULT };
    /// let biases = AdamW { weight_decay: 0.0, ..matrices };
    /// let mut clock = 0;
    /// let [for_matrices, for_biases] = AdamW::tick_groups([&matrices, &biases], &mut clock)?;
    /// assert_eq!(clock, 1);
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Optimizer::begin`], and [`Error::GroupClock`] for a group that would bring the clock to another state than
    /// the first group: the clock of [`Asgd`](crate::Asgd) and of schedule-free optimizers follows the learning rate. The
    /// clock has not advanced then.
    fn tick_groups<const N: usize>(
        groups: [&Self; N],
        clock: &mut Self::Clock,
    ) -> Result<[Step<Self::Rule>; N], Error> {
        tick_groups(groups, clock, Self::tick)
    }

    /// Fills the state of `params` as it is before the first step: zeros, unless [`Optimizer::SLOTS`] says otherwise.
    ///
    /// # Errors
    /// [`Error::Length`] where a slot is not as long as the parameters, [`Error::HyperParameter`] for a field that is out
    /// of its range. Nothing has been written then.
    fn init(&self, params: &[f32], state: [&mut [f32]; S]) -> Result<(), Error> {
        self.check()?;
        slot::fill(self, &Self::SLOTS, params, state)
    }
}
