use super::arch::{self, Supported};
#[cfg(feature = "rayon")]
use super::parallel;
use super::streams::Streams;
use super::sweep::sweep;
use super::tensor::{Gradients, Item, Tensor};
use super::units::{self, Progress};
use crate::backend::Backend;
use crate::clock::{Applied, Carried, Clock};
use crate::error::{Error, Slice};
use crate::math::Sums;
use crate::rule::{
    Adapted, Adapter, Bounded, Cautious, CautiousMean, CentralizeGrads, Chain, ClampParams, ClipByValue, Compensate,
    DecoupledDecay, Followed, Follower, Found, Objective, Rule, ScaleGrads, Scope, Unadapted, Wrap,
};
use crate::shape::Shape;
use core::iter;

/// One step, ready to be applied: a [`Rule`] with the coefficients of this step, what is fused into it, and the clock as it will
/// be after the step.
///
/// [`Optimizer::begin`](crate::Optimizer::begin) and [`Optimizer::tick`](crate::Optimizer::tick) make one; [`Step::of`] makes
/// one of your own rule. It is a plain value: apply it once for each tensor, shard or chunk, from any thread. `C` is the type of
/// the clock that the step will be committed to, `()` where a tick has moved the clock already.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use = "a step changes nothing until it is applied"]
pub struct Step<U, A = Unadapted, C = ()> {
    fused: Adapted<U, A>,
    progress: Progress,
    next: C,
}

impl<U> Step<U> {
    /// A step of a rule, with nothing fused in.
    #[inline(always)]
    pub const fn of(rule: U) -> Self {
        Step::at(1, rule, ())
    }
}

impl<U, C> Step<U, Unadapted, C> {
    /// Step `t` of a rule, and the clock after it. Every 64th sweeps the state.
    #[inline(always)]
    pub(crate) const fn at(t: u64, rule: U, next: C) -> Self {
        let progress = Progress { done: 0, sweeps: t.is_multiple_of(64), loss: None };
        Step { fused: Adapted { rule, adapter: Unadapted }, progress, next }
    }
}

impl<U, A, C> Step<U, A, C> {
    /// The rule, with its coefficients.
    #[inline(always)]
    pub const fn rule(&self) -> &U {
        &self.fused.rule
    }

    /// The same step without the clock, which has moved.
    #[inline(always)]
    pub(crate) fn ticked(self) -> Step<U, A> {
        Step { fused: self.fused, progress: self.progress, next: () }
    }

    /// The clock after the step.
    #[inline(always)]
    pub(crate) const fn next(&self) -> &C {
        &self.next
    }
}

impl<U, A: Adapter, C: Carried> Step<U, A, C> {
    /// Updates the parameters and their state, on the [active](Backend::active) backend.
    ///
    /// All slices have the same length, which may be zero, but for slots of another [extent](crate::Extent). They are a tensor, or
    /// a shard or chunk of one where the optimizer looks at each element by itself. An optimizer that looks at all tensors takes
    /// them for the whole model. Tensors with rows or blocks go through [`Step::apply_all`].
    ///
    /// The addresses of the slices matter for speed alone: in cache a step can take three times as long where two of its
    /// slices start at the same offset within a page of 4 KiB, and from memory where their addresses differ by nearly a
    /// power of two (measured on Zen 4; a distance of one page more is enough to avoid both).
    ///
    /// # Errors
    /// [`Error::Length`] where a slice is not as long as `params`; [`Error::HyperParameter`] or [`Error::Coefficient`]
    /// for the argument of an adapter; [`Error::Missing`] where the optimizer needs the [loss](Step::loss);
    /// [`Error::NotFiniteElement`] or [`Error::NotFinite`] where the optimizer, or a clip by norm, looks at all tensors, and an
    /// element, a sum or the loss is not finite. Nothing has been written then.
    #[inline]
    pub fn apply<const S: usize>(
        &self,
        params: &mut [f32],
        grads: &[f32],
        state: [&mut [f32]; S],
    ) -> Result<C::Applied, Error>
    where
        U: Rule<S>,
    {
        self.run(Supported::active(), params, grads, state)
    }

    /// [`Step::apply`] on a chosen backend.
    ///
    /// # Errors
    /// Those of `apply`, and [`Error::UnsupportedBackend`] where this CPU or build cannot run it.
    #[inline]
    pub fn apply_on<const S: usize>(
        &self,
        backend: Backend,
        params: &mut [f32],
        grads: &[f32],
        state: [&mut [f32]; S],
    ) -> Result<C::Applied, Error>
    where
        U: Rule<S>,
    {
        self.run(Supported::new(backend)?, params, grads, state)
    }

