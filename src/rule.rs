//! What one step does to one element, and the adapters that are fused into it.

mod adapter;
mod clip_grads;
mod decoupled_decay;
mod follower;
mod objective;
mod penalty;
mod scale_grads;

pub use adapter::{Adapted, Adapter};
pub use clip_grads::ClipGrads;
pub use decoupled_decay::DecoupledDecay;
pub use follower::{Followed, Follower};
pub use objective::Objective;
pub(crate) use penalty::Penalty;
pub use scale_grads::ScaleGrads;

use crate::simd::{self, Streams};
use crate::{Backend, Error, Real};

/// One step as a formula on one element, with its coefficients. `S` is the number of state slots, at most 8.
///
/// The formula is generic over [`Real`], so it is written once and runs on every backend, length and thread split with
/// the same bits. An optimizer of your own is one small implementation:
///
/// ```
/// use gradstep::{Real, Rule};
///
/// /// Momentum whose step is bounded: `b ← μb + g; p ← p − lr · b / (1 + |b|)`.
/// #[derive(Clone, Copy)]
/// struct SoftSign {
///     lr: f32,
///     momentum: f32,
/// }
///
/// impl Rule<1> for SoftSign {
///     #[inline(always)] // without it a step costs a call per vector
///     fn lane<R: Real>(&self, p: R, g: R, [b]: [R; 1]) -> (R, [R; 1]) {
///         let b = R::splat(self.momentum) * b + g;
///         let bounded = b / (R::splat(1.0) + b.abs());
///         (p - R::splat(self.lr) * bounded, [b])
///     }
/// }
///
/// let rule = SoftSign { lr: 0.5, momentum: 0.9 };
/// let (mut params, grads, mut buffer) = ([1.0; 5], [3.0; 5], [0.0; 5]);
/// rule.clip_grads(1.0).apply(&mut params, &grads, [&mut buffer])?;
/// assert_eq!(params, [0.75; 5]);
/// assert_eq!(buffer, [1.0; 5]);
/// # Ok::<(), gradstep::Error>(())
/// ```
pub trait Rule<const S: usize>: Copy {
    /// The new parameter and state of an element, from the old ones and the gradient that [`Rule::grad`] returned.
    ///
    /// Implementations carry `#[inline(always)]`.
    fn lane<R: Real>(&self, p: R, g: R, state: [R; S]) -> (R, [R; S]);

    /// What happens to the gradient before the step: nothing, unless adapters are fused in.
    #[inline(always)]
    fn grad<R: Real>(&self, _p: R, g: R) -> R {
        g
    }

