//! L-BFGS: the optimizer, its state, and the directions that it takes. The rows of the history are in `tensor.rs`, the line
//! search is in `line_search.rs`.

mod line_search;
mod tensor;

pub use line_search::{LineSearch, StrongWolfe, Trial};
pub use tensor::LbfgsTensor;

use crate::check;
use crate::error::{Error, Slice};
use crate::math::Factor;
use crate::optim::HyperParameters;
use crate::range::Range;
use crate::sum::{Sum, larger, max_abs};
use tensor::Row;

hyper_parameters! {
    /// Limited-memory BFGS: a step along `−H·g`, where H estimates the inverse of the Hessian from the last `M` steps.
    ///
    /// ```text
    /// s ← p − p0,  y ← g − g0       since the last iteration; kept as a pair where ⟨y, s⟩ > curvature
    /// ρ ← 1 / ⟨y, s⟩,  γ ← ⟨y, s⟩ / ⟨y, y⟩
    /// d ← −g
    /// α ← ρ⟨s, d⟩,  d ← d − α·y     for each pair, the newest first
    /// d ← γ·d
    /// d ← d + (α − ρ⟨y, d⟩)·s       for each pair, the oldest first
    /// p ← p0 + t·d                  t = lr · min(1, 1 / ‖g‖₁) in the first iteration, then lr; or a line search finds it
    /// ```
    ///
    /// Source: Nocedal & Wright, "Numerical Optimization", 2nd ed., 2006, algorithms 7.4 and 7.5; Liu & Nocedal, "On the
    /// limited memory BFGS method for large scale optimization", 1989. The form is that of `torch.optim.LBFGS`.
    ///
    /// All tensors of a model are one vector here. Each call takes all of them as a list of [`LbfgsTensor`], in any order. A
    /// tensor may be cut into several at multiples of [`BLOCK`](crate::sum::BLOCK): the bits stay the same. The caller owns all
    /// that is kept: an [`LbfgsState`], and a history of `2·M + 3` numbers for each parameter.
    ///
    /// [`Lbfgs::step`] goes a fixed length, which is PyTorch's default:
    ///
    /// ```
    /// use gradstep::lbfgs::{Lbfgs, LbfgsState, LbfgsTensor};
    ///
    /// const N: usize = 2;
    /// type State = LbfgsState<5>;
    /// let (mut state, mut history) = (State::START, [0.0; State::ROWS * N]);
    /// let mut p = [3.0, -2.0];
    /// for _ in 0..20 {
    ///     let grads = [2.0 * p[0], 20.0 * p[1]];
    ///     Lbfgs::DEFAULT.step(&mut state, &mut [LbfgsTensor::new(&mut p, &grads, &mut history)])?;
    /// }
    /// assert!(p.iter().all(|p| p.abs() < 1e-6));
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    ///
    /// [`Lbfgs::direction`] with a line search by [`StrongWolfe`] needs no learning rate. The Rosenbrock function:
    ///
    /// ```
    /// use gradstep::lbfgs::{Lbfgs, LbfgsState, LbfgsTensor, StrongWolfe, Trial};
    ///
    /// fn rosenbrock([x, y]: [f32; 2]) -> (f64, [f32; 2]) {
    ///     let (x, y) = (f64::from(x), f64::from(y));
    ///     let (a, b) = (1.0 - x, y - x * x);
    ///     (a * a + 100.0 * b * b, [(-2.0 * a - 400.0 * b * x) as f32, (200.0 * b) as f32])
    /// }
    ///
    /// type State = LbfgsState<5>;
    /// let (mut state, mut history) = (State::START, [0.0; State::ROWS * 2]);
    /// let mut p = [-1.2, 1.0];
    /// let (mut loss, mut grads) = rosenbrock(p);
    /// while loss > 1e-10 {
    ///     let ray = Lbfgs::DEFAULT.direction(&mut state, &mut [LbfgsTensor::new(&mut p, &grads, &mut history)])?;
    ///     let mut search = StrongWolfe::DEFAULT.search(loss, ray)?;
    ///     while let Trial::Evaluate(t) = search.trial() {
    ///         state.move_to(t, &mut [LbfgsTensor::new(&mut p, &grads, &mut history)])?;
    ///         (loss, grads) = rosenbrock(p);
    ///         search.report(loss, state.slope(&[LbfgsTensor::new(&mut p, &grads, &mut history)])?)?;
    ///     }
    ///     if let Trial::Failed(t) = search.trial() {
    ///         state.move_to(t, &mut [LbfgsTensor::new(&mut p, &grads, &mut history)])?;
    ///         break; // No better point is in sight. It is close to the minimum, or the gradient is wrong.
    ///     }
    /// }
    /// assert!(loss <= 1e-10, "{loss} at {p:?}");
    /// # Ok::<(), gradstep::Error>(())
    /// ```
    ///
    /// # Where it differs
    /// - From PyTorch: s is the difference of the parameters, which rounding has touched, instead of `t·d`; γ joins the first
    ///   step of the second loop, which saves a pass; what is no direction of descent is replaced, see [`Lbfgs::direction`]. The
    ///   tolerances that end a run (`tolerance_grad`, `tolerance_change`, `max_iter`) are the caller's: [`Ray`] has the numbers.
    /// - From optax: `scale_by_lbfgs` keeps every pair, multiplies the first direction by `min(1, 1 / ‖g‖₂)`, and has another
    ///   line search.
    pub struct Lbfgs {
        /// The length of a step along the direction, or the one that a line search tries first.
        lr: f64 in NonNegative = 1.0,
        /// A pair is kept where ⟨y, s⟩ is above this.
        curvature: f64 in NonNegative = 1e-10,
    }
}

