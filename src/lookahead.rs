use crate::average::toward;
use crate::optim::next_step;
use crate::rule::Follower;
use crate::{Error, Real, Slice, check};

/// Every few steps the weights go back to a slow copy that has moved a part of the way toward them.
///
/// ```text
/// every `period` steps:  s ← s + alpha·(p − s);  p ← s
/// ```
///
/// Source: Zhang, Lucas, Hinton & Ba, "Lookahead Optimizer: k steps forward, 1 step back", 2019, arXiv 1907.08610;
/// `optax.lookahead`, timm's `Lookahead` (whose values are the defaults). The slow copy starts as the parameters.
///
/// ```
/// use gradstep::{Lookahead, Optimizer, Rule, Sgd};
///
/// let (sgd, lookahead) = (Sgd { lr: 0.1, ..Sgd::default() }, Lookahead { alpha: 0.5, period: 2 });
/// let (mut clock, mut lookahead_clock) = (0, 0);
/// let (mut w, mut slow, grads) = ([1.0], [1.0], [1.0]);
/// for _ in 0..4 {
///     let rule = sgd.tick(&mut clock)?;
///     match lookahead.tick(&mut lookahead_clock)? {
///         None => rule.apply(&mut w, &grads, [])?,
///         Some(sync) => rule.then(sync).apply(&mut w, &grads, [&mut slow])?,
///     }
/// }
/// assert_eq!(w, slow);
/// assert!((w[0] - 0.8).abs() < 1e-6);
/// # Ok::<(), gradstep::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lookahead {
    /// The part of the way that the slow copy moves, in [0, 1]. Default 0.5.
    pub alpha: f64,
    /// Steps between two synchronisations, at least 1. Default 6.
    pub period: u64,
}

impl Default for Lookahead {
    fn default() -> Self {
        Lookahead { alpha: 0.5, period: 6 }
    }
}

impl Lookahead {
    /// Counts one more step and says whether it ends with a synchronisation. The clock starts at 0.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a field out of range, [`Error::ClockOverflow`]. The clock has not moved then.
    pub fn tick(&self, clock: &mut u64) -> Result<Option<Synchronise>, Error> {
        let alpha = check::at_most_one("alpha", self.alpha)? as f32;
        let step = next_step(*clock)?;
        // A period of 0 has no remainder.
        let due = step.checked_rem(self.period).ok_or(Error::HyperParameter {
            name: "period",
            value: 0.0,
            expected: "at least 1",
        })?;
        *clock = step;
        Ok((due == 0).then_some(Synchronise { alpha }))
    }
}

/// The synchronisation of [`Lookahead`]: fuse it by [`Rule::then`](crate::Rule::then) or call it after the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Synchronise {
    alpha: f32,
}

impl Synchronise {
    /// Synchronises the weights and their slow copy in a pass of its own.
    ///
    /// # Errors
    /// [`Error::Length`] where the slow copy (named as state slot 0) is not as long as the parameters. Nothing has
    /// been written then.
    pub fn apply(&self, params: &mut [f32], slow: &mut [f32]) -> Result<(), Error> {
        if slow.len() != params.len() {
            return Err(Error::Length { slice: Slice::State(0), expected: params.len(), found: slow.len() });
        }
        for (p, s) in params.iter_mut().zip(slow) {
            (*p, *s) = self.follow(*p, *s);
        }
        Ok(())
    }
}

impl Follower for Synchronise {
    #[inline(always)]
    fn follow<R: Real>(&self, p: R, slow: R) -> (R, R) {
        let slow = toward(slow, p, self.alpha);
        (slow, slow)
    }
}
