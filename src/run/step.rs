use super::arch::{self, Supported};
#[cfg(feature = "rayon")]
use super::parallel;
use super::streams::Streams;
use super::sweep::sweep;
use super::tensor::Tensor;
#[cfg(feature = "rayon")]
use super::tensor::take_mut;
use crate::backend::Backend;
use crate::error::Error;
use crate::rule::{
    Adapted, Adapter, Cautious, Chain, ClampParams, ClipGrads, Compensate, DecoupledDecay, Followed, Follower,
    Objective, Rule, ScaleGrads, Unadapted, Wrap,
};
use core::iter;

/// One step, ready to be applied: a [`Rule`] with the coefficients of this step, and what is fused into it.
///
/// [`Optimizer::tick`](crate::Optimizer::tick) makes one; [`Step::of`] makes one of your own rule. It is a plain value:
/// apply it once for each tensor, shard or chunk, from any thread.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use = "a step changes nothing until it is applied"]
pub struct Step<U, A = Unadapted> {
    fused: Adapted<U, A>,
    /// Whether state that fades is stored as zero where it is tiny.
    sweeps: bool,
}

impl<U> Step<U> {
    /// A step of a rule, with nothing fused in.
    #[inline(always)]
    pub const fn of(rule: U) -> Self {
        Step { fused: Adapted { rule, adapter: Unadapted }, sweeps: false }
    }

    /// Step `t` of a rule. Every 64th sweeps the state.
    #[inline(always)]
    pub(crate) const fn at(t: u64, rule: U) -> Self {
        Step { fused: Adapted { rule, adapter: Unadapted }, sweeps: t.is_multiple_of(64) }
    }
}

impl<U, A> Step<U, A> {
    /// A rule behind an adapter. It sweeps the state or not.
    #[inline(always)]
    pub(crate) const fn of_parts(sweeps: bool, rule: U, adapter: A) -> Self {
        Step { fused: Adapted { rule, adapter }, sweeps }
    }

    /// Whether the state is swept, the rule and the adapter.
    #[inline(always)]
    pub(crate) fn into_parts(self) -> (bool, U, A) {
        (self.sweeps, self.fused.rule, self.fused.adapter)
    }

    /// The rule, with its coefficients.
    #[inline(always)]
    pub const fn rule(&self) -> &U {
        &self.fused.rule
    }

