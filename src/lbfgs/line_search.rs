use super::{Ray, at_most, finite, words, write};
use crate::check;
use crate::error::Error;
use crate::math::Factor;
use crate::range::Range;

/// A line search for a step length t that fulfils the strong Wolfe conditions, which keep the pairs of
/// [`Lbfgs`](super::Lbfgs) useful:
///
/// ```text
/// f(t) ≤ f(0) + c1 · t · f′(0)        the loss falls enough
/// |f′(t)| ≤ c2 · |f′(0)|              the slope flattens enough
/// ```
///
/// Source: Nocedal & Wright, "Numerical Optimization", 2nd ed., 2006, algorithms 3.5 and 3.6 with cubic interpolation (3.59),
/// and the bounds of `_strong_wolfe` in `torch.optim.lbfgs`, which come from minFunc.
///
/// Where it differs:
/// - From PyTorch, which takes the lower end of a bracket for the better one though its loss may not fall enough, and can lose
///   the minimum so: here it is the end whose loss falls enough, as in the book. A loss that rises ends the bracket from
///   the second trial on, as in the book, not from the third. The last evaluation may fulfil the conditions too. A step length is
///   always an f32, so that a loss is that of the step length which the search knows; a search ends where no f32 is left within
///   its bracket.
/// - From optax, whose `zoom_linesearch` also accepts a loss that is higher by rounding (`approx_dec_rtol`). Near the minimum such
///   a search fails here. A loss in f64 helps.
///
/// | field | PyTorch | optax |
/// |---|---|---|
/// | `c1` | `c1` | `slope_rtol` |
/// | `c2` | `c2` | `curv_rtol` |
/// | `max_evaluations` | `max_ls` + 1 | `max_linesearch_steps` |
/// | `tolerance_change` | `tolerance_change` | none |
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct StrongWolfe {
    /// The part of the slope at the start by which the loss has to fall. In (0, 1). Default 1e-4.
    pub c1: f64,
    /// The part of the slope at the start that may be left. At least `c1` and below 1. Default 0.9.
    pub c2: f64,
    /// The evaluations after which a search has failed. At least 1. Default 25.
    pub max_evaluations: u64,
    /// A search has failed where its bracket moves no parameter by this much. At least 0. Default 1e-9.
    pub tolerance_change: f64,
}

/// What the caller of a [`LineSearch`] does next.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Trial {
    /// Move to this step length, evaluate the loss and the gradient there, and report them.
    Evaluate(f64),
    /// The last evaluation, at this step length, fulfils both conditions: the parameters and gradients are those to go on with.
    Done(f64),
    /// The evaluations are used up, or the bracket is too small. Of the step lengths at which the loss falls enough, this one had
    /// the lowest; it is 0 where there was none. Move to it, and evaluate again to go on.
    Failed(f64),
}

/// A line search, as plain data. The caller evaluates: see [`Trial`]. One that is read from [bytes](LineSearch::to_bytes) or by
/// serde goes on to the bit.
///
/// ```
/// use gradstep::lbfgs::{Ray, StrongWolfe, Trial};
///
/// // The loss (t − 3)² has the slope −6 at 0.
/// let mut search = StrongWolfe { c2: 0.1, ..StrongWolfe::DEFAULT }.search(9.0, Ray { slope: -6.0, size: 1.0, first: 1.0 })?;
/// while let Trial::Evaluate(t) = search.trial() {
///     search.report((t - 3.0) * (t - 3.0), 2.0 * (t - 3.0))?;
/// }
/// assert_eq!(search.trial(), Trial::Done(3.0));
/// # Ok::<(), gradstep::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct LineSearch {
    wolfe: StrongWolfe,
    start: Point,
    size: f64,
    evaluations: u64,
    phase: Phase,
    trial: Trial,
}

/// A step length with the loss and the slope there.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
struct Point {
    t: f64,
    loss: f64,
    slope: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "snake_case")
)]
enum Phase {
    /// Goes further until there is a bracket around a good point: algorithm 3.5.
    Bracket { previous: Point },
    /// Makes the bracket smaller: algorithm 3.6. `low` has the lowest loss of the points whose loss falls enough, and is on
    /// either side. `stalled` says that the last trial was close to an end.
    Zoom { low: Point, high: Point, stalled: bool },
}

