//! A step in two phases, and the trait of the optimizers that make one.

use crate::backend::Backend;
use crate::check;
use crate::error::{Error, Slice};
use crate::optim::slot::{self, Slot};
use crate::optim::{Clock, HyperParameters, tick_groups};
use crate::rule::{Adapted, Adapter, Chain, ClipGrads, Measure, Objective, Rule, ScaleGrads, Unadapted};
#[cfg(feature = "rayon")]
use crate::run::par_measure;
use crate::run::{Step, Tensor, measure, measure_on};
use crate::sum::Sum;
use core::fmt::Debug;

/// One step of an optimizer that looks at a whole tensor, as two formulas with their coefficients: what to sum, and the rule
/// that follows from the sums. `S` is the number of state slots, `K` the number of sums.
pub trait Phases<const S: usize, const K: usize>: Copy + Send + Sync {
    /// What the optimizer remembers of a tensor, or of all tensors, besides the slots; `()` for nothing.
    type Memory: Copy + Default + PartialEq + Debug + Send + Sync + 'static;

    /// What is summed.
    type Measure: Measure<S, K>;

    /// The rule of the update.
    type Update: Rule<S>;

    /// Whether [`Rule::check`] of the update can refuse the sums. A step over rows asks for all of them first then, in a pass
    /// more.
    const CAN_REFUSE: bool = false;

    /// The first phase.
    fn measure(&self, memory: &Self::Memory) -> Self::Measure;

    /// The second phase. What is not finite in the sums is not finite in the rule, and so in the parameters.
    fn update(&self, sums: &[Sum; K], memory: &mut Self::Memory) -> Self::Update;
}

/// Hyper-parameters that make one [`WholeStep`] after another. `S` is the number of state slots, `K` that of the sums.
pub trait WholeOptimizer<const S: usize, const K: usize>: HyperParameters {
    /// What a step must remember besides slots and memory, as plain data.
    type Clock: Clock;

    /// The formulas with the coefficients of one step.
    type Phases: Phases<S, K>;

    /// The state slots, in the order in which a step takes them.
    const SLOTS: [Slot<Self>; S];

    /// The formulas of step `t`, 1 for the first. The fields are in their ranges.
    ///
    /// This is what an optimizer implements. Call [`WholeOptimizer::tick`], which checks the fields.
    ///
    /// # Errors
    /// Those of [`WholeOptimizer::tick`].
    fn phases(&self, t: u64, clock: &mut Self::Clock) -> Result<Self::Phases, Error>;

    /// Begins a step and advances the clock. Call it once a step, for all tensors.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] names the first field that is out of its range, [`Error::Coefficient`] a field whose
    /// coefficient does not fit an f32, [`Error::ClockOverflow`] a clock at its maximum. The clock has not advanced then.
    fn tick(&self, clock: &mut Self::Clock) -> Result<WholeStep<Self::Phases>, Error> {
        self.check()?;
        let mut next = *clock;
        let t = check::next_step(*next.step())?;
        *next.step() = t;
        let phases = self.phases(t, &mut next)?;
        *clock = next;
        Ok(WholeStep { sweeps: t.is_multiple_of(64), phases, adapter: Unadapted })
    }

    /// Begins a step of several groups of parameters and advances their clock once: see
    /// [`Optimizer::tick_groups`](crate::Optimizer::tick_groups).
    ///
    /// ```
    /// use gradstep::whole::{Lamb, WholeOptimizer};
    ///
    /// let matrices = Lamb { weight_decay: 0.01, ..Lamb::DEFAULT };
    /// let biases = Lamb { weight_decay: 0.0, always_adapt: false, ..matrices };
    /// let mut clock = 0;
    /// let [for_matrices, for_biases] = Lamb::tick_groups([&matrices, &biases], &mut clock)?;
    /// assert_eq!(clock, 1);
    /// # let _ = (for_matrices, for_biases);
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`WholeOptimizer::tick`], and [`Error::GroupClock`] for a group that would bring the clock to another state than
    /// the first. The clock has not advanced then.
    fn tick_groups<const N: usize>(
        groups: [&Self; N],
        clock: &mut Self::Clock,
    ) -> Result<[WholeStep<Self::Phases>; N], Error> {
        tick_groups(groups, clock, Self::tick)
    }

    /// Fills the state of `params` as it is before the first step: zeros, unless [`WholeOptimizer::SLOTS`] says otherwise.
    ///
    /// # Errors
    /// [`Error::Length`] where a slot is not as long as the parameters, [`Error::HyperParameter`] for a field that is out
    /// of its range. Nothing has been written then.
    fn init(&self, params: &[f32], state: [&mut [f32]; S]) -> Result<(), Error> {
        self.check()?;
        slot::fill(self, &Self::SLOTS, params, state)
    }
}

/// A step in two phases, ready to be applied. It is a plain value: measure and apply pieces of tensors from any thread.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use = "a step changes nothing until it is applied"]
pub struct WholeStep<P, A = Unadapted> {
    /// Whether the update sweeps the state: see [`Rule::fades`].
    sweeps: bool,
    phases: P,
    adapter: A,
}

