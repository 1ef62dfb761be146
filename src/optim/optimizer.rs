//! The trait of an optimizer.

use crate::check;
use crate::clock::Clock;
use crate::error::Error;
use crate::optim::facts::HyperParameters;
use crate::optim::slot::{self, Slot};
use crate::rule::{Rule, Unadapted};
use crate::run::Step;
use crate::shape::Shape;

/// Begins a step of every group from the same clock. All have to agree on where the clock goes.
pub(crate) fn begin_groups<O, C: PartialEq, T: Copy, const N: usize>(
    groups: [&O; N],
    begin: impl Fn(&O) -> Result<T, Error>,
    next: impl Fn(&T) -> C,
) -> Result<[T; N], Error> {
    const { assert!(N > 0, "there is at least one group") };
    let Some(first) = groups.first() else { return Err(Error::GroupClock { group: 0 }) };
    let first = begin(first)?;
    let mut steps = [first; N];
    for (group, (step, optimizer)) in steps.iter_mut().zip(groups).enumerate().skip(1) {
        *step = begin(optimizer)?;
        if next(step) != next(&first) {
            return Err(Error::GroupClock { group });
        }
    }
    Ok(steps)
}

/// A step that carries the clock `C` to commit.
pub(crate) type Begun<U, C> = Step<U, Unadapted, C>;

/// Hyper-parameters that make one [`Step`] after another. `S` is the number of state slots.
///
/// A step is begun, applied and committed:
///
/// ```
/// use gradstep::{AdamW, Optimizer};
///
/// let (mut w, mut grads) = ([1.0; 8], [0.5; 8]);
/// let (mut m, mut v, mut clock) = ([0.0; 8], [0.0; 8], 0);
/// for batch in 0..3 {
///     let step = AdamW::DEFAULT.begin(&clock)?.scale_grads(0.5);
///     if batch == 1 {
///         continue; // A step that is dropped leaves no trace.
///     }
///     step.apply_zeroing(&mut w, &mut grads, [&mut m, &mut v])?;
///     step.commit(&mut clock)?;
/// }
/// assert_eq!(clock, 2);
/// # Ok::<(), gradstep::Error>(())
/// ```
pub trait Optimizer<const S: usize>: HyperParameters {
    /// What the optimizer remembers of the whole model besides the slots, as plain data: save it with them, put it back to
    /// resume.
    type Clock: Clock;

    /// The formula with the coefficients of one step.
    type Rule: Rule<S>;

    /// The state slots, in the order in which a step takes them.
    const SLOTS: [Slot<Self>; S];

    /// The formula of step `t`, 1 for the first: derives every coefficient and rounds it to f32 once. The fields are in
    /// their ranges, and the clock counts the step already; what else it holds is brought up to date here, or by
    /// [`Rule::found`].
    ///
    /// This is what an optimizer implements. Call [`Optimizer::begin`] or [`Optimizer::tick`], which check the fields.
    ///
    /// # Errors
    /// Those of [`Optimizer::begin`].
    fn rule(&self, t: u64, clock: &mut Self::Clock) -> Result<Self::Rule, Error>;

    /// Begins a step. Nothing changes: the clock moves when the step is [committed](Step::commit), after it has been applied. So
    /// a step that is skipped, refused or dropped leaves no trace.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] names the first field that is out of its range, [`Error::Coefficient`] a field whose
    /// coefficient does not fit an f32, [`Error::Clock`] what no run can reach, [`Error::ClockOverflow`] a clock at its
    /// maximum.
    #[inline]
    fn begin(&self, clock: &Self::Clock) -> Result<Step<Self::Rule, Unadapted, Self::Clock>, Error> {
        const { assert!(slot::agree::<Self, Self::Rule, S>(&Self::SLOTS), "slots have the extents of the rule") };
        self.check()?;
        let mut next = clock.checked()?;
        let step = next.step();
        let t = check::next_step(*step)?;
        *step = t;
        let rule = self.rule(t, &mut next)?;
        Ok(Step::at(t, rule, next))
    }