impl StrongWolfe {
    /// The default, as a constant: PyTorch's.
    pub const DEFAULT: Self = StrongWolfe { c1: 1e-4, c2: 0.9, max_evaluations: 25, tolerance_change: 1e-9 };

    /// Begins a search along a ray, from a point with this loss. The first trial is [`Ray::first`].
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a field out of range and for a `first` that is not above 0, [`Error::Coefficient`] for one
    /// that f32 turns into 0, [`Error::NotFinite`] for a loss, slope or size that is NaN or infinite, [`Error::NotDescent`] for
    /// a slope that is not below 0; it is 0 where the gradient is zero.
    pub fn search(&self, loss: f64, ray: Ray) -> Result<LineSearch, Error> {
        check::field("c1", self.c1, Range::OpenFraction)?;
        check::field("c2", self.c2, Range::OpenFraction)?;
        check::field("c2", self.c2, Range::AtLeast(self.c1))?;
        check::field("max_evaluations", self.max_evaluations as f64, Range::AtLeast(1.0))?;
        check::field("tolerance_change", self.tolerance_change, Range::NonNegative)?;
        let Ray { slope, size, first } = ray;
        finite("loss", loss)?;
        finite("slope", slope)?;
        finite("size", size)?;
        if slope >= 0.0 {
            return Err(Error::NotDescent { slope });
        }
        check::field("first", first, Range::Positive)?;
        let start = Point { t: 0.0, loss, slope };
        let (phase, trial) = (Phase::Bracket { previous: start }, Trial::Evaluate(nearest(first)));
        Ok(LineSearch { wolfe: *self, start, size, evaluations: 0, phase, trial })
    }
}

impl Default for StrongWolfe {
    fn default() -> Self {
        StrongWolfe::DEFAULT
    }
}

impl LineSearch {
    /// What to do next.
    #[inline]
    pub const fn trial(&self) -> Trial {
        self.trial
    }

    /// How many evaluations were reported.
    #[inline]
    pub const fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// Takes the loss and the [slope](super::LbfgsState::slope) at the step length of [`Trial::Evaluate`]. After the end of the
    /// search it changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFinite`] for a loss or a slope that is NaN or infinite. The search is as before then: give it up, or begin
    /// one with a shorter first step.
    pub fn report(&mut self, loss: f64, slope: f64) -> Result<(), Error> {
        finite("loss", loss)?;
        finite("slope", slope)?;
        let Trial::Evaluate(t) = self.trial else { return Ok(()) };
        self.evaluations += 1;
        let new = Point { t, loss, slope };
        let is_high = loss > self.most(t);
        let is_flat = slope.abs() <= -self.wolfe.c2 * self.start.slope;
        self.trial = match self.phase {
            Phase::Bracket { previous } => {
                if is_high || loss >= previous.loss {
                    self.zoom(previous, new, false)
                } else if is_flat {
                    Trial::Done(t)
                } else if slope >= 0.0 {
                    self.zoom(new, previous, false)
                } else {
                    self.phase = Phase::Bracket { previous: new };
                    let bounds = (t + 0.01 * (t - previous.t), 10.0 * t);
                    self.evaluate(cubic(previous, new, bounds), new, previous)
                }
            }
            Phase::Zoom { low, high, stalled } => {
                if is_high || loss >= low.loss {
                    self.zoom(low, new, stalled)
                } else if is_flat {
                    Trial::Done(t)
                } else if slope * (high.t - low.t) >= 0.0 {
                    self.zoom(new, low, stalled)
                } else {
                    self.zoom(new, high, stalled)
                }
            }
        };
        Ok(())
    }

    /// The largest loss that falls enough at a step length.
    fn most(&self, t: f64) -> f64 {
        self.start.loss + self.wolfe.c1 * t * self.start.slope
    }