    /// [`Step::apply`] that also sets every gradient to zero, in the same pass: the start of the next accumulation.
    ///
    /// ```
    /// use gradstep::{Optimizer, Sgd};
    ///
    /// let (mut params, mut grads) = ([1.0], [0.5]);
    /// Sgd { lr: 1.0, ..Sgd::DEFAULT }.tick(&mut 0)?.apply_zeroing(&mut params, &mut grads, [])?;
    /// assert_eq!((params, grads), ([0.5], [0.0]));
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of `apply`.
    #[inline]
    pub fn apply_zeroing<const S: usize>(
        &self,
        params: &mut [f32],
        grads: &mut [f32],
        state: [&mut [f32]; S],
    ) -> Result<C::Applied, Error>
    where
        U: Rule<S>,
    {
        self.run(Supported::active(), params, grads, state)
    }

    /// Checks everything, then runs on a backend.
    #[inline]
    fn run<G: Gradients, const S: usize>(
        &self,
        backend: Supported,
        params: &mut [f32],
        mut grads: G,
        state: [&mut [f32]; S],
    ) -> Result<C::Applied, Error>
    where
        U: Rule<S>,
    {
        let shape = Shape::vector(params.len());
        let mut streams = Streams::new(params, &mut grads, state, &U::EXTENTS, &shape)?;
        self.check()?;
        if const { is_element_wise::<Adapted<U, A>, S>() } {
            arch::run(backend, &self.fused, iter::once(streams.again()));
            if self.progress.sweeps {
                sweep(backend, &self.fused, &mut streams);
            }
            return Ok(self.next.applied());
        }
        let mut step = *self;
        step.look_at_all(|step, pass, total| {
            total.merge(&units::sums(backend, &step.fused, pass, streams.only_read()));
        })
        .map_err(|error| error.with_element(0, streams.not_finite(&U::EXTENTS)))?;
        units::apply(backend, &step.fused, streams, &shape, &step.progress);
        Ok(step.next.applied())
    }