/// What [`Lbfgs`] knows of the last `M` steps, besides the history of each tensor: plain data of a fixed size.
///
/// To forget the steps, start with a new one, as when the loss has become another function. The history needs no filling then.
/// `M` is at least 1; 5 to 20 is usual, PyTorch's default is 100 and optax's is 10.
///
/// A checkpoint between iterations has the parameters, their history and this state, by [`LbfgsState::to_bytes`] or serde. One
/// within a line search has the gradients and the [`LineSearch`] too, or the [`Ray`] before it. Training goes on to the bit.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct LbfgsState<const M: usize> {
    iterations: u64,
    pairs: usize,
    /// The place in the ring that the next pair takes.
    next: usize,
    /// `1 / ⟨y, s⟩` for each place, and 0 where there is no pair yet.
    #[cfg_attr(feature = "serde", serde(with = "crate::checked_serde::array"))]
    rho: [f64; M],
    gamma: f64,
}

/// Where an iteration goes: a direction d of descent, as the numbers that a line search needs.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct Ray {
    /// ⟨g, d⟩, the derivative of the loss along d. Below 0, or 0 where the gradient is zero.
    pub slope: f64,
    /// The largest magnitude in d.
    pub size: f64,
    /// The step length to try first. It is an f32.
    pub first: f64,
}

impl<const M: usize> LbfgsState<M> {
    /// The state before the first iteration.
    pub const START: Self = LbfgsState { iterations: 0, pairs: 0, next: 0, rho: [0.0; M], gamma: 1.0 };

    /// The numbers of history that each parameter needs: d, p0, g0, and s and y of each pair.
    pub const ROWS: usize = 2 * M + 3;

    /// The length of [`LbfgsState::to_bytes`].
    pub const BYTES: usize = 8 * (M + 4);

    /// How many pairs it holds, at most `M`.
    #[inline]
    pub const fn pairs(&self) -> usize {
        self.pairs
    }

    /// Writes the state as bytes: the iterations, the pairs, the place of the next pair, γ, and ρ of each place; each 8 bytes,
    /// little endian.
    ///
    /// # Errors
    /// [`Error::Length`] for a slice that is not of [`LbfgsState::BYTES`] bytes. Nothing has been written then.
    pub fn to_bytes(&self, bytes: &mut [u8]) -> Result<(), Error> {
        let LbfgsState { iterations, pairs, next, rho, gamma } = *self;
        Self::check_bytes(bytes)?;
        write(bytes, [iterations, pairs as u64, next as u64, gamma.to_bits()].into_iter().chain(rho.map(f64::to_bits)));
        Ok(())
    }