    /// The same step with its switches as constants, for a loop over vectors without what is off. It must give the bits
    /// of `self`, for every input.
    ///
    /// An optimizer answers where it minimises and its weight decay is on or off as `DECAYS` says; it may demand more,
    /// and adapters answer what the rule inside them does. The driver asks with false, then with true, and takes `self`
    /// where both are `None`, for what whole vectors leave, and on the scalar backend.
    ///
    /// The default, `None`, is right for a rule without switches. One with an [`Objective`] passes the question on:
    ///
    /// ```
    /// use gradstep::{Adapter, Objective, Real, Rule};
    ///
    /// #[derive(Clone, Copy)]
    /// struct Descent {
    ///     objective: Objective,
    ///     lr: f32,
    /// }
    ///
    /// impl Rule<0> for Descent {
    ///     #[inline(always)]
    ///     fn plain<const DECAYS: bool>(self) -> Option<Self> {
    ///         Some(Descent { objective: self.objective.plain::<DECAYS>()?, ..self })
    ///     }
    ///
    ///     #[inline(always)]
    ///     fn lane<R: Real>(&self, p: R, g: R, []: [R; 0]) -> (R, [R; 0]) {
    ///         (p - R::splat(self.lr) * self.objective.grad(p, g), [])
    ///     }
    /// }
    /// # let rule = Descent { objective: Objective::new(false, 0.5)?, lr: 0.5 };
    /// # assert!(rule.plain::<false>().is_none() && rule.plain::<true>().is_some());
    /// # let mut p = [1.0];
    /// # rule.apply(&mut p, &[1.0], [])?;
    /// # assert_eq!(p, [0.25]);
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        None
    }

    /// Refuses coefficients that cannot be meant. [`Rule::apply`] asks before it writes.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] names the first one.
    #[inline(always)]
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Updates the parameters and their state in one pass over memory, on the [active](Backend::active) backend.
    ///
    /// All slices have the same length, which may be zero. A value depends only on its own inputs, so the slices may
    /// be split in any way over calls and threads.
    ///
    /// Slices may stand anywhere, but not anywhere is fast: in cache a step can take three times as long where two of its
    /// slices are at the same place within a page of 4 KiB, and from memory where they are nearly a power of two apart
    /// (measured on Zen 4; a page more is far enough).
    ///
    /// # Errors
    /// [`Error::Length`] where a slice is not as long as `params`, and what [`Rule::check`] returns. Nothing has been
    /// written then.
    #[inline]
    fn apply(&self, params: &mut [f32], grads: &[f32], state: [&mut [f32]; S]) -> Result<(), Error> {
        self.apply_on(Backend::active(), params, grads, state)
    }

    /// [`Rule::apply`] on rayon's current thread pool: the same bits for any number of threads.
    ///
    /// Slices that fit a core's cache stay on the calling thread. Make the thread of the training loop one of the pool's,
    /// by `ThreadPoolBuilder::use_current_thread` or inside `ThreadPool::install`: then it works while others wake, and
    /// takes back what they have not begun. From outside a call has to wait for them, so it takes them for larger slices
    /// only, and works on a share itself.
    ///
    /// An engine with threads of its own needs none of this. It cuts the slices where it likes and calls `apply` for
    /// each piece, at best a piece a thread and the same one in every step, so that its caches keep what they hold:
    ///
    /// ```
    /// use gradstep::{Momentum, Optimizer, Rule};
    ///
    /// let rule = Momentum::default().tick(&mut 0)?;
    /// let (mut params, grads, mut buffer) = (vec![1.0; 1000], vec![0.5; 1000], vec![0.0; 1000]);
    /// std::thread::scope(|scope| {
    ///     let pieces = params.chunks_mut(256).zip(grads.chunks(256)).zip(buffer.chunks_mut(256));
    ///     let threads: Vec<_> =
    ///         pieces.map(|((p, g), b)| scope.spawn(move || rule.apply(p, g, [b]))).collect();
    ///     threads.into_iter().try_for_each(|thread| thread.join().unwrap())
    /// })?;
    /// assert!(params.iter().all(|p| *p == 0.995));
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of `apply`.
    #[cfg(feature = "rayon")]
    fn par_apply(&self, params: &mut [f32], grads: &[f32], mut state: [&mut [f32]; S]) -> Result<(), Error>
    where
        Self: Sync,
    {
        Streams::new(params, grads, state.each_mut().map(|slot| &mut **slot))?;
        self.check()?;
        crate::parallel::Slices { params, grads, state }.apply(self)
    }

    /// [`Rule::apply`] on a chosen backend.
    ///
    /// # Errors
    /// Those of `apply`, and [`Error::UnsupportedBackend`] where this CPU or build cannot run it.
    #[inline]
    fn apply_on(
        &self,
        backend: Backend,
        params: &mut [f32],
        grads: &[f32],
        state: [&mut [f32]; S],
    ) -> Result<(), Error> {
        let streams = Streams::new(params, grads, state)?;
        self.check()?;
        simd::run(backend, self, streams)
    }

    /// Fuses an adapter in. Adapters of gradients act in the order in which they were added.
    #[inline(always)]
    fn with<A: Adapter>(self, adapter: A) -> Adapted<Self, A> {
        Adapted { rule: self, adapter }
    }

    /// Fuses a buffer that follows the parameters, such as [an average](crate::average): it becomes the last state
    /// slot.
    #[inline(always)]
    fn then<F: Follower>(self, follower: F) -> Followed<Self, F> {
        Followed { rule: self, follower }
    }

    /// `g ← factor · g`: unscales a scaled loss, takes the mean of a sum, or applies the factor of a clip by norm.
    ///
    /// A factor that is not a finite f32 is an error of [`Rule::apply`].
    #[inline(always)]
    fn scale_grads(self, factor: f64) -> Adapted<Self, ScaleGrads> {
        self.with(ScaleGrads::new(factor))
    }

    /// `g ← min(max(g, −limit), limit)`, clipping by value; NaN stays NaN.
    ///
    /// A limit that is NaN, infinite or negative is an error of [`Rule::apply`].
    #[inline(always)]
    fn clip_grads(self, limit: f64) -> Adapted<Self, ClipGrads> {
        self.with(ClipGrads::new(limit))
    }

    /// `g ← g + weight_decay · p`: an L2 penalty, coupled to the step through the gradient.
    ///
    /// A weight decay that is NaN, infinite or negative is an error of [`Rule::apply`].
    #[inline(always)]
    fn l2(self, weight_decay: f64) -> Adapted<Self, Objective> {
        self.with(Objective::unchecked(false, weight_decay))
    }

    /// `p ← p − rate · p` before the step, decoupled from the gradient (Loshchilov & Hutter 2017, arXiv 1711.05101).
    /// The rate is the learning rate times the weight decay.
    ///
    /// A rate that is NaN, infinite or negative is an error of [`Rule::apply`].
    #[inline(always)]
    fn decoupled_decay(self, rate: f64) -> Adapted<Self, DecoupledDecay> {
        self.with(DecoupledDecay::new(rate))
    }

    /// `g ← −g`: ascends instead of descending.
    #[inline(always)]
    fn maximize(self) -> Adapted<Self, Objective> {
        self.with(Objective::unchecked(true, 0.0))
    }
}