    /// The next trial within a bracket.
    fn zoom(&mut self, low: Point, high: Point, stalled: bool) -> Trial {
        let (left, right) = if low.t <= high.t { (low.t, high.t) } else { (high.t, low.t) };
        if (right - left) * self.size < self.wolfe.tolerance_change {
            return Trial::Failed(low.t);
        }
        let mut t = cubic(low, high, (left, right));
        let margin = 0.1 * (right - left);
        let is_close = right - t < margin || t - left < margin;
        let moves = is_close && (stalled || t >= right || t <= left);
        if moves {
            t = if (t - right).abs() < (t - left).abs() { right - margin } else { left + margin };
        }
        self.phase = Phase::Zoom { low, high, stalled: is_close && !moves };
        self.evaluate(t, low, high)
    }

    /// The trial of a step length, if one more may be made and f32 has one apart from the two points.
    fn evaluate(&self, t: f64, low: Point, other: Point) -> Trial {
        let t = nearest(t);
        if self.evaluations >= self.wolfe.max_evaluations || t == low.t || t == other.t {
            Trial::Failed(low.t)
        } else {
            Trial::Evaluate(t)
        }
    }
}

impl LineSearch {
    /// The search as bytes, in words of 8 bytes, little endian: the fields of [`StrongWolfe`]; loss and slope at the start, the
    /// size, the evaluations; step length, loss and slope of the lower end of the bracket and of the other one, which is 0 before
    /// there is one; the step length of the trial; 0 before there is a bracket, 1 in it, 2 after a trial close to an end; 0 for
    /// [`Trial::Evaluate`], 1 for `Done`, 2 for `Failed`.
    pub fn to_bytes(&self) -> [u8; 136] {
        let LineSearch { wolfe: StrongWolfe { c1, c2, max_evaluations, tolerance_change }, .. } = *self;
        let LineSearch { start, size, evaluations, phase, trial, .. } = *self;
        let (phase, low, high) = match phase {
            Phase::Bracket { previous } => (0, previous, Point { t: 0.0, loss: 0.0, slope: 0.0 }),
            Phase::Zoom { low, high, stalled } => (1 + u64::from(stalled), low, high),
        };
        let (trial, t) = match trial {
            Trial::Evaluate(t) => (0, t),
            Trial::Done(t) => (1, t),
            Trial::Failed(t) => (2, t),
        };
        let mut bytes = [0; 136];
        let numbers = [start.loss, start.slope, size].map(f64::to_bits);
        let points = [low.t, low.loss, low.slope, high.t, high.loss, high.slope, t].map(f64::to_bits);
        let words = [c1.to_bits(), c2.to_bits(), max_evaluations, tolerance_change.to_bits()].into_iter();
        write(&mut bytes, words.chain(numbers).chain([evaluations]).chain(points).chain([phase, trial]));
        bytes
    }

    /// The search of these bytes.
    ///
    /// # Errors
    /// Those of [`StrongWolfe::search`], [`Error::NotFinite`], [`Error::Clock`] or [`Error::Above`] for what no search can reach.
    pub fn from_bytes(bytes: &[u8; 136]) -> Result<Self, Error> {
        let (all, []) = words::<17, 0>(bytes);
        let [c1, c2, max_evaluations, tolerance_change, loss, slope, size, evaluations, all @ ..] = all;
        let [low_t, low_loss, low_slope, high_t, high_loss, high_slope, t, phase, trial] = all;
        let point = |t, loss, slope| {
            let [t, loss, slope] = [t, loss, slope].map(f64::from_bits);
            Point { t, loss, slope }
        };
        let [c1, c2, tolerance_change, size, t] = [c1, c2, tolerance_change, size, t].map(f64::from_bits);
        let (low, high) = (point(low_t, low_loss, low_slope), point(high_t, high_loss, high_slope));
        let kind = |name, value: u64| Error::Above { name, value: value as f64, limit: "the last kind", most: 2.0 };
        let phase = match phase {
            0 => Phase::Bracket { previous: low },
            1 => Phase::Zoom { low, high, stalled: false },
            2 => Phase::Zoom { low, high, stalled: true },
            _ => return Err(kind("phase", phase)),
        };
        let trial = match trial {
            0 => Trial::Evaluate(t),
            1 => Trial::Done(t),
            2 => Trial::Failed(t),
            _ => return Err(kind("trial", trial)),
        };
        let wolfe = StrongWolfe { c1, c2, max_evaluations, tolerance_change };
        LineSearch { wolfe, start: point(0, loss, slope), size, evaluations, phase, trial }.checked()
    }