impl<P, A> WholeStep<P, A> {
    /// The phases behind an adapter, with an update that sweeps the state or not.
    pub(crate) const fn of_parts(sweeps: bool, phases: P, adapter: A) -> Self {
        WholeStep { sweeps, phases, adapter }
    }
}

impl<P, A: Adapter> WholeStep<P, A> {
    /// The same step with phases that are made of its phases.
    pub(super) fn map<Q>(self, make: impl FnOnce(P) -> Q) -> WholeStep<Q, A> {
        WholeStep { sweeps: self.sweeps, phases: make(self.phases), adapter: self.adapter }
    }

    /// The formulas, with their coefficients.
    pub const fn phases(&self) -> &P {
        &self.phases
    }

    /// Fuses an adapter into both phases. Adapters of gradients act in the order in which they were added.
    pub fn with<B: Adapter>(self, adapter: B) -> WholeStep<P, Chain<A, B>> {
        WholeStep::of_parts(self.sweeps, self.phases, Chain { first: self.adapter, second: adapter })
    }

    /// `g ← factor · g` in both phases: see [`Step::scale_grads`].
    pub fn scale_grads(self, factor: f64) -> WholeStep<P, Chain<A, ScaleGrads>> {
        self.with(ScaleGrads::new(factor))
    }

    /// `g ← min(max(g, −limit), limit)` in both phases: see [`Step::clip_grads`].
    pub fn clip_grads(self, limit: f64) -> WholeStep<P, Chain<A, ClipGrads>> {
        self.with(ClipGrads::new(limit))
    }

    /// `g ← −g` in both phases: ascends instead of descending.
    pub fn maximize(self) -> WholeStep<P, Chain<A, Objective>> {
        self.with(Objective::new(true, 0.0))
    }

    fn measured<const S: usize, const K: usize>(&self, memory: &P::Memory) -> Adapted<P::Measure, A>
    where
        P: Phases<S, K>,
    {
        Adapted { rule: self.phases.measure(memory), adapter: self.adapter }
    }

    /// The first phase: the sums over a tensor, or over a [piece](crate::sum#pieces) of it. Nothing is written.
    ///
    /// # Errors
    /// [`Error::Length`] where a slice is not as long as `params`; [`Error::HyperParameter`] or [`Error::Coefficient`] for
    /// the argument of an adapter.
    pub fn measure_with<const S: usize, const K: usize>(
        &self,
        memory: &P::Memory,
        params: &[f32],
        grads: &[f32],
        state: [&[f32]; S],
    ) -> Result<[Sum; K], Error>
    where
        P: Phases<S, K>,
    {
        measure(&self.measured(memory), params, grads, state)
    }

    /// [`WholeStep::measure_with`] on a chosen backend.
    ///
    /// # Errors
    /// Those of `measure_with`, and [`Error::UnsupportedBackend`] where this CPU or build cannot run it.
    pub fn measure_with_on<const S: usize, const K: usize>(
        &self,
        backend: Backend,
        memory: &P::Memory,
        params: &[f32],
        grads: &[f32],
        state: [&[f32]; S],
    ) -> Result<[Sum; K], Error>
    where
        P: Phases<S, K>,
    {
        measure_on(backend, &self.measured(memory), params, grads, state)
    }

    /// [`WholeStep::measure_with`] on rayon's current thread pool: see [`Step::par_apply`].
    ///
    /// # Errors
    /// Those of `measure_with`.
    #[cfg(feature = "rayon")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rayon")))]
    pub fn par_measure_with<const S: usize, const K: usize>(
        &self,
        memory: &P::Memory,
        params: &[f32],
        grads: &[f32],
        state: [&[f32]; S],
    ) -> Result<[Sum; K], Error>
    where
        P: Phases<S, K>,
    {
        par_measure(&self.measured(memory), params, grads, state)
    }

    /// The second phase: the step that follows from the sums over all pieces. It brings the memory up to date, so call it once.
    pub fn update_with<const S: usize, const K: usize>(
        &self,
        memory: &mut P::Memory,
        sums: &[Sum; K],
    ) -> Step<P::Update, A>
    where
        P: Phases<S, K>,
    {
        Step::of_parts(self.sweeps, self.phases.update(sums, memory), self.adapter)
    }

    /// Both phases for one tensor, in two passes over memory.
    ///
    /// # Errors
    /// Those of [`WholeStep::measure_with`]. Nothing has been written then, and the memory is as before.
    pub fn apply_with<const S: usize, const K: usize>(
        &self,
        memory: &mut P::Memory,
        params: &mut [f32],
        grads: &[f32],
        mut state: [&mut [f32]; S],
    ) -> Result<(), Error>
    where
        P: Phases<S, K>,
    {
        let sums = self.measure_with(memory, params, grads, state.each_mut().map(|slot| &**slot))?;
        self.update_with(memory, &sums).apply(params, grads, state)
    }