    /// Updates the parameters and their state in one pass over memory, on the [active](Backend::active) backend.
    ///
    /// All slices have the same length, which may be zero. A value depends only on its own inputs, so the slices may
    /// be split in any way over calls and threads.
    ///
    /// The addresses of the slices matter for speed alone: in cache a step can take three times as long where two of its
    /// slices start at the same offset within a page of 4 KiB, and from memory where their addresses differ by nearly a
    /// power of two (measured on Zen 4; a distance of one page more is enough to avoid both).
    ///
    /// # Errors
    /// [`Error::Length`] where a slice is not as long as `params`; [`Error::HyperParameter`] or [`Error::Coefficient`]
    /// for the argument of an adapter. Nothing has been written then.
    #[inline]
    pub fn apply<const S: usize>(&self, params: &mut [f32], grads: &[f32], state: [&mut [f32]; S]) -> Result<(), Error>
    where
        U: Rule<S>,
        A: Adapter,
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
    ) -> Result<(), Error>
    where
        U: Rule<S>,
        A: Adapter,
    {
        self.run(Supported::new(backend)?, params, grads, state)
    }

    /// Checks everything, then runs on a backend.
    #[inline]
    fn run<const S: usize>(
        &self,
        backend: Supported,
        params: &mut [f32],
        grads: &[f32],
        mut state: [&mut [f32]; S],
    ) -> Result<(), Error>
    where
        U: Rule<S>,
        A: Adapter,
    {
        let streams = Streams::new(params, grads, &mut state)?;
        self.fused.check()?;
        arch::run(backend, &self.fused, iter::once(streams));
        self.sweep(backend, &mut state);
        Ok(())
    }

    /// Stores zero for state that fades, every 64th step.
    #[inline]
    fn sweep<const S: usize>(&self, backend: Supported, state: &mut [&mut [f32]; S])
    where
        U: Rule<S>,
        A: Adapter,
    {
        let fades = self.fused.fades();
        if self.sweeps && fades.contains(&true) {
            sweep(backend, state, &fades);
        }
    }

    /// Steps a tensor that has been checked, with this step. A check is the user's code and is asked once, so that a step
    /// over many pieces happens as a whole or not at all.
    #[inline]
    pub(crate) fn run_checked<const S: usize>(&self, tensor: &mut Tensor<'_, S>)
    where
        U: Rule<S>,
        A: Adapter,
    {
        let backend = Supported::active();
        if let Ok(streams) = tensor.streams() {
            arch::run(backend, &self.fused, iter::once(streams));
            self.sweep(backend, &mut tensor.state);
        }
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
        mut state: [&mut [f32]; S],
    ) -> Result<(), Error>
    where
        U: Rule<S>,
        A: Adapter,
    {
        let streams = Streams::zeroing(params, grads, &mut state)?;
        self.fused.check()?;
        let backend = Supported::active();
        arch::run(backend, &self.fused, iter::once(streams));
        self.sweep(backend, &mut state);
        Ok(())
    }

    /// [`Step::apply`] for every tensor of a list, in one call.
    ///
    /// # Errors
    /// [`Error::TensorLength`] names the tensor and the slice whose length differs; the errors of adapters are those of
    /// `apply`. No tensor has been written then.
    #[inline]
    pub fn apply_all<const S: usize>(&self, tensors: &mut [Tensor<'_, S>]) -> Result<(), Error>
    where
        U: Rule<S>,
        A: Adapter,
    {
        self.check_all(tensors)?;
        let backend = Supported::active();
        // Their lengths have been checked, so none is left out.
        arch::run(backend, &self.fused, tensors.iter_mut().filter_map(|tensor| tensor.streams().ok()));
        tensors.iter_mut().for_each(|tensor| self.sweep(backend, &mut tensor.state));
        Ok(())
    }

    /// Checks the coefficients of the rule and of its adapters.
    #[inline]
    pub(crate) fn check_rule<const S: usize>(&self) -> Result<(), Error>
    where
        U: Rule<S>,
        A: Adapter,
    {
        self.fused.check()
    }

    /// Checks the step and the lengths of every tensor.
    #[inline]
    fn check_all<const S: usize>(&self, tensors: &mut [Tensor<'_, S>]) -> Result<(), Error>
    where
        U: Rule<S>,
        A: Adapter,
    {
        self.fused.check()?;
        tensors.iter_mut().enumerate().try_for_each(|(i, tensor)| tensor.check(i))
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
    ) -> Result<(), Error>
    where
        U: Rule<S>,
        A: Adapter,
    {
        let mut tensor = Tensor { params, grads, state };
        tensor.streams()?;
        self.fused.check()?;
        self.par_run_checked(tensor);
        Ok(())
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
        mut state: [&mut [f32]; S],
    ) -> Result<(), Error>
    where
        U: Rule<S>,
        A: Adapter,
    {
        Streams::zeroing(params, grads, &mut state)?;
        self.fused.check()?;
        parallel::pieces(Zeroing { params, grads, state }, &|mut piece: Zeroing<'_, S>| {
            let backend = Supported::active();
            if let Ok(streams) = Streams::zeroing(piece.params, piece.grads, &mut piece.state) {
                arch::run(backend, &self.fused, iter::once(streams));
                self.sweep(backend, &mut piece.state);
            }
        });
        Ok(())
    }

    /// [`Step::apply_all`] on rayon's current thread pool: small tensors are shared out, large ones are cut. See
    /// [`Step::par_apply`].
    ///
    /// # Errors
    /// Those of `apply_all`.
    #[cfg(feature = "rayon")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rayon")))]
    pub fn par_apply_all<const S: usize>(&self, tensors: &mut [Tensor<'_, S>]) -> Result<(), Error>
    where
        U: Rule<S>,
        A: Adapter,
    {
        self.check_all(tensors)?;
        parallel::list(tensors, &|tensor| tensor.params.len(), &|Tensor { params, grads, state }| {
            self.par_run_checked(Tensor { params, grads, state: state.each_mut().map(|slot| &mut **slot) })
        });
        Ok(())
    }

    /// [`Step::run_checked`] in pieces.
    #[cfg(feature = "rayon")]
    pub(crate) fn par_run_checked<const S: usize>(&self, tensor: Tensor<'_, S>)
    where
        U: Rule<S>,
        A: Adapter,
    {
        parallel::pieces(tensor, &|mut piece| self.run_checked(&mut piece));
    }

    /// Fuses an adapter in. Adapters of gradients act in the order in which they were added.
    #[inline(always)]
    pub fn with<B: Adapter>(self, adapter: B) -> Step<U, Chain<A, B>> {
        let Adapted { rule, adapter: first } = self.fused;
        Step { fused: Adapted { rule, adapter: Chain { first, second: adapter } }, sweeps: self.sweeps }
    }

    /// Fuses in what follows the parameters, such as [an average](crate::average). Its buffers become the last state slots.
    #[inline(always)]
    pub fn then<F: Follower<N>, const N: usize>(self, follower: F) -> Step<Followed<U, F, N>, A> {
        let Adapted { rule, adapter } = self.fused;
        Step { fused: Adapted { rule: Followed { rule, follower }, adapter }, sweeps: self.sweeps }
    }

    /// `p ← min(max(p, low), high)` after the step: keeps parameters in a box; NaN stays NaN. What is fused in later sees the
    /// bounded parameters. `f32::MAX` and its negative bound nothing.
    ///
    /// A bound that is not a finite f32, or a `high` below `low`, is an error of [`Step::apply`].
    #[inline(always)]
    pub fn clamp_params(self, low: f64, high: f64) -> Step<Followed<U, ClampParams, 0>, A> {
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
    pub fn compensated(self) -> Step<U::Compensated, A>
    where
        U: Compensate,
    {
        let Adapted { rule, adapter } = self.fused;
        Step { fused: Adapted { rule: rule.compensate(), adapter }, sweeps: self.sweeps }
    }

    /// Moves only the elements whose update has the sign of their gradient: see [`Cautious`].
    #[inline(always)]
    pub fn cautious(self) -> Step<U::With<Cautious<U::Direction>>, A>
    where
        U: Wrap,
    {
        let Adapted { rule, adapter } = self.fused;
        Step { fused: Adapted { rule: rule.wrap(Cautious), adapter }, sweeps: self.sweeps }
    }

    /// `g ← factor · g`: unscales a scaled loss, takes the mean of a sum, or applies the factor of a clip by norm.
    ///
    /// A factor that is not a finite f32 is an error of [`Step::apply`].
    #[inline(always)]
    pub fn scale_grads(self, factor: f64) -> Step<U, Chain<A, ScaleGrads>> {
        self.with(ScaleGrads::new(factor))
    }

    /// `g ← min(max(g, −limit), limit)`, clipping by value; NaN stays NaN.
    ///
    /// A limit that is NaN, infinite or negative is an error of [`Step::apply`].
    #[inline(always)]
    pub fn clip_grads(self, limit: f64) -> Step<U, Chain<A, ClipGrads>> {
        self.with(ClipGrads::new(limit))
    }

    /// `g ← g + weight_decay · p`: an L2 penalty, coupled to the step through the gradient.
    ///
    /// A weight decay that is NaN, infinite or negative is an error of [`Step::apply`].
    #[inline(always)]
    pub fn l2(self, weight_decay: f64) -> Step<U, Chain<A, Objective>> {
        self.with(Objective::new(false, weight_decay))
    }

    /// `p ← p − rate · p` before the step, decoupled from the gradient (Loshchilov & Hutter 2017, arXiv 1711.05101).
    /// The rate is the learning rate times the weight decay.
    ///
    /// A rate that is NaN, infinite or negative is an error of [`Step::apply`].
    #[inline(always)]
    pub fn decoupled_decay(self, rate: f64) -> Step<U, Chain<A, DecoupledDecay>> {
        self.with(DecoupledDecay::new(rate))
    }

    /// `g ← −g`: ascends instead of descending.
    #[inline(always)]
    pub fn maximize(self) -> Step<U, Chain<A, Objective>> {
        self.with(Objective::new(true, 0.0))
    }
}

/// The slices of a step that zeroes gradients.
#[cfg(feature = "rayon")]
struct Zeroing<'a, const S: usize> {
    params: &'a mut [f32],
    grads: &'a mut [f32],
    state: [&'a mut [f32]; S],
}

#[cfg(feature = "rayon")]
impl<const S: usize> parallel::Cut for Zeroing<'_, S> {
    fn len(&self) -> usize {
        self.params.len()
    }

    fn take(&mut self, len: usize) -> Self {
        Zeroing {
            params: take_mut(&mut self.params, len),
            grads: take_mut(&mut self.grads, len),
            state: self.state.each_mut().map(|slot| take_mut(slot, len)),
        }
    }
}