    /// Begins a step and moves the clock at once: the short form for those who apply every step that they begin.
    ///
    /// A step that is refused or dropped after this call has been counted all the same, which changes the coefficients of the
    /// steps after it. [`Optimizer::begin`] avoids that. Where the clock follows from the sums of the step, as Prodigy's does,
    /// a tick does not compile.
    ///
    /// # Errors
    /// Those of [`Optimizer::begin`]. The clock has not advanced then.
    #[inline]
    fn tick(&self, clock: &mut Self::Clock) -> Result<Step<Self::Rule>, Error> {
        const {
            assert!(
                !<Self::Rule as Rule<S>>::PASSES.set_clock(),
                "the clock of this optimizer follows from the sums of a step: use begin, apply_all and commit"
            );
        }
        let step = self.begin(clock)?;
        *clock = *step.next();
        Ok(step.ticked())
    }

    /// Begins a step of several groups of parameters, which share one clock. The groups have the same optimizer with other
    /// hyper-parameters, for example a weight decay for matrices and none for biases. Commit each of the steps, or one of them.
    ///
    /// # Errors
    /// Those of [`Optimizer::begin`], and [`Error::GroupClock`] for a group that would bring the clock to another state than
    /// the first group: the clock of [`Asgd`](crate::Asgd) and of schedule-free optimizers follows the learning rate.
    #[expect(clippy::type_complexity, reason = "a step for each group")]
    fn begin_groups<const N: usize>(
        groups: [&Self; N],
        clock: &Self::Clock,
    ) -> Result<[Begun<Self::Rule, Self::Clock>; N], Error> {
        begin_groups(groups, |group| group.begin(clock), |step| *step.next())
    }

    /// [`Optimizer::tick`] for several groups of parameters, which advances their clock once.
    ///
    /// A call of `tick` for each group would count one step as several, and bias corrections would be wrong.
    ///
    /// ```
    /// use gradstep::{AdamW, Optimizer};
    ///
    /// let matrices = AdamW { weight_decay: 0.1, ..AdamW::DEFAULT };
    /// let biases = AdamW { weight_decay: 0.0, ..matrices };
    /// let mut clock = 0;
    /// let [for_matrices, for_biases] = AdamW::tick_groups([&matrices, &biases], &mut clock)?;
    /// assert_eq!(clock, 1);
    /// # let _ = (for_matrices, for_biases);
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Optimizer::begin_groups`]. The clock has not advanced then.
    fn tick_groups<const N: usize>(
        groups: [&Self; N],
        clock: &mut Self::Clock,
    ) -> Result<[Step<Self::Rule>; N], Error> {
        const {
            assert!(
                !<Self::Rule as Rule<S>>::PASSES.set_clock(),
                "the clock of this optimizer follows from the sums of a step: use begin_groups, apply_groups and commit"
            );
        }
        let steps = Self::begin_groups(groups, clock)?;
        if let [first, ..] = steps.as_slice() {
            *clock = *first.next();
        }
        Ok(steps.map(Step::ticked))
    }

    /// Fills the state of `params`, a vector, as it is before the first step: zeros, unless [`Optimizer::SLOTS`] says otherwise.
    ///
    /// # Errors
    /// [`Error::Length`] where a slot does not have the length of its [extent](crate::Extent), [`Error::HyperParameter`] for a
    /// field that is out of its range. Nothing has been written then.
    fn init(&self, params: &[f32], state: [&mut [f32]; S]) -> Result<(), Error> {
        self.init_shaped(&Shape::vector(params.len()), params, state)
    }

    /// [`Optimizer::init`] for a tensor with rows or blocks.
    ///
    /// # Errors
    /// Those of `init`, and [`Error::Length`] where `params` do not have the length of the shape.
    fn init_shaped(&self, shape: &Shape, params: &[f32], state: [&mut [f32]; S]) -> Result<(), Error> {
        self.check()?;
        slot::fill(self, &Self::SLOTS, shape, params, state)
    }
}
