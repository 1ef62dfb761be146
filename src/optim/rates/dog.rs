//! Learning rates from the distance travelled: DoG and DoWG.

use crate::error::Error;
use crate::math::{Coefficient, Factor, quotient};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction, Found, Pass, Passes, Scope, Terms};

hyper_parameters! {
    /// Distance over gradients: gradient descent whose step is the largest distance from the start over the root of the sum of
    /// squared gradients.
    ///
    /// ```text
    /// g ← g + wd · p
    /// r ← max(r, ‖p − p0‖)              r starts at distance + relative_distance · (1 + ‖p0‖)
    /// s ← s + ‖g‖²
    /// p ← p − lr · r / √(s + eps) · g
    /// ```
    ///
    /// Source: Ivgi, Hinder & Carmon, "DoG is SGD's Best Friend: A Parameter-Free Dynamic Step Size Schedule", 2023,
    /// arXiv 2302.12022; the defaults are those of `optax.contrib.dog`. The authors advise to average the weights.
    /// State: p0 (`init_params`), the parameters at the start. Looks at all
    /// tensors together: the sums of (p − p0)², g² and p².
    pub struct Dog {
        lr: f64 in NonNegative = 1.0,
        /// The first distance.
        distance: f64 in NonNegative = 0.0,
        /// The first distance over `1 + ‖p0‖`. With batch normalization the authors advise 1e-4.
        relative_distance: f64 in NonNegative = 1e-6,
        /// The first step over lr, if it is above 0: it replaces the distance. optax's `("learning_rate", …)`, with both
        /// distances at 0.
        first_step: f64 in NonNegative = 0.0,
        /// Added to the sum.
        eps: f64 in NonNegative = 1e-8,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `optax.contrib.dog`, the default.
        optax = {};
    }
}

hyper_parameters! {
    /// Distance over weighted gradients: [`Dog`] whose gradients count by the distance at their step.
    ///
    /// ```text
    /// r² ← max(r², ‖p − p0‖²)             r² starts at sq_distance
    /// s ← s + r² · ‖g‖²
    /// p ← p − lr · r² / (√s + eps) · g
    /// ```
    ///
    /// Source: Khaled, Mishchenko & Jin, "DoWG Unleashed: An Efficient Universal Parameter-Free Gradient Descent Method",
    /// 2023, arXiv 2305.16284; the defaults are those of `optax.contrib.dowg`.
    /// State: p0 (`init_params`), the parameters at the start. Looks at all
    /// tensors together: the sums of (p − p0)² and g².
    pub struct Dowg {
        lr: f64 in NonNegative = 1.0,
        /// The first squared distance.
        sq_distance: f64 in NonNegative = 1e-4,
        /// Added to the root.
        eps: f64 in NonNegative = 1e-4,
        weight_decay: f64 in NonNegative = 0.0,
        decay_form: DecayForm = DecayForm::Coupled,
        maximize: bool = false,
    }
    presets {
        /// `optax.contrib.dowg`, the default.
        optax = {};
    }
}

clock! {
    /// What [`Dog`] and [`Dowg`] remember of all tensors.
    pub struct DistanceClock {
        /// The largest distance from the start; of [`Dowg`] its square.
        distance in NonNegative = 0.0,
        /// The sum of the squared norms of gradients, of [`Dowg`] weighted.
        squares in NonNegative = 0.0,
    }
}

impl Optimizer<1> for Dog {
    type Clock = DistanceClock;
    type Rule = DecayedDescent<DistanceDirection<Dog>>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("init_params").starting_as_params().read_only()];

    fn rule(&self, t: u64, _: &mut DistanceClock) -> Result<Self::Rule, Error> {
        let direction = DistanceDirection { rate: Factor::ZERO, is_first: t == 1, hyper: *self };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

impl Optimizer<1> for Dowg {
    type Clock = DistanceClock;
    type Rule = DecayedDescent<DistanceDirection<Dowg>>;
    const SLOTS: [Slot<Self>; 1] = [Slot::signed("init_params").starting_as_params().read_only()];

    fn rule(&self, t: u64, _: &mut DistanceClock) -> Result<Self::Rule, Error> {
        let direction = DistanceDirection { rate: Factor::ZERO, is_first: t == 1, hyper: *self };
        Ok(descent(self.maximize, decay(self.decay_form, self.weight_decay, Coefficient::new(self.lr))?, direction))
    }
}

/// The gradient at a rate that follows from the distance travelled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DistanceDirection<O> {
    rate: Factor,
    is_first: bool,
    hyper: O,
}

/// An optimizer whose rate follows from the distance travelled.
trait ByDistance: Copy + Send + Sync {
    /// The rate, from the sums of a step and what the clock holds, which is brought up to date.
    fn rate(&self, is_first: bool, sums: [f64; 3], distance: &mut f64, squares: &mut f64) -> f64;
}

impl<O: ByDistance> Direction<1> for DistanceDirection<O> {
    const PASSES: Passes = Passes::of(Pass::over(Scope::All, 3).setting_clock());

    #[inline(always)]
    fn terms<R: Real>(&self, _: usize, p: R, g: R, [start]: [R; 1]) -> Terms<R> {
        let way = p - start;
        Terms::of([[way, way], [g, g], [p, p]])
    }

    fn found(&mut self, _: usize, found: &mut Found<1>) {
        let ([way, squares, params, _], [distance, all_squares, _]) = (found.sums, &mut found.clock);
        self.rate = Factor::new(self.hyper.rate(self.is_first, [way, squares, params], distance, all_squares));
    }

    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, [start]: [R; 1]) -> (R, [R; 1]) {
        (self.rate.times(g), [start])
    }
}

impl ByDistance for Dog {
    fn rate(&self, is_first: bool, [way, squares, params]: [f64; 3], distance: &mut f64, sum: &mut f64) -> f64 {
        if is_first {
            *distance = self.distance + self.relative_distance * (1.0 + crate::math::sqrt(params));
        }
        *distance = nan_or_max(*distance, crate::math::sqrt(way));
        *sum += squares;
        let rate = if is_first && self.first_step > 0.0 {
            self.first_step
        } else {
            quotient(*distance, crate::math::sqrt(*sum + self.eps))
        };
        self.lr * rate
    }
}

impl ByDistance for Dowg {
    fn rate(&self, is_first: bool, [way, squares, _]: [f64; 3], distance: &mut f64, sum: &mut f64) -> f64 {
        if is_first {
            *distance = self.sq_distance;
        }
        *distance = nan_or_max(*distance, way);
        *sum += *distance * squares;
        self.lr * quotient(*distance, crate::math::sqrt(*sum) + self.eps)
    }
}

/// The larger number; NaN where either is NaN.
fn nan_or_max(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}
