use crate::check;
use crate::error::{Error, Slice};
use crate::math::Lerp;
use crate::range::Range;
use crate::real::Real;
use crate::rule::{Follower, Rule};
use crate::run::{Wrong, pass};

/// Keeps a slow copy of the weights. Every `period` steps the copy moves a part of the way toward the weights, and then
/// the weights are set to the copy.
///
/// ```text
/// every `period` steps:  s ← s + alpha·(p − s);  p ← s
/// ```
///
/// Source: Zhang, Lucas, Hinton & Ba, "Lookahead Optimizer: k steps forward, 1 step back", 2019, arXiv 1907.08610; the
/// form of `optax.lookahead` and pytorch_optimizer's `Lookahead`, with timm's values. The slow copy starts as the
/// parameters. timm's `Lookahead` makes its slow copy at the first synchronization, which therefore changes nothing. To
/// match timm, make the slow copy after `period` steps and start the clock then.
///
/// To reset the state of the optimizer at a synchronization (optax's `reset_state`), call
/// [`Optimizer::init`](crate::Optimizer::init) and start a new clock. To pull a momentum buffer back too (pytorch_optimizer's
/// `pullback_momentum`), keep a slow copy of the buffer and call [`Synchronize::apply`] with both.
///
/// ```
/// use gradstep::average::Lookahead;
/// use gradstep::{Optimizer, Sgd};
///
/// let (sgd, lookahead) = (Sgd { lr: 0.1, ..Sgd::DEFAULT }, Lookahead { alpha: 0.5, period: 2 });
/// let (mut clock, mut lookahead_clock) = (0, 0);
/// let (mut w, mut slow, grads) = ([1.0], [1.0], [1.0]);
/// for _ in 0..4 {
///     let step = sgd.tick(&mut clock)?;
///     match lookahead.tick(&mut lookahead_clock)? {
///         None => step.apply(&mut w, &grads, [])?,
///         Some(sync) => step.then(sync).apply(&mut w, &grads, [&mut slow])?,
///     }
/// }
/// assert_eq!(w, slow);
/// assert!((w[0] - 0.8).abs() < 1e-6);
/// # Ok::<(), gradstep::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct Lookahead {
    /// How far the slow copy moves toward the weights, as a part of the distance. In [0, 1]. Default 0.5.
    pub alpha: f64,
    /// Steps between two synchronizations. At least 1. Default 6.
    pub period: u64,
}

impl Lookahead {
    /// The default, as a constant.
    pub const DEFAULT: Self = Lookahead { alpha: 0.5, period: 6 };

    /// Counts one more step, and returns the synchronization if the step ends with one. The clock starts at 0.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a field out of range, [`Error::ClockOverflow`]. The clock has not advanced then.
    pub fn tick(&self, clock: &mut u64) -> Result<Option<Synchronize>, Error> {
        check::field("alpha", self.alpha, Range::Share)?;
        check::field("period", self.period as f64, Range::AtLeast(1.0))?;
        let step = check::next_step(*clock)?;
        *clock = step;
        let is_due = step.checked_rem(self.period) == Some(0);
        Ok(is_due.then_some(Synchronize { lerp: Lerp::new(self.alpha) }))
    }
}

impl Default for Lookahead {
    fn default() -> Self {
        Lookahead::DEFAULT
    }
}

/// The synchronization of [`Lookahead`]: fuse it by [`Step::then`](crate::Step::then), or call it after the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Synchronize {
    lerp: Lerp,
}

impl Synchronize {
    /// Synchronizes the weights and their slow copy after the step.
    ///
    /// # Errors
    /// [`Error::Length`] where the slow copy is not as long as the parameters. Nothing has been written then.
    pub fn apply(&self, params: &mut [f32], slow: &mut [f32]) -> Result<(), Error> {
        pass(*self, slow, params, Wrong::Buffer(Slice::Slow))?;
        params.iter_mut().zip(slow).for_each(|(p, s)| *p = *s);
        Ok(())
    }
}

impl Follower for Synchronize {
    #[inline(always)]
    fn follow<R: Real>(&self, p: R, [slow]: [R; 1]) -> (R, [R; 1]) {
        let slow = self.lerp.between(slow, p);
        (slow, [slow])
    }
}

/// The move of the slow copy, in a pass over it and the parameters.
impl Rule<0> for Synchronize {
    #[inline(always)]
    fn lane<R: Real>(&self, slow: R, p: R, []: [R; 0]) -> (R, [R; 0]) {
        (self.lerp.between(slow, p), [])
    }
}
