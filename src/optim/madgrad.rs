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
    fn lane<R: Real>(&self, p: R, g: R, [s, v, x0]: [R; 3]) -> (R, [R; 3]) {
        let g = self.objective.grad(p, g);
        let scaled = R::splat(self.lambda) * g;
        let s = s + scaled;
        let v = v + scaled * g;
        let z = x0 - s / (cube_root(v) + R::splat(self.eps));
        (toward(p, z, self.weight), [s, v, x0])
    }
}

/// The cube root of a number of at least zero, by the operations that an element path may use: ⅓ = ¼ + 1/16 + 1/64 + …
/// gives a start within 1.6 of the root, and three of Halley's steps converge cubically from there.
#[inline(always)]
fn cube_root<R: Real>(x: R) -> R {
    let fourth = x.sqrt().sqrt();
    let sixteenth = fourth.sqrt().sqrt();
    let sixty_fourth = sixteenth.sqrt().sqrt();
    let (one, two) = (R::splat(1.0), R::splat(2.0));
    let mut root = fourth * sixteenth * sixty_fourth;
    for _ in 0..3 {
        let ratio = x / root / (root * root);
        root = root * ((one + two * ratio) / (two + ratio));
    }
    // 0/0 and ∞/∞.
    R::select(R::splat(0.0).lt(x), R::select(x.lt(R::splat(f32::INFINITY)), root, x), x)
}