    /// Every tensor of a list, in one call. What an optimizer looks at before its update, it finds by itself: nothing, each
    /// block, row or tensor, or all tensors together.
    ///
    /// An optimizer that looks at all tensors takes the list for the whole model. To apply its step to two lists is to step two
    /// models: the second commit is refused.
    ///
    /// # Errors
    /// [`Error::TensorLength`] names the tensor and the slice whose length differs, [`Error::RowLength`] and
    /// [`Error::BlockLength`] a shape that does not fit; the other errors are those of [`Step::apply`]. No tensor has been written
    /// then.
    #[inline]
    pub fn apply_all<G: Gradients, const S: usize>(&self, tensors: &mut [Tensor<'_, S, G>]) -> Result<C::Applied, Error>
    where
        U: Rule<S>,
    {
        self.run_all(Supported::active(), tensors)
    }

    /// [`Step::apply_all`] on a chosen backend.
    ///
    /// # Errors
    /// Those of `apply_all`, and [`Error::UnsupportedBackend`] where this CPU or build cannot run it.
    #[inline]
    pub fn apply_all_on<G: Gradients, const S: usize>(
        &self,
        backend: Backend,
        tensors: &mut [Tensor<'_, S, G>],
    ) -> Result<C::Applied, Error>
    where
        U: Rule<S>,
    {
        self.run_all(Supported::new(backend)?, tensors)
    }

    /// [`Step::apply_all`] for tensors of any type.
    #[inline]
    pub(crate) fn run_all<I: Item<S>, const S: usize>(
        &self,
        backend: Supported,
        items: &mut [I],
    ) -> Result<C::Applied, Error>
    where
        U: Rule<S>,
    {
        self.check_all(items)?;
        if const { is_element_wise::<Adapted<U, A>, S>() } {
            // Their lengths have been checked, so none is left out.
            arch::run(backend, &self.fused, items.iter_mut().filter_map(|item| item.streams(&U::EXTENTS).ok()));
            if self.progress.sweeps {
                items
                    .iter_mut()
                    .filter_map(|item| item.streams(&U::EXTENTS).ok())
                    .for_each(|mut streams| sweep(backend, &self.fused, &mut streams));
            }
            return Ok(self.next.applied());
        }
        let mut step = *self;
        step.look_at_all(|step, pass, total| step.sum_all(backend, pass, items, total))
            .map_err(|error| Self::located(error, &mut *items))?;
        step.finish_all(backend, items);
        Ok(step.next.applied())
    }

    /// The passes within tensors and the update, for tensors that have been checked.
    fn finish_all<I: Item<S>, const S: usize>(&self, backend: Supported, items: &mut [I])
    where
        U: Rule<S>,
    {
        for item in items {
            let shape = item.shape();
            if let Ok(streams) = item.streams(&U::EXTENTS) {
                units::apply(backend, &self.fused, streams, &shape, &self.progress);
            }
        }
    }

    /// Adds the sums of a pass over all tensors to a total.
    fn sum_all<I: Item<S>, const S: usize>(&self, backend: Supported, pass: usize, items: &mut [I], total: &mut Sums)
    where
        U: Rule<S>,
    {
        for item in items {
            if let Ok(streams) = item.streams(&U::EXTENTS) {
                total.merge(&units::sums(backend, &self.fused, pass, streams.only_read()));
            }
        }
    }

    /// The passes over all tensors, of which `sum` adds up each. Then the step is checked again.
    #[inline]
    fn look_at_all<const S: usize>(&mut self, mut sum: impl FnMut(&Self, usize, &mut Sums)) -> Result<(), Error>
    where
        U: Rule<S>,
    {
        if const { over_all::<Adapted<U, A>, S>() == 0 } {
            return Ok(());
        }
        while usize::from(self.progress.done) < const { over_all::<Adapted<U, A>, S>() } {
            let pass = usize::from(self.progress.done);
            let mut total = Sums::ZERO;
            sum(self, pass, &mut total);
            check_sums(&total)?;
            self.complete(pass, &total, [0.0; S], false);
        }
        self.fused.check()
    }

    /// An error of sums, with the element of a list that it is due to.
    #[cold]
    fn located<'a, I: Item<S> + 'a, const S: usize>(error: Error, items: impl IntoIterator<Item = &'a mut I>) -> Error
    where
        U: Rule<S>,
    {
        let found = items.into_iter().enumerate().find_map(|(tensor, item)| {
            let found = item.streams(&U::EXTENTS).ok()?.not_finite(&U::EXTENTS)?;
            Some((tensor, found))
        });
        found.map_or(error, |(tensor, found)| error.with_element(tensor, Some(found)))
    }

    /// Takes in the sums of a pass over a unit with these numbers of its slots, which it returns as they are then.
    fn complete<const S: usize>(&mut self, pass: usize, sums: &Sums, slots: [f32; S], is_matrix: bool) -> [f32; S]
    where
        U: Rule<S>,
    {
        let found = Found::of_unit(sums.values(), sums.len(), is_matrix, slots, self.progress.loss);
        let mut found = Found { clock: self.next.values(), ..found };
        self.fused.found(pass, &mut found);
        self.next.set_values(found.clock);
        self.progress.done += u8::from(!<Adapted<U, A> as Rule<S>>::PASSES.gathers(pass));
        found.slots
    }

    /// Refuses coefficients out of their ranges, and a loss that is missing.
    #[inline]
    fn check<const S: usize>(&self) -> Result<(), Error>
    where
        U: Rule<S>,
    {
        if const { <Adapted<U, A> as Rule<S>>::PASSES.need_loss() } {
            match self.progress.loss {
                None => return Err(Error::Missing { name: "loss" }),
                Some(value) if !value.is_finite() => return Err(Error::NotFinite { name: "loss", value }),
                Some(_) => {}
            }
        }
        self.fused.check()
    }

    /// Checks the step, and the lengths and the shape of every tensor.
    #[inline]
    fn check_all<I: Item<S>, const S: usize>(&self, items: &mut [I]) -> Result<(), Error>
    where
        U: Rule<S>,
    {
        self.check()?;
        items.iter_mut().enumerate().try_for_each(|(i, item)| {
            units::check_shape::<Adapted<U, A>, S>(&item.shape())?;
            item.streams(&U::EXTENTS).map(drop).map_err(|error| error.in_tensor(i))
        })
    }

    /// [`Step::apply`] on rayon's current thread pool: the same bits for any number of threads.
    ///
    /// Slices that fit a core's cache stay on the calling thread. Make the thread of the training loop one of the pool's,
    /// by `ThreadPoolBuilder::use_current_thread` or inside `ThreadPool::install`: then it works while others wake, and
    /// takes back what they have not begun. From outside, a call has to wait for them, so it uses them for larger slices
    /// only, and works on a share itself. Where no pool can be started, the calling thread does all.
    ///
    /// A call waits until the pool's threads have done their pieces. It waits for ever where all of them are blocked, for
    /// example on a lock that the caller holds.
    ///
    /// An engine that has threads already does not need this method. It cuts the slices where it likes and calls `apply`
    /// for each piece, at best one piece a thread and the same one in every step, so that its caches keep what they hold:
    ///
    /// ```
    /// use gradstep::{Momentum, Optimizer, Tensor};
    ///
    /// let step = Momentum::default().tick(&mut 0)?;
    /// let (mut params, grads, mut buffer) = (vec![1.0; 1000], vec![0.5; 1000], [vec![0.0; 1000]]);
    /// std::thread::scope(|scope| {
    ///     let pieces = Tensor::new(&mut params, &grads, &mut buffer).chunks(256);
    ///     let threads: Vec<_> =
    ///         pieces.map(|mut piece| scope.spawn(move || step.apply_all(&mut [piece]))).collect();
    ///     threads.into_iter().try_for_each(|thread| thread.join().unwrap())
    /// })?;
    /// assert!(params.iter().all(|p| *p == 0.995));
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of `apply`.
    #[cfg(feature = "rayon")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rayon")))]
    pub fn par_apply<const S: usize>(
        &self,
        params: &mut [f32],
        grads: &[f32],
        state: [&mut [f32]; S],
    ) -> Result<C::Applied, Error>
    where
        U: Rule<S>,
    {
        let shape = Shape::vector(params.len());
        self.par_run(Tensor { params, grads, state, shape })
    }

    /// [`Step::apply_zeroing`] on rayon's current thread pool: see [`Step::par_apply`].
    ///
    /// # Errors
    /// Those of `apply`.
    #[cfg(feature = "rayon")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rayon")))]
    pub fn par_apply_zeroing<const S: usize>(
        &self,
        params: &mut [f32],
        grads: &mut [f32],
        state: [&mut [f32]; S],
    ) -> Result<C::Applied, Error>
    where
        U: Rule<S>,
    {
        let shape = Shape::vector(params.len());
        self.par_run(Tensor { params, grads, state, shape })
    }

    #[cfg(feature = "rayon")]
    fn par_run<G: Gradients, const S: usize>(&self, mut tensor: Tensor<'_, S, G>) -> Result<C::Applied, Error>
    where
        U: Rule<S>,
    {
        tensor.streams(&U::EXTENTS)?;
        self.par_run_all(core::slice::from_mut(&mut tensor))
    }

    /// [`Step::apply_all`] on rayon's current thread pool: small tensors are shared out, large ones are cut. See
    /// [`Step::par_apply`].
    ///
    /// # Errors
    /// Those of `apply_all`.
    #[cfg(feature = "rayon")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rayon")))]
    pub fn par_apply_all<G: Gradients, const S: usize>(
        &self,
        tensors: &mut [Tensor<'_, S, G>],
    ) -> Result<C::Applied, Error>
    where
        U: Rule<S>,
    {
        self.par_run_all(tensors)
    }

    /// [`Step::par_apply_all`] for tensors of any type.
    #[cfg(feature = "rayon")]
    pub(crate) fn par_run_all<I: Item<S>, const S: usize>(&self, items: &mut [I]) -> Result<C::Applied, Error>
    where
        U: Rule<S>,
    {
        self.check_all(items)?;
        let (mut step, backend) = (*self, Supported::active());
        step.look_at_all(|step, pass, total| {
            let sum = |item: &mut I| {
                let streams = item.streams(&U::EXTENTS).ok()?;
                Some(units::par_sums(backend, &step.fused, pass, streams.only_read()))
            };
            *total = parallel::list(items, &|item| item.shape().len, &|item| sum(item).unwrap_or(Sums::ZERO));
        })
        .map_err(|error| Self::located(error, &mut *items))?;
        parallel::list(items, &|item: &I| item.shape().len, &|item| {
            let shape = item.shape();
            if let Ok(streams) = item.streams(&U::EXTENTS) {
                units::par_run(backend, &step.fused, streams, &shape, &step.progress);
            }
        });
        Ok(step.next.applied())
    }

    /// What the next pass sums over, or `None` where the update is next. [`Step::apply`] makes all passes by itself; an engine that
    /// has threads, shards or ranks can make them with [`Step::measure`] and [`Step::update`].
    ///
    /// ```
    /// use gradstep::rule::Scope;
    /// use gradstep::sum::Sums;
    /// use gradstep::{Lamb, Optimizer, Shape};
    ///
    /// let lamb = Lamb { lr: 0.1, ..Lamb::DEFAULT };
    /// let (mut params, grads, mut state, mut clock) = ([1.0; 3000], [0.5; 3000], [[0.0; 3000]; 2], 0);
    ///
    /// let mut step = lamb.begin(&clock)?;
    /// while let Some(scope) = step.scope() {
    ///     assert_eq!(scope, Scope::Tensor);
    ///     // Two pieces of the tensor, cut at a multiple of 1,024 elements. Nothing is written.
    ///     let [m, v] = &state;
    ///     let first = step.measure(&params[..2048], &grads[..2048], [&m[..2048], &v[..2048]])?;
    ///     let second = step.measure(&params[2048..], &grads[2048..], [&m[2048..], &v[2048..]])?;
    ///     step = step.update(&(second + first), &Shape::vector(3000), [&mut [], &mut []])?;
    /// }
    /// // The update can be cut anywhere.
    /// let [m, v] = &mut state;
    /// step.apply(&mut params[..700], &grads[..700], [&mut m[..700], &mut v[..700]])?;
    /// step.apply(&mut params[700..], &grads[700..], [&mut m[700..], &mut v[700..]])?;
    /// step.commit(&mut clock)?;
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    pub fn scope<const S: usize>(&self) -> Option<Scope>
    where
        U: Rule<S>,
    {
        <Adapted<U, A> as Rule<S>>::PASSES.scope(self.progress.done.into())
    }

    /// Whether the next pass gathers: every unit of a tensor is measured and [updates](Step::update) the step, one after another,
    /// before [`Step::gathered`] ends the pass.
    pub fn gathers<const S: usize>(&self) -> bool
    where
        U: Rule<S>,
    {
        <Adapted<U, A> as Rule<S>>::PASSES.gathers(self.progress.done.into())
    }

    /// The step when all units of a tensor have been gathered.
    pub fn gathered<const S: usize>(mut self) -> Self
    where
        U: Rule<S>,
    {
        self.progress.done += u8::from(self.gathers());
        self
    }

    /// The sums of the next pass over a tensor, or over a [piece](crate::sum#pieces) of one unit of the pass. Nothing is written.
    /// All zeros where the update is next.
    ///
    /// An engine can run the passes over shards of a tensor, on its own threads or ranks. If shards start at multiples of 1,024
    /// elements, the bits are those of the whole tensor. The same code serves AdamW, which has no pass, LAMB, which
    /// looks at a tensor, and Prodigy, which looks at all of them:
    ///
    /// ```
    /// use gradstep::math::Sums;
    /// use gradstep::sum::BLOCK;
    /// use gradstep::{AdamW, Error, Lamb, Optimizer, Prodigy, Shape};
    ///
    /// /// A step of a model of one tensor in shards.
    /// fn sharded<O: Optimizer<S>, const S: usize>(
    ///     optimizer: &O,
    ///     clock: &mut O::Clock,
    ///     (p, g): (&mut [f32], &[f32]),
    ///     state: &mut [Vec<f32>; S],
    /// ) -> Result<(), Error> {
    ///     let (len, shape) = (p.len(), Shape::vector(p.len()));
    ///     let shards = || (0..len).step_by(BLOCK).map(|start| start..len.min(start + BLOCK));
    ///     let mut step = optimizer.begin(clock)?;
    ///     while step.scope().is_some() {
    ///         // Each rank sums its shards. Sums are plain data, and they can be merged in any order.
    ///         let mut sums = Sums::ZERO;
    ///         for shard in shards().rev() {
    ///             let state = state.each_ref().map(|slot| &slot[shard.clone()]);
    ///             sums += step.measure(&p[shard.clone()], &g[shard], state)?;
    ///         }
    ///         step = step.update(&sums, &shape, [(); S].map(|()| &mut [][..]))?;
    ///     }
    ///     for shard in shards() {
    ///         let state = state.each_mut().map(|slot| &mut slot[shard.clone()]);
    ///         step.apply(&mut p[shard.clone()], &g[shard], state)?;
    ///     }
    ///     step.applied()?.commit(clock)
    /// }
    ///
    /// /// Three steps in shards and three of the whole tensor.
    /// fn compare<O: Optimizer<S>, const S: usize>(optimizer: O) -> Result<(), Error> {
    ///     let grads: Vec<f32> = (0..3000).map(|i| (i as f32).sin()).collect();
    ///     let (mut p, mut clock) = (vec![1.0; 3000], O::Clock::default());
    ///     let mut state = [(); S].map(|()| vec![0.0; 3000]);
    ///     optimizer.init(&p, state.each_mut().map(|slot| &mut slot[..]))?;
    ///     let (mut q, mut other_clock, mut other) = (p.clone(), clock, state.clone());
    ///     for _ in 0..3 {
    ///         sharded(&optimizer, &mut clock, (&mut p, &grads), &mut state)?;
    ///         let step = optimizer.begin(&other_clock)?;
    ///         step.apply(&mut q, &grads, other.each_mut().map(|slot| &mut slot[..]))?.commit(&mut other_clock)?;
    ///     }
    ///     assert_eq!((p, state, clock), (q, other, other_clock));
    ///     Ok(())
    /// }
    ///
    /// compare(AdamW::DEFAULT)?;
    /// compare(Lamb::DEFAULT)?;
    /// compare(Prodigy::DEFAULT)?;
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Step::apply`].
    pub fn measure<const S: usize>(&self, params: &[f32], grads: &[f32], state: [&[f32]; S]) -> Result<Sums, Error>
    where
        U: Rule<S>,
    {
        let streams = Streams::measuring(params, grads, state, &U::EXTENTS)?;
        self.check()?;
        Ok(units::sums(Supported::active(), &self.fused, self.progress.done.into(), streams))
    }

    /// The step after the next pass, whose sums over all pieces of one unit are these. A pass over tensors, rows or blocks goes on
    /// with a step for each unit.
    ///
    /// `shape` is that of the tensor. For a pass over all tensors any shape will do.
    /// `state` has the number of the unit in the slots whose extent is that of the pass; it is brought up to date. Slots of another
    /// extent are not looked at and may be empty.
    ///
    /// # Errors
    /// [`Error::Length`] where a slot of the pass's extent does not have one number, [`Error::NotFinite`] for a sum over all
    /// tensors that is not finite. Nothing has been written then.
    pub fn update<const S: usize>(&self, sums: &Sums, shape: &Shape, mut state: [&mut [f32]; S]) -> Result<Self, Error>
    where
        U: Rule<S>,
    {
        let mut step = *self;
        let Some(scope) = self.scope() else { return Ok(step) };
        let mut numbers = [0.0; S];
        for (slot, (extent, number)) in U::EXTENTS.iter().zip(&mut numbers).enumerate() {
            if extent.is_of(scope) {
                match state.get(slot) {
                    Some([found]) => *number = *found,
                    found => {
                        let found = found.map_or(0, |slot| slot.len());
                        return Err(Error::Length { slice: Slice::of_slot(slot, *extent), expected: 1, found });
                    }
                }
            }
        }
        if scope == Scope::All {
            check_sums(sums)?;
        }
        let numbers = step.complete(self.progress.done.into(), sums, numbers, shape.is_matrix);
        if scope == Scope::All {
            step.fused.check()?;
        }
        for ((extent, number), slot) in U::EXTENTS.iter().zip(numbers).zip(&mut state) {
            if extent.is_of(scope) {
                slot.fill(number);
            }
        }
        Ok(step)
    }

    /// What is left to do when every piece has been stepped: for engines that make the passes by themselves, and whose clock may follow
    /// from their sums.
    ///
    /// # Errors
    /// [`Error::NotMeasured`] where a pass over all tensors is missing.
    pub fn applied<const S: usize>(&self) -> Result<C::Applied, Error>
    where
        U: Rule<S>,
    {
        if usize::from(self.progress.done) < over_all::<Adapted<U, A>, S>() {
            return Err(Error::NotMeasured);
        }
        Ok(self.next.applied())
    }

    /// [`Step::apply_all`] for groups of parameters, each with its own step, of an optimizer that looks at all tensors: their sums
    /// are those of all groups together. The steps come from [`Optimizer::begin_groups`](crate::Optimizer::begin_groups).
    ///
    /// # Errors
    /// Those of `apply_all`; [`Error::GroupClock`] for a group that would bring the clock to another state than the first one. No
    /// tensor has been written then.
    pub fn apply_groups<G: Gradients, const S: usize, const N: usize>(
        steps: [Self; N],
        lists: [&mut [Tensor<'_, S, G>]; N],
    ) -> Result<C::Applied, Error>
    where
        U: Rule<S>,
    {
        Step::run_groups(steps, lists)
    }

    /// [`Step::apply_groups`] for tensors of any type.
    pub(crate) fn run_groups<I: Item<S>, const S: usize, const N: usize>(
        mut steps: [Self; N],
        mut lists: [&mut [I]; N],
    ) -> Result<C::Applied, Error>
    where
        U: Rule<S>,
    {
        const { assert!(N > 0, "there is at least one group") };
        steps.iter().zip(&mut lists).try_for_each(|(step, list)| step.check_all(list))?;
        let backend = Supported::active();
        for pass in 0..over_all::<Adapted<U, A>, S>() {
            let mut total = Sums::ZERO;
            for (step, list) in steps.iter().zip(&mut lists) {
                step.sum_all(backend, pass, list, &mut total);
            }
            check_sums(&total)
                .map_err(|error| Self::located(error, lists.iter_mut().flat_map(|list| list.iter_mut())))?;
            for step in &mut steps {
                step.complete(pass, &total, [0.0; S], false);
            }
        }
        steps.iter().try_for_each(|step| step.fused.check())?;
        let [first, ..] = steps.as_slice() else { return Err(Error::GroupClock { group: 0 }) };
        if let Some(group) = steps.iter().position(|step| step.next != first.next) {
            return Err(Error::GroupClock { group });
        }
        let applied = first.next.applied();
        steps.iter().zip(lists).for_each(|(step, list)| step.finish_all(backend, list));
        Ok(applied)
    }
}

impl<U, A: Adapter, C: Clock> Step<U, A, C> {
    /// Moves the clock to where it is after the step, when all tensors have been stepped. A step that is dropped instead leaves no
    /// trace.
    ///
    /// Where the clock follows from the sums of the step, as Prodigy's does, this does not compile: commit what
    /// [`Step::apply_all`] returns.
    ///
    /// # Errors
    /// [`Error::Stale`] where the clock is neither the one that the step began from nor the one after it, which another group has
    /// committed already. The clock has not moved then.
    pub fn commit<const S: usize>(self, clock: &mut C) -> Result<(), Error>
    where
        U: Rule<S>,
    {
        const {
            assert!(
                !<Adapted<U, A> as Rule<S>>::PASSES.set_clock(),
                "the clock of this optimizer follows from the sums of a step: commit what `apply_all` returns"
            );
        }
        Applied::new(self.next).commit(clock)
    }
}

/// Refuses sums over all tensors that are NaN or infinite.
#[inline]
fn check_sums(sums: &Sums) -> Result<(), Error> {
    match sums.not_finite() {
        None => Ok(()),
        Some(value) => Err(Error::NotFinite { name: "sum", value }),
    }
}

/// Whether a rule looks at each element by itself.
const fn is_element_wise<U: Rule<S>, const S: usize>() -> bool {
    U::PASSES.is_empty()
}

/// How many passes over all tensors a rule has.
const fn over_all<U: Rule<S>, const S: usize>() -> usize {
    U::PASSES.over_all()
}

impl<U, A, C> Step<U, A, C> {
    /// Fuses an adapter in. Adapters of gradients act in the order in which they were added.
    #[inline(always)]
    pub fn with<B: Adapter>(self, adapter: B) -> Step<U, Chain<A, B>, C> {
        let Step { fused: Adapted { rule, adapter: first }, mut progress, next } = self;
        progress.done = 0;
        Step { fused: Adapted { rule, adapter: Chain { first, second: adapter } }, progress, next }
    }

    /// Fuses in what follows the parameters, such as [an average](crate::average). Its buffers become the last state slots.
    #[inline(always)]
    pub fn then<F: Follower<N>, const N: usize>(self, follower: F) -> Step<Followed<U, F, N>, A, C> {
        self.map(|rule| Followed { rule, follower })
    }

    /// `p ← min(max(p, low), high)` after the step: keeps parameters in a box; NaN stays NaN. What is fused in later sees the
    /// bounded parameters. `f32::MAX` and its negative bound nothing.
    ///
    /// A bound that is not a finite f32, or a `high` below `low`, is an error of [`Step::apply`].
    #[inline(always)]
    pub fn clamp_params(self, low: f64, high: f64) -> Step<Followed<U, ClampParams, 0>, A, C> {
        self.then(ClampParams::new(low, high))
    }

    /// Keeps what rounding takes off the parameters in one more state slot, the last one, which starts at zero.
    ///
    /// A step below half of a parameter's last digit is lost otherwise: with SGD at `lr` 1e-8 a parameter of 1 never changes,
    /// nor does it under the decay of AdamW at `lr` 1e-6. With this slot a million such steps count. Parameter and
    /// compensation together have some 48 bits. Fuse it in before [`Step::then`] and after [`Step::cautious`].
    ///
    /// ```
    /// use gradstep::{Optimizer, Sgd};
    ///
    /// let sgd = Sgd { lr: 1e-8, ..Sgd::DEFAULT };
    /// let (mut p, mut compensation, mut clock) = ([1.0], [0.0], 0);
    /// for _ in 0..100_000 {
    ///     sgd.tick(&mut clock)?.compensated().apply(&mut p, &[1.0], [&mut compensation])?;
    /// }
    /// assert_eq!(p, [0.999]);
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    #[inline(always)]
    pub fn compensated(self) -> Step<U::Compensated, A, C>
    where
        U: Compensate,
    {
        self.map(U::compensate)
    }

    /// Moves only the elements whose update has the sign of their gradient: see [`Cautious`].
    #[inline(always)]
    pub fn cautious(self) -> Step<U::With<Cautious<U::Direction>>, A, C>
    where
        U: Wrap,
    {
        self.map(|rule| rule.wrap(Cautious))
    }

    /// Moves only the elements whose update has the sign of their gradient, and divides their updates by the share of such
    /// elements in the tensor, at least 1e-3.
    ///
    /// ```text
    /// u ← u where u·g > 0, else 0;  u ← u / max(share, 1e-3)
    /// ```
    ///
    /// Source: Liang, Chen, Liu & Liu, "Cautious Optimizers: Improving Training with One Line of Code", 2024,
    /// arXiv 2411.16085; timm's `caution=True`. [`Step::cautious`] does without the share, in one pass.
    ///
    /// ```
    /// use gradstep::{Lion, Optimizer};
    ///
    /// let lion = Lion { lr: 0.25, ..Lion::DEFAULT };
    /// let (mut params, mut m) = ([1.0; 4], [1.0, 1.0, -1.0, -1.0]);
    /// // The momentum of the last two elements is against their gradient: a half moves, twice as far.
    /// lion.tick(&mut 0)?.cautious_mean().apply(&mut params, &[0.01; 4], [&mut m])?;
    /// assert_eq!(params, [0.5, 0.5, 1.0, 1.0]);
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    #[inline(always)]
    pub fn cautious_mean(self) -> Step<U::With<CautiousMean<U::Direction>>, A, C>
    where
        U: Wrap,
    {
        self.map(|rule| rule.wrap(CautiousMean::new))
    }

    /// Scales the update of a tensor down to a root mean square of `rms`, if it is larger. Weight decay is not scaled.
    ///
    /// ```text
    /// u ← u / max(1, √mean(u²) / rms)
    /// ```
    ///
    /// The update is what the step subtracts, with the learning rate: Adafactor's threshold d is an `rms` of `lr · d`. An `rms`
    /// that is NaN, infinite or not above 0 is an error of [`Step::apply`].
    ///
    /// Source: Shazeer & Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018, arXiv 1804.04235,
    /// section 6.
    #[inline(always)]
    pub fn bound_update(self, rms: f64) -> Step<U::With<Bounded<U::Direction>>, A, C>
    where
        U: Wrap,
    {
        self.map(|rule| rule.wrap(|direction| Bounded::new(direction, rms)))
    }

    /// `g ← factor · g`: unscales a scaled loss, takes the mean of a sum, or applies the factor of a clip by norm.
    ///
    /// A factor that is not a finite f32 is an error of [`Step::apply`].
    #[inline(always)]
    pub fn scale_grads(self, factor: f64) -> Step<U, Chain<A, ScaleGrads>, C> {
        self.with(ScaleGrads::new(factor))
    }

    /// `g ← min(max(g, −limit), limit)`, clipping by value; NaN stays NaN.
    ///
    /// A limit that is NaN, infinite or negative is an error of [`Step::apply`].
    #[inline(always)]
    pub fn clip_by_value(self, limit: f64) -> Step<U, Chain<A, ClipByValue>, C> {
        self.with(ClipByValue::new(limit))
    }

    /// `g ← g + weight_decay · p`: an L2 penalty, coupled to the step through the gradient.
    ///
    /// A weight decay that is NaN, infinite or negative is an error of [`Step::apply`].
    #[inline(always)]
    pub fn l2(self, weight_decay: f64) -> Step<U, Chain<A, Objective>, C> {
        self.with(Objective::new(false, weight_decay))
    }

    /// `p ← p − rate · p` before the step, decoupled from the gradient (Loshchilov & Hutter 2017, arXiv 1711.05101).
    /// The rate is the learning rate times the weight decay.
    ///
    /// A rate that is NaN, infinite or negative is an error of [`Step::apply`].
    #[inline(always)]
    pub fn decoupled_decay(self, rate: f64) -> Step<U, Chain<A, DecoupledDecay>, C> {
        self.with(DecoupledDecay::new(rate))
    }

    /// `g ← −g`: ascends instead of descending.
    #[inline(always)]
    pub fn maximize(self) -> Step<U, Chain<A, Objective>, C> {
        self.with(Objective::new(true, 0.0))
    }

    /// Subtracts the mean of the gradients of a row from each of them. Give a matrix its [rows](Tensor::rows); the gradients of
    /// vectors are left as they are, as libraries do.
    ///
    /// Source: Yong, Huang, Hua & Zhang, "Gradient Centralization: A New Optimization Technique for Deep Neural Networks",
    /// 2020, arXiv 2004.01461; `optax.centralize`.
    ///
    /// ```
    /// use gradstep::{Optimizer, Sgd, Tensor};
    ///
    /// let (mut params, grads) = ([0.0; 4], [1.0, 3.0, 5.0, 5.0]);
    /// let step = Sgd { lr: 1.0, ..Sgd::DEFAULT }.tick(&mut 0)?.centralize_grads();
    /// step.apply_all(&mut [Tensor::new::<[f32; 0]>(&mut params, &grads, &mut []).rows(2)])?;
    /// assert_eq!(params, [1.0, -1.0, 0.0, 0.0]);
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    #[inline(always)]
    pub fn centralize_grads(self) -> Step<U, Chain<A, CentralizeGrads>, C> {
        self.with(CentralizeGrads::new())
    }

    /// Tells the step its loss, which some optimizers need. The others ignore it, so the same code serves all.
    #[inline(always)]
    pub fn loss(mut self, loss: f64) -> Self {
        self.progress.loss = Some(loss);
        self
    }

    #[inline(always)]
    fn map<V>(self, make: impl FnOnce(U) -> V) -> Step<V, A, C> {
        let Step { fused: Adapted { rule, adapter }, progress, next } = self;
        Step { fused: Adapted { rule: make(rule), adapter }, progress, next }
    }
}