    /// The state of these bytes.
    ///
    /// # Errors
    /// [`Error::Length`] for other than [`LbfgsState::BYTES`] bytes, [`Error::Clock`] or [`Error::Above`] for what no run can
    /// reach.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Self::check_bytes(bytes)?;
        let (head, rho) = words::<4, M>(bytes);
        let [iterations, pairs, next, gamma] = head;
        // A number that no `usize` holds is above all that are allowed.
        let [pairs, next] = [pairs, next].map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        LbfgsState { iterations, pairs, next, rho: rho.map(f64::from_bits), gamma: f64::from_bits(gamma) }.checked()
    }

    const fn check_bytes(bytes: &[u8]) -> Result<(), Error> {
        let (slice, expected, found) = (Slice::Bytes, Self::BYTES, bytes.len());
        if found == expected { Ok(()) } else { Err(Error::Length { slice, expected, found }) }
    }

    /// Refuses what no run can reach.
    fn checked(self) -> Result<Self, Error> {
        let LbfgsState { iterations, pairs, next, rho, gamma } = self;
        at_most("pairs", pairs as f64, "history", M as f64)?;
        at_most("pairs", pairs as f64, "the iterations after the first", iterations.saturating_sub(1) as f64)?;
        if pairs == M {
            at_most("next", next as f64, "history − 1", M.saturating_sub(1) as f64)?;
        } else {
            // Places are taken in turn, from 0.
            check::clock("next", next as f64, Range::Exactly(pairs as f64))?;
        }
        for (place, rho) in rho.into_iter().enumerate() {
            if place < pairs { positive("rho", rho)? } else { check::clock("rho", rho, Range::Exactly(0.0))? }
        }
        if pairs > 0 {
            positive("gamma", gamma)?
        } else {
            check::clock("gamma", gamma, Range::Exactly(1.0))?
        }
        Ok(self)
    }

    /// The places of the pairs, the oldest first.
    fn places(&self) -> impl DoubleEndedIterator<Item = usize> + ExactSizeIterator + use<M> {
        let oldest = self.next + M - self.pairs;
        (oldest..self.next + M).map(|place| if place < M { place } else { place - M })
    }

    /// `1 / ⟨y, s⟩` of a place.
    fn rho(&self, place: usize) -> f64 {
        self.rho.get(place).copied().unwrap_or(0.0)
    }

    /// The same state with one more pair, which has taken the place `next`.
    fn with_pair(mut self, ys: f64, yy: f64) -> Self {
        if let Some(rho) = self.rho.get_mut(self.next) {
            *rho = 1.0 / ys;
        }
        self.gamma = ys / yy;
        self.next = if self.next + 1 < M { self.next + 1 } else { 0 };
        self.pairs = M.min(self.pairs + 1);
        self
    }

    /// Moves the parameters along the direction, to `p0 + t·d`, in one pass. t is rounded to f32.
    ///
    /// # Errors
    /// [`Error::TensorLength`] for slices of other lengths, [`Error::HyperParameter`] or [`Error::Coefficient`] for a `t` that
    /// is not a finite f32 or becomes 0 in f32, [`Error::Clock`] before the first [`Lbfgs::direction`]. Nothing has been written
    /// then.
    pub fn move_to(&self, t: f64, tensors: &mut [LbfgsTensor<'_>]) -> Result<(), Error> {
        check::field("t", t, Range::Finite)?;
        self.check_begun()?;
        LbfgsTensor::check_all::<M>(tensors)?;
        tensors.iter_mut().try_for_each(|tensor| tensor.move_to(Factor::new(t)))
    }

    /// ⟨g, d⟩: the derivative of the loss along the direction, where the gradients are those of the parameters as they are.
    ///
    /// # Errors
    /// [`Error::TensorLength`] for slices of other lengths, [`Error::Clock`] before the first [`Lbfgs::direction`].
    pub fn slope(&self, tensors: &[LbfgsTensor<'_>]) -> Result<f64, Error> {
        self.check_begun()?;
        LbfgsTensor::check_all::<M>(tensors)?;
        slope(tensors)
    }

    /// Refuses to use a direction that has not been made.
    fn check_begun(&self) -> Result<(), Error> {
        check::clock("iterations", self.iterations as f64, Range::AtLeast(1.0))
    }
}

checked_serde!(LbfgsState<M>);

impl Ray {
    /// The numbers of the ray as bytes: slope, size and first step length, little endian.
    pub fn to_bytes(&self) -> [u8; 24] {
        let mut bytes = [0; 24];
        write(&mut bytes, [self.slope, self.size, self.first].map(f64::to_bits));
        bytes
    }

    /// The ray of these bytes.
    ///
    /// # Errors
    /// [`Error::NotFinite`], [`Error::NotDescent`] or [`Error::Clock`] for what no direction has.
    pub fn from_bytes(bytes: &[u8; 24]) -> Result<Self, Error> {
        let ([slope, size, first], []) = words::<3, 0>(bytes);
        let [slope, size, first] = [slope, size, first].map(f64::from_bits);
        Ray { slope, size, first }.checked()
    }

    /// Refuses what no direction has.
    fn checked(self) -> Result<Self, Error> {
        finite("slope", self.slope)?;
        if self.slope > 0.0 {
            return Err(Error::NotDescent { slope: self.slope });
        }
        check::clock("size", self.size, Range::NonNegative)?;
        check::clock("first", self.first, Range::NonNegative)?;
        Ok(self)
    }
}

checked_serde!(Ray);

impl<const M: usize> Default for LbfgsState<M> {
    fn default() -> Self {
        LbfgsState::START
    }
}

impl Lbfgs {
    /// Begins an iteration at the parameters as they are, with their gradients: takes the step since the last iteration into
    /// the history, and writes the direction there.
    ///
    /// A direction that overflows f32, or that rounding has turned away from descent, is replaced by `−g`, and the history
    /// starts anew. So the slope is below 0 unless the gradient is zero.
    ///
    /// It makes `4·M + 8` passes over memory with a full history. Scalars are f64, from [exact sums](crate::sum); each coefficient is
    /// rounded to f32 once.
    ///
    /// # Errors
    /// [`Error::HyperParameter`] for a field out of range and for an `M` of 0 (`history`), [`Error::TensorLength`] for slices of
    /// other lengths, [`Error::NotFinite`] where a gradient or a parameter is NaN or infinite, [`Error::ClockOverflow`]. Nothing
    /// has been written then.
    pub fn direction<const M: usize>(
        &self,
        state: &mut LbfgsState<M>,
        tensors: &mut [LbfgsTensor<'_>],
    ) -> Result<Ray, Error> {
        self.check()?;
        check::field("history", M as f64, Range::AtLeast(1.0))?;
        LbfgsTensor::check_all::<M>(tensors)?;
        let iterations = check::next_step(state.iterations)?;
        let mut sums = [Sum::ZERO; 4];
        for tensor in &*tensors {
            sums.iter_mut().zip(tensor.measure()?).for_each(|(sum, more)| *sum += more);
        }
        let [ys, yy, magnitudes, params] = sums.map(|sum| sum.value());
        finite("grads", magnitudes)?;
        finite("params", params)?;

        // From here on nothing fails.
        let mut new = *state;
        if iterations > 1 && ys > self.curvature && ys.is_finite() && yy.is_finite() {
            tensors.iter_mut().try_for_each(|tensor| tensor.keep_pair::<M>(new.next))?;
            new = new.with_pair(ys, yy);
        }
        tensors.iter_mut().try_for_each(LbfgsTensor::begin)?;
        new.precondition(tensors)?;
        let mut along = slope(tensors)?;
        if new.pairs > 0 && magnitudes > 0.0 && !(along < 0.0 && along.is_finite()) {
            new = LbfgsState::START;
            tensors.iter_mut().try_for_each(LbfgsTensor::begin)?;
            along = slope(tensors)?;
        }
        *state = LbfgsState { iterations, ..new };
        let scale = if iterations == 1 && magnitudes > 1.0 { 1.0 / magnitudes } else { 1.0 };
        let size = tensors.iter().map(|tensor| max_abs(tensor.row(Row::Direction))).fold(0.0, larger);
        Ok(Ray { slope: along, size: size.into(), first: Factor::new(scale * self.lr).to_f64() })
    }

    /// Begins an iteration by [`Lbfgs::direction`] and goes the step length of [`Ray::first`], in one call.
    ///
    /// # Errors
    /// Those of `direction`.
    pub fn step<const M: usize>(
        &self,
        state: &mut LbfgsState<M>,
        tensors: &mut [LbfgsTensor<'_>],
    ) -> Result<Ray, Error> {
        let ray = self.direction(state, tensors)?;
        tensors.iter_mut().try_for_each(|tensor| tensor.move_to(Factor::new(ray.first)))?;
        Ok(ray)
    }
}

impl<const M: usize> LbfgsState<M> {
    /// Multiplies the direction by the estimate of the inverse Hessian: the recursion of two loops, algorithm 7.4.
    fn precondition(&self, tensors: &mut [LbfgsTensor<'_>]) -> Result<(), Error> {
        let mut alphas = [0.0; M];
        for (place, alpha) in self.places().zip(&mut alphas).rev() {
            *alpha = self.rho(place) * dot(tensors, Row::Step(place))?;
            let factor = -*alpha as f32;
            tensors.iter_mut().try_for_each(|tensor| tensor.add(Row::change::<M>(place), 1.0, factor))?;
        }
        // γ scales the direction on the way, with the step along the oldest pair.
        let mut gamma = self.gamma as f32;
        for (place, alpha) in self.places().zip(alphas) {
            let beta = self.rho(place) * f64::from(gamma) * dot(tensors, Row::change::<M>(place))?;
            let factor = (alpha - beta) as f32;
            tensors.iter_mut().try_for_each(|tensor| tensor.add(Row::Step(place), gamma, factor))?;
            gamma = 1.0;
        }
        Ok(())
    }
}

/// The dot product of a row and the direction.
fn dot(tensors: &[LbfgsTensor<'_>], row: Row) -> Result<f64, Error> {
    let sums = tensors.iter().map(|tensor| Sum::products(tensor.row(row), tensor.row(Row::Direction)));
    Ok(sums.sum::<Result<Sum, Error>>()?.value())
}

/// The dot product of the gradients and the direction.
fn slope(tensors: &[LbfgsTensor<'_>]) -> Result<f64, Error> {
    let sums = tensors.iter().map(|tensor| Sum::products(tensor.grads, tensor.row(Row::Direction)));
    Ok(sums.sum::<Result<Sum, Error>>()?.value())
}

/// Writes words, little endian, to as many bytes.
fn write(bytes: &mut [u8], words: impl IntoIterator<Item = u64>) {
    for (chunk, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
        *chunk = word.to_le_bytes();
    }
}

/// The words of as many bytes, and those that follow.
fn words<const N: usize, const M: usize>(bytes: &[u8]) -> ([u64; N], [u64; M]) {
    let mut words = bytes.as_chunks().0.iter().map(|chunk| u64::from_le_bytes(*chunk));
    let mut next = |()| words.next().unwrap_or(0);
    ([(); N].map(&mut next), [(); M].map(&mut next))
}

/// Refuses a number that is NaN, infinite, or not above 0.
const fn positive(name: &'static str, value: f64) -> Result<(), Error> {
    let range = Range::Positive;
    if value > 0.0 && value.is_finite() { Ok(()) } else { Err(Error::Clock { name, value, range }) }
}

/// Refuses a number above another one.
const fn at_most(name: &'static str, value: f64, limit: &'static str, most: f64) -> Result<(), Error> {
    if value <= most { Ok(()) } else { Err(Error::Above { name, value, limit, most }) }
}

/// Refuses a number that is NaN or infinite.
const fn finite(name: &'static str, value: f64) -> Result<(), Error> {
    if value.is_finite() { Ok(()) } else { Err(Error::NotFinite { name, value }) }
}
