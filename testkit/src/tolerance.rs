//! Every tolerance of the suite, with its reason. Between backends there is none: 0 ULP.

/// Half the distance of the f32 at 1: what rounding once to the nearest may cost, relatively.
pub const UNIT: f64 = 1.0 / 16_777_216.0;

/// The distance of subnormal f32: what two roundings may cost there.
pub const SMALLEST: f64 = 1.401_298_464_324_817e-45;

/// The rms error of a second moment after 20,000 random gradients, relative, at a decay rate. A step rounds the average
/// once, and an average remembers `1/(1−β)` steps, whose errors add up like a random walk. Measured 6.0e-8, 6.6e-7 and
/// 1.7e-6. β kept as one f32 that multiplies the average is off by 1.3e-5 at .999 and 1.1e-4 at .9999.
pub const AVERAGE: [(f64, f64); 3] = [(0.9, 9e-8), (0.999, 1e-6), (0.9999, 2.5e-6)];

/// An average of forty weights, in units of the largest of them: each update rounds three times; measured 4.4.
pub const AVERAGE_OF_WEIGHTS: f64 = 8.0;

/// x recovered from y and z after thirty steps, in units of 1: dividing by β = .9 magnifies what rounding left; measured
/// 4.8.
pub const SCHEDULE_FREE_X: f64 = 8.0;

/// MADGRAD's cube root, in units of 2⁻²⁴ of itself: the correction is off by up to three roundings of the
/// number, of which a third counts. Then the root is rounded, and the quotient that shows it; measured 2.24.
pub const CUBE_ROOT: f64 = 2.5;

/// A power by square roots and the division that shows it, in units of 2⁻²⁴ of itself: the next root halves the error of what
/// came before, so that all digits together cost little more than two. Measured 4.24.
pub const POWER: f64 = 4.5;

/// A few numbers of size 1 that each pass through up to four roundings, in units of 1: Sophia's Hessian over 50
/// estimates, and schedule-free's x from y and z and back.
pub const FEW_ROUNDINGS: f64 = 4.0;

/// An interpolation, in units of the larger end: two products, a difference and a sum at their worst, each one unit.
pub const LERP: f64 = 4.0;

/// ASGD's average of parameters up to 100, relative: each step rounds the mean once, as much as the numbers themselves.
pub const MEAN: f64 = 1e-6;

/// A step that theory says exactly, seen as the difference of parameters near 1024: half the spacing of f32 there is
/// 6e-5, and the coefficient is rounded once.
pub const DIFFERENCE: f32 = 1e-3;

/// How near the minimum of a test function every optimizer comes.
pub const NEIGHBORHOOD: f64 = 0.01;

/// The share of a test function's first value that every optimizer leaves: ten times what a distance of
/// [`NEIGHBORHOOD`] means on the flattest of the functions.
pub const SHARE: f64 = 1e-5;

/// A gradient times the factor of a clip, in units of itself: the factor and the product are rounded once each.
pub const CLIPPED: f64 = 2.1;

/// A norm over a few hundred elements, relative: each block rounds some forty times in f64, and so does the reference.
pub const NORM: f64 = 1e-14;

/// Twelve steps of an optimizer that looks at a whole tensor, in units of a tensor's largest parameter; or a quarter more than
/// the library's own f32 run is off: DoWG's distance from the start magnifies what rounding left, in both. Measured 7.9.
pub const WHOLE: f64 = 16.0;

/// A step of an optimizer that looks at a whole tensor, in units of its largest parameter, and of the largest number of a slot.
pub const WHOLE_STEP: f64 = 24.0;

/// A gradient less the mean of its row, in units of the largest gradient: the mean and the difference are rounded once each.
pub const CENTERED: f64 = 2.1;

/// The rates of a library's schedule in up to forty steps, in units of 2⁻⁵³ of its largest rate: the formula and the library
/// round up to eight times each, and torch derives a rate from the one before; measured 7.5, where torch's `CyclicLR` takes
/// whole cycles off the step. Of more steps it is in proportion to them.
pub const SCHEDULE: f64 = 8.0;

/// What torch's `CosineAnnealingLR` may be off besides, after its end: it takes the cosine of the step beside the lowest point
/// off 1, twice, and half a unit of each cosine is large in the small differences. The way up multiplies them, and each
/// further period adds as much. With a `t_max` of 30 and nine steps after the end it is 38; measured 36.
pub fn beyond_end(steps: usize, t_max: usize) -> f64 {
    let wave = |step: usize| 1.0 - libm::cos(std::f64::consts::PI * step as f64 / t_max as f64);
    let beyond = (steps - 1).saturating_sub(t_max);
    beyond.div_ceil(2 * t_max) as f64 * wave(beyond.min(t_max)) / 2.0 / wave(1)
}

/// The rates of a formula that is written in another way, in units of 2⁻⁵³ of its largest rate: each of the two rounds up to
/// eight times, and an angle of several turns is off by as many roundings of π; measured 6.7.
pub const SCHEDULE_FORMULA: f64 = 8.0;

/// The first iterations of L-BFGS against f64, how many, and in units of the largest parameter: each rounds parameters, gradients
/// and directions to f32 a few times. Measured 6.9.
pub const LBFGS_FIRST: (usize, f64) = (5, 10.0);

/// Fifteen iterations: a direction amplifies what rounding left in the pairs, the more the closer their gradients are.
/// Measured 18.8. A few iterations later two runs may be far apart, since a line search took another trial.
pub const LBFGS: f64 = 30.0;

/// The loss at the end, near a minimum, where it hardly depends on the way: measured 2.8e-9 for a run that has
/// not quite arrived, 2e-11 for the others.
pub const LBFGS_LOSS: f64 = 1e-8;

/// A direction of L-BFGS from up to five random pairs, in units of its largest element: each pair adds two products and their
/// rounding. Measured 6.2.
pub const LBFGS_DIRECTION: f64 = 10.0;
