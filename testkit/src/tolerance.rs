//! Every tolerance of the suite, with its reason. Between backends there is none: 0 ULP.

/// Half the distance of the f32 at 1: what rounding once to the nearest may cost, relatively.
pub const UNIT: f64 = 1.0 / 16_777_216.0;

/// One step's parameter, in units of its scale: see `expected.rs`. All roundings of the longest rule at their worst, each
/// one unit: Adan's numerator takes 5 (two averages, their coefficients and their sum), its root 7 (half of the square's
/// 12, and the root itself), the quotient 1, the decay 3 and the parameter 1. Random numbers reach 8.8, fuzzing 13.
pub const STEP_PARAM: f64 = 17.0;

/// One step's state, in units of its scale: the same for AdaDelta's average of squared updates. An update takes 10 (the
/// roots 3 and 2, quotient and product 2, the penalised gradient 3), its square 21, the average 4 more. Random numbers
/// reach 8.6.
pub const STEP_STATE: f64 = 25.0;

/// How much larger our rms error of twelve steps may be than PyTorch's own in float32, relative to the numbers so far.
/// Both are mostly the rounding of p, the same amount for everybody and luck in each case; measured 0.32 to 1.24.
pub const GOLDEN_VERSUS_TORCH: f64 = 1.3;

/// The rms error of a golden case, relative to the numbers so far: twelve roundings of p make about 1, and momentum
/// repeats the rounding of lr and of the gradients in step; measured 0.6 to 1.5.
pub const GOLDEN_RMS: f64 = 2.0;

/// The largest error of a golden case, relative to the numbers of the step. An element that crosses zero sets it;
/// PyTorch's float32 reaches 137 there, we reached 66.
pub const GOLDEN_MAX: f64 = 100.0;

/// The rms error of a second moment after 20,000 random gradients, relative, at a decay rate. A step rounds three
/// times, and an average remembers `1/(1−β)` steps, whose errors add up like a random walk. Measured 1.1e-7, 1.0e-6
/// and 3.5e-6. β kept as one f32 is off by 1.3e-5 at .999 and 1.1e-4 at
/// .9999.
pub const AVERAGE: [(f64, f64); 3] = [(0.9, 1.5e-7), (0.999, 1.2e-6), (0.9999, 7e-6)];

/// An average of forty weights, in units of the largest of them: each update rounds three times; measured 4.4.
pub const AVERAGE_OF_WEIGHTS: f64 = 8.0;

/// x recovered from y and z after thirty steps, in units of 1: dividing by β = .9 magnifies what rounding left; measured
/// 4.8.
pub const SCHEDULE_FREE_X: f64 = 8.0;

/// MADGRAD's cube root, in units of 2⁻²⁴ of itself: what is left to correct is off by up to three roundings of the
/// number, of which a third counts, then the root is rounded, and the quotient that shows it; measured 2.24.
pub const CUBE_ROOT: f64 = 2.5;
