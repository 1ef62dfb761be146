use super::checked::accepted;
use crate::check;
use crate::error::Error;
use crate::range::Range;

/// The rate is multiplied by a factor when a metric, usually a loss, has not improved for some time.
///
/// ```text
/// better:  metric < best − relative·|best| − absolute;  metric > best + relative·|best| + absolute if it is to grow
/// more than `patience` metrics in a row that are not better:  lr ← max(lr·factor, min_lr), and
/// the next `cooldown` metrics do not count as bad
/// ```
///
/// Metrics come in any unit and at any interval, usually one an epoch. One that is NaN or infinite counts as bad.
///
/// | preset | patience | eps |
/// |---|---|---|
/// | [`ReduceOnPlateau::torch`], `torch.optim.lr_scheduler.ReduceLROnPlateau`, PyTorch 2.15 | 10: the eleventh bad metric reduces | 1e-8 |
/// | [`ReduceOnPlateau::optax`], `optax.contrib.reduce_on_plateau`, optax 0.2.8 | 9: the tenth one, as optax's own `patience` of 10 means | 0 |
///
/// torch's `threshold` is `relative` with the threshold mode `rel`, and `absolute` with `abs`; the other one is 0.
/// optax's `rtol` and `atol` are the two together. Both presets are [`signed`](ReduceOnPlateau::signed). optax scales updates and not a rate: start at a rate of 1, and
/// multiply your rate by it.
///
/// ```
/// use gradstep::schedule::{Plateau, ReduceOnPlateau};
///
/// let (schedule, mut state) = (ReduceOnPlateau { factor: 0.5, patience: 1, ..ReduceOnPlateau::DEFAULT }, Plateau::new(0.1));
/// for loss in [3.0, 2.0, 2.0, 2.0] {
///     schedule.update(&mut state, loss)?;
/// }
/// assert_eq!(state.lr, 0.05);
/// # Ok::<(), gradstep::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct ReduceOnPlateau {
    /// What the rate is multiplied by. Above 0 and below 1. Default 0.1.
    pub factor: f64,
    /// How many bad metrics in a row are tolerated; the next one reduces the rate. Default 10.
    pub patience: u64,
    /// The part of the best metric by which a better one differs. At least 0 and below 1. Default 1e-4.
    pub relative: f64,
    /// Takes `relative·best` in place of `relative·|best|`, as torch and optax do. A worse metric than a negative best one may
    /// then count as better. Default false.
    pub signed: bool,
    /// The amount by which a better metric differs from the best one, in its unit. At least 0. Default 0.
    pub absolute: f64,
    /// Metrics after a reduction that do not count as bad. Default 0.
    pub cooldown: u64,
    /// The smallest rate that a reduction gives. At least 0. Default 0.
    pub min_lr: f64,
    /// Reductions by this much or less are left out. At least 0. Default 1e-8.
    pub eps: f64,
    /// Whether a larger metric is better, as with an accuracy. Default false.
    pub maximize: bool,
}

/// What [`ReduceOnPlateau`] remembers between metrics.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Plateau {
    /// The learning rate now.
    pub lr: f64,
    /// The best metric so far; none before the first.
    pub best: Option<f64>,
    /// Bad metrics in a row.
    pub bad: u64,
    /// How many of the next metrics do not count as bad.
    pub cooldown: u64,
}

impl Plateau {
    /// The state before the first metric, with a learning rate, which the first update checks.
    pub const fn new(lr: f64) -> Self {
        Plateau { lr, best: None, bad: 0, cooldown: 0 }
    }
}

impl ReduceOnPlateau {
    /// The default, as a constant.
    pub const DEFAULT: Self = ReduceOnPlateau {
        factor: 0.1,
        patience: 10,
        relative: 1e-4,
        signed: false,
        absolute: 0.0,
        cooldown: 0,
        min_lr: 0.0,
        eps: 1e-8,
        maximize: false,
    };

    /// PyTorch's: the default, but [`signed`](ReduceOnPlateau::signed).
    pub const fn torch() -> Self {
        ReduceOnPlateau { signed: true, ..ReduceOnPlateau::DEFAULT }
    }

    /// optax's: the tenth bad metric in a row reduces, by however little.
    pub const fn optax() -> Self {
        ReduceOnPlateau { patience: 9, eps: 0.0, ..ReduceOnPlateau::torch() }
    }

    /// Updates the state with one more metric. Then [`Plateau::lr`] is the rate of the next steps.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a field out of its range, [`Error::Coefficient`] for one that f32 turns into 0,
    /// [`Error::Clock`] for a rate in the state that is no finite f32 of at least 0. The state has not changed then.
    pub fn update(&self, state: &mut Plateau, metric: f64) -> Result<(), Error> {
        check::field("factor", self.factor, Range::OpenFraction)?;
        check::field("relative", self.relative, Range::Fraction)?;
        check::field("absolute", self.absolute, Range::NonNegative)?;
        check::field("min_lr", self.min_lr, Range::NonNegative)?;
        check::field("eps", self.eps, Range::NonNegative)?;
        check::clock("lr", state.lr, Range::NonNegative)?;
        if self.is_better(metric, state.best) {
            (state.best, state.bad) = (Some(metric), 0);
        } else {
            state.bad = state.bad.saturating_add(1);
        }
        if state.cooldown > 0 {
            (state.cooldown, state.bad) = (state.cooldown.saturating_sub(1), 0);
        }
        if state.bad > self.patience {
            (state.cooldown, state.bad) = (self.cooldown, 0);
            let reduced = state.lr * self.factor;
            let reduced = accepted(if reduced < self.min_lr { self.min_lr } else { reduced });
            if state.lr - reduced > self.eps {
                state.lr = reduced;
            }
        }
        Ok(())
    }

    fn is_better(&self, metric: f64, best: Option<f64>) -> bool {
        metric.is_finite()
            && best.is_none_or(|best| {
                let is_turned = best < 0.0 && !self.signed;
                let share = if self.maximize != is_turned { 1.0 + self.relative } else { 1.0 - self.relative };
                if self.maximize {
                    metric > best * share + self.absolute
                } else {
                    metric < best * share - self.absolute
                }
            })
    }
}

impl Default for ReduceOnPlateau {
    fn default() -> Self {
        ReduceOnPlateau::DEFAULT
    }
}