    /// Refuses what no search can reach.
    fn checked(self) -> Result<Self, Error> {
        let LineSearch { wolfe, start, size, evaluations, phase, trial } = self;
        let begun = wolfe.search(start.loss, Ray { slope: start.slope, size, first: 1.0 })?;
        check::clock("start", start.t, Range::Exactly(0.0))?;
        let (least, most) = match phase {
            Phase::Bracket { previous } => {
                self.check_low(previous)?;
                (previous.t, f64::INFINITY)
            }
            Phase::Zoom { low, high, .. } => {
                self.check_low(low)?;
                high.check()?;
                if low.t <= high.t { (low.t, high.t) } else { (high.t, low.t) }
            }
        };
        let (Trial::Evaluate(t) | Trial::Done(t) | Trial::Failed(t)) = trial;
        step_length("trial", t)?;
        let mut used = evaluations;
        if let Trial::Evaluate(t) = trial {
            used = check::next_step(used)?;
            // Before the first report there is the start alone, and never after it.
            if (evaluations == 0) != (phase == begun.phase) {
                let range = if evaluations == 0 { Range::AtLeast(1.0) } else { Range::Exactly(0.0) };
                return Err(Error::Clock { name: "evaluations", value: evaluations as f64, range });
            }
            if t <= least {
                return Err(Error::Clock { name: "trial", value: t, range: Range::AtLeast(least) });
            }
            if t >= most {
                return Err(Error::Above { name: "trial", value: t, limit: "the bracket", most });
            }
        } else {
            check::clock("evaluations", evaluations as f64, Range::AtLeast(1.0))?;
        }
        at_most("evaluations", used as f64, "max_evaluations", wolfe.max_evaluations as f64)?;
        Ok(self)
    }

    /// Refuses a point that is not finite, or whose loss does not fall enough.
    fn check_low(&self, point: Point) -> Result<(), Error> {
        point.check()?;
        let most = self.most(point.t);
        at_most("loss", point.loss, "the loss that falls enough", most)
    }
}

impl Point {
    /// Refuses a point that is not finite.
    fn check(self) -> Result<(), Error> {
        step_length("t", self.t)?;
        finite("loss", self.loss)?;
        finite("slope", self.slope)
    }
}

/// Refuses what is no step length.
fn step_length(name: &'static str, t: f64) -> Result<(), Error> {
    let range = Range::NonNegative;
    if t >= 0.0 && nearest(t) == t { Ok(()) } else { Err(Error::Clock { name, value: t, range }) }
}

checked_serde!(LineSearch);

/// The nearest number of 24 bits to a step length, which is not negative, and at most the largest f32.
fn nearest(t: f64) -> f64 {
    const MOST: f64 = f32::MAX as f64;
    Factor::new(if t < MOST { t } else { MOST }).to_f64()
}

/// The minimum, within bounds, of the cubic through two points with their slopes. The middle of the bounds where there is none.
fn cubic(a: Point, b: Point, (least, most): (f64, f64)) -> f64 {
    let (left, right) = if a.t <= b.t { (a, b) } else { (b, a) };
    let d1 = left.slope + right.slope - 3.0 * (left.loss - right.loss) / (left.t - right.t);
    let square = d1 * d1 - left.slope * right.slope;
    let d2 = crate::math::sqrt(square);
    let share = (right.slope + d2 - d1) / (right.slope - left.slope + 2.0 * d2);
    let minimum = right.t - (right.t - left.t) * share;
    if minimum.is_nan() {
        (least + most) / 2.0
    } else if minimum < least {
        least
    } else if minimum > most {
        most
    } else {
        minimum
    }
}