    /// [`WholeStep::apply_with`] on rayon's current thread pool: see [`Step::par_apply`].
    ///
    /// # Errors
    /// Those of `apply_with`.
    #[cfg(feature = "rayon")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rayon")))]
    pub fn par_apply_with<const S: usize, const K: usize>(
        &self,
        memory: &mut P::Memory,
        params: &mut [f32],
        grads: &[f32],
        mut state: [&mut [f32]; S],
    ) -> Result<(), Error>
    where
        P: Phases<S, K>,
    {
        let sums = self.par_measure_with(memory, params, grads, state.each_mut().map(|slot| &**slot))?;
        self.update_with(memory, &sums).par_apply(params, grads, state)
    }

    /// Both phases for a list of tensors as one whole: their sums are merged, and one update steps all of them.
    ///
    /// # Errors
    /// [`Error::TensorLength`] names the tensor and the slice whose length differs; the errors of adapters are those of
    /// `apply_with`. Nothing has been written then, and the memory is as before.
    pub fn apply_all_with<const S: usize, const K: usize>(
        &self,
        memory: &mut P::Memory,
        tensors: &mut [Tensor<'_, S>],
    ) -> Result<(), Error>
    where
        P: Phases<S, K>,
    {
        let mut sums = [Sum::ZERO; K];
        for (i, Tensor { params, grads, state }) in tensors.iter_mut().enumerate() {
            let of_tensor = self
                .measure_with(memory, params, grads, state.each_mut().map(|slot| &**slot))
                .map_err(|error| error.in_tensor(i))?;
            sums.iter_mut().zip(&of_tensor).for_each(|(sum, more)| sum.merge(more));
        }
        self.update_with(memory, &sums).apply_all(tensors)
    }

    /// Both phases for every row of a matrix by itself, each with its own memory. Rows have `row_len` elements and follow one
    /// another.
    ///
    /// # Errors
    /// [`Error::RowLength`] where the rows of this length do not fill the parameters, [`Error::Length`] where a slice is not as
    /// long as the parameters, or there are not as many memories as rows; the errors of adapters are those of `apply_with`.
    /// Nothing has been written then.
    pub fn apply_rows_with<const S: usize, const K: usize>(
        &self,
        memories: &mut [P::Memory],
        row_len: usize,
        params: &mut [f32],
        grads: &[f32],
        mut state: [&mut [f32]; S],
    ) -> Result<(), Error>
    where
        P: Phases<S, K>,
    {
        let len = params.len();
        let rows = match len.checked_div(row_len) {
            Some(rows) if rows * row_len == len => rows,
            _ => return Err(Error::RowLength { row_len, len }),
        };
        if memories.len() != rows {
            return Err(Error::Length { slice: Slice::Memories, expected: rows, found: memories.len() });
        }
        self.adapter.check()?;
        let mut rest = Tensor { params, grads, state: state.each_mut().map(|slot| &mut **slot) };
        rest.check_lengths()?;
        if P::CAN_REFUSE {
            for (row, memory) in memories.iter().enumerate() {
                let row = row * row_len..(row + 1) * row_len;
                let of = |slice| <[f32]>::get(slice, row.clone()).unwrap_or_default();
                let state = rest.state.each_ref().map(|slot| of(slot));
                let sums = self.measure_with(memory, of(rest.params), of(rest.grads), state)?;
                self.phases.update(&sums, &mut { *memory }).check()?;
            }
        }
        for memory in memories {
            let Tensor { params, grads, state } = rest.take(row_len);
            self.apply_with(memory, params, grads, state)?;
        }
        Ok(())
    }

    /// [`WholeStep::measure_with`] of a rule without memory.
    ///
    /// # Errors
    /// Those of `measure_with`.
    pub fn measure<const S: usize, const K: usize>(
        &self,
        params: &[f32],
        grads: &[f32],
        state: [&[f32]; S],
    ) -> Result<[Sum; K], Error>
    where
        P: Phases<S, K, Memory = ()>,
    {
        self.measure_with(&(), params, grads, state)
    }

    /// [`WholeStep::update_with`] of a rule without memory.
    pub fn update<const S: usize, const K: usize>(&self, sums: &[Sum; K]) -> Step<P::Update, A>
    where
        P: Phases<S, K, Memory = ()>,
    {
        self.update_with(&mut (), sums)
    }

    /// [`WholeStep::apply_with`] of a rule without memory.
    ///
    /// # Errors
    /// Those of `apply_with`.
    pub fn apply<const S: usize, const K: usize>(
        &self,
        params: &mut [f32],
        grads: &[f32],
        state: [&mut [f32]; S],
    ) -> Result<(), Error>
    where
        P: Phases<S, K, Memory = ()>,
    {
        self.apply_with(&mut (), params, grads, state)
    }

    /// [`WholeStep::par_apply_with`] of a rule without memory.
    ///
    /// # Errors
    /// Those of `apply_with`.
    #[cfg(feature = "rayon")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rayon")))]
    pub fn par_apply<const S: usize, const K: usize>(
        &self,
        params: &mut [f32],
        grads: &[f32],
        state: [&mut [f32]; S],
    ) -> Result<(), Error>
    where
        P: Phases<S, K, Memory = ()>,
    {
        self.par_apply_with(&mut (), params, grads, state)
    }
}
