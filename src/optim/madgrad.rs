use super::{Optimizer, next_step};
use crate::average::toward;
use crate::{Adapter, Error, Objective, Real, Rule, Slice, check};

/// Momentumised, adaptive dual averaging: steps from where training began, scaled by a cube root.
///
/// ```text
/// λ = lr·√t
/// s ← s + λ·g
/// v ← v + λ·g²
/// z = x0 − s/(∛v + eps)
/// p ← p + (1−momentum)·(z − p)
/// ```
///
/// Source: Defazio & Jelassi, "Adaptivity without Compromise: A Momentumized, Adaptive, Dual Averaged Gradient Method
/// for Stochastic Optimization", 2021, arXiv 2101.11075, with the values of the authors' code.
/// State: `[s, v, x0]`; x0 starts as the parameters: fill it with [`Optimizer::init`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Madgrad {
    /// Learning rate, at least 0. Default 0.01.
    pub lr: f64,
    /// How much of the old parameters stays, in [0, 1). Default 0.9.
    pub momentum: f64,
    /// Added to the cube root, at least 0. Default 1e-6.
    pub eps: f64,
    /// Coupled L2 penalty: `g + weight_decay · p`. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for Madgrad {
    fn default() -> Self {
        Madgrad { lr: 1e-2, momentum: 0.9, eps: 1e-6, weight_decay: 0.0, maximize: false }
    }
}

/// One step of [`Madgrad`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MadgradRule {
    objective: Objective,
    lambda: f32,
    weight: f32,
    eps: f32,
}

impl Optimizer<3> for Madgrad {
    type Clock = u64;
    type Rule = MadgradRule;

    fn tick(&self, clock: &mut u64) -> Result<MadgradRule, Error> {
        let step = next_step(*clock)?;
        let lr = check::non_negative("lr", self.lr)?;
        let rule = MadgradRule {
            objective: Objective::new(self.maximize, self.weight_decay)?,
            lambda: check::coefficient("lr", lr * libm::sqrt(step as f64))?,
            weight: (1.0 - check::fraction("momentum", self.momentum)?) as f32,
            eps: check::non_negative("eps", self.eps)? as f32,
        };
        *clock = step;
        Ok(rule)
    }

    fn init(&self, params: &[f32], [s, v, x0]: [&mut [f32]; 3]) -> Result<(), Error> {
        let expected = params.len();
        for (slot, found) in [s.len(), v.len(), x0.len()].into_iter().enumerate() {
            if found != expected {
                return Err(Error::Length { slice: Slice::State(slot), expected, found });
            }
        }
        s.fill(0.0);
        v.fill(0.0);
        x0.iter_mut().zip(params).for_each(|(x0, p)| *x0 = *p);
        Ok(())
    }
}

impl Rule<3> for MadgradRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(MadgradRule { objective: self.objective.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [s, v, x0]: [R; 3]) -> (R, [R; 3]) {
        let g = self.objective.grad(p, g);
        let scaled = R::splat(self.lambda) * g;
        let s = s + scaled;
        let v = v + scaled * g;
        let z = x0 - s / (cube_root(v) + R::splat(self.eps));
        (toward(p, z, self.weight), [s, v, x0])
    }
}

/// The cube root of a number from +0 up, without a division: a polynomial step towards its inverse, then one of
/// Newton's towards the root itself, which leaves little more than a rounding of it.
///
/// The step multiplies the start `i` by `(1 − m)^(−1/3)`, where `m = 1 − x·i³` is how far it misses, from −0.075 to
/// 0.128. The quadratic is within 4.9e-5 of that (minimax), so that Newton's step leaves 2e-8.
#[inline(always)]
fn cube_root<R: Real>(v: R) -> R {
    // By powers of 8, so that neither the cube of the root overflows nor a subnormal number is left.
    let tiny = v.lt(R::splat(power_of_two(-100)));
    let x = v * R::select(tiny, R::splat(power_of_two(48)), R::splat(power_of_two(-24)));
    let unscale = R::select(tiny, R::splat(power_of_two(-16)), R::splat(power_of_two(8)));

    let start = x.inverse_cube_root_start();
    let miss = R::splat(1.0) - (x * start) * (start * start);
    let factor = R::splat(0.999_963_33) + miss * (R::splat(0.334_305_54) + miss * R::splat(0.238_440_32));
    let inverse = start * factor;
    let square = inverse * inverse;
    let root = x * square;
    let root = root + (x - root * root * root) * (square * R::splat(1.0 / 3.0));
    // The iteration makes NaN of infinity.
    R::select(v.lt(R::splat(f32::INFINITY)), root * unscale, v)
}

const fn power_of_two(exponent: i32) -> f32 {
    f32::from_bits(((127 + exponent) as u32) << 23)
}
