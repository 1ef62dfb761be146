//! The operations that formulas are made of, each as a rule on its own, and what they should give.

use crate::bits::{self, apply, others};
use crate::patterns::Patterns;
use crate::subjects::Apply;
use gradstep::math::{Ema, Lerp, TINY, cube_root, variance};
use gradstep::rule::Rule;
use gradstep::{Backend, Real, Step};
use gradstep_testkit::{backends, tolerance};

/// What an operation should give.
enum Answer {
    /// These bits.
    Exactly(f32),
    /// This number, but for so many units of 2⁻²⁴ of it.
    Within(f64, f64),
    /// Whatever the scalar backend gives.
    Same,
}
use Answer::{Exactly, Same, Within};

/// The larger one; the first where either is NaN or both are zero.
fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

macro_rules! primitives {
    ($($Name:ident: |$p:ident, $g:ident| $formula:expr, |$a:ident, $b:ident| $answer:expr;)*) => {
        $(
            #[derive(Clone, Copy)]
            struct $Name;

            impl Rule<0> for $Name {
                #[inline(always)]
                fn lane<R: Real>(&self, $p: R, $g: R, []: [R; 0]) -> (R, [R; 0]) {
                    ($formula, [])
                }
            }
        )*

        /// The name of each, the operation, and the answer to two operands.
        fn all() -> Vec<(&'static str, Apply, fn(f32, f32) -> Answer)> {
            vec![$((
                stringify!($Name),
                Box::new(|backend, p: &mut [f32], g: &[f32], _| Step::of($Name).apply_on(backend, p, g, []).unwrap()),
                |$a, $b| $answer,
            )),*]
        }
    };
}

primitives! {
    Sum: |p, g| p + g, |a, b| Exactly((f64::from(a) + f64::from(b)) as f32);
    Difference: |p, g| p - g, |a, b| Exactly((f64::from(a) - f64::from(b)) as f32);
    // A product of two f32 is exact in f64, so it is rounded once. A quotient and a root are rounded twice to the same f32,
    // since f64 has more than twice the digits.
    Product: |p, g| p * g, |a, b| Exactly((f64::from(a) * f64::from(b)) as f32);
    Quotient: |p, g| p / g, |a, b| Exactly((f64::from(a) / f64::from(b)) as f32);
    Root: |p, _g| p.sqrt(), |a, _b| Exactly(f64::from(a).sqrt() as f32);
    Negative: |p, _g| -p, |a, _b| Exactly(f32::from_bits(a.to_bits() ^ 1 << 31));
    Magnitude: |p, _g| p.abs(), |a, _b| Exactly(f32::from_bits(a.to_bits() & !(1 << 31)));
    Larger: |p, g| p.max(g), |a, b| Exactly(larger(a, b));
    Smaller: |p, g| p.min(g), |a, b| Exactly(-larger(-a, -b));
    Sign: |p, _g| p.sign(), |a, _b| Exactly(if a == 0.0 || a.is_nan() { a } else { 1f32.copysign(a) });
    Flush: |p, _g| p.flush_below(TINY), |a, _b| Exactly(if a.abs() < TINY { 0.0 } else { a });
    ZeroWhereLess: |p, g| p.zero_where(p.lt(g)), |a, b| Exactly(if a < b { 0.0 } else { a });
    Select: |p, g| R::select(p.lt(g), R::splat(2.0), g), |a, b| Exactly(if a < b { 2.0 } else { b });
    CubeRootStart: |p, _g| p.inverse_cube_root_start(), |a, _b| if a.is_normal() && a > 0.0 {
        // Within 4.5 % of it.
        Within(1.0 / f64::from(a).cbrt(), 0.045 / tolerance::UNIT)
    } else {
        Same
    };
    CubeRoot: |p, _g| cube_root(p), |a, _b| match a {
        f32::INFINITY => Exactly(a),
        _ if a > 0.0 => Within(f64::from(a).cbrt(), tolerance::CUBE_ROOT),
        _ if a == 0.0 && a.is_sign_positive() => Exactly(a),
        _ => Same,
    };
    LerpStart: |p, g| Lerp::new(0.0).between(p, g), |a, _b| Exactly(a);
    LerpEnd: |p, g| Lerp::new(1.0).between(p, g), |_a, b| Exactly(b);
    LerpInner: |p, g| Lerp::new(0.3).between(p, g), |a, b| between(a, b, 0.3);
    SlowAverage: |p, g| Ema::new("beta", 0.7).map_or(p, |ema| ema.of(p, g)), |a, b| average(a, b, 0.3);
    FastAverage: |p, g| Ema::new("beta", 0.2).map_or(p, |ema| ema.of(p, g)), |a, b| average(a, b, 0.8);
    // At least the noise of the square, and not NaN below infinity.
    Variance: |p, g| variance(p, g), |a, b| if a.is_finite() && a >= 0.0 && b.is_finite() && (b * b).is_finite() {
        let (square, mean) = (f64::from(a), f64::from(b));
        let exact = (square - mean * mean).max(square / 1_048_576.0);
        Within(exact, 3.0 * (square + mean * mean) / exact)
    } else {
        Same
    };
}

/// An interpolation of finite numbers is as accurate as the larger of them.
fn between(a: f32, b: f32, weight: f64) -> Answer {
    if !a.is_finite() || !b.is_finite() {
        return Same;
    }
    let (a, b) = (f64::from(a), f64::from(b));
    let exact = a + weight * (b - a);
    Within(exact, tolerance::LERP * a.abs().max(b.abs()) / exact.abs())
}

/// An average is an interpolation that may overflow where the difference does.
fn average(a: f32, b: f32, weight: f64) -> Answer {
    if (b - a).is_finite() { between(a, b, weight) } else { Same }
}

pub(crate) fn names() -> Vec<&'static str> {
    all().into_iter().map(|(name, ..)| name).collect()
}

/// Compares the backends with each other and with the answer, over all patterns of an operand.
pub(crate) fn sweep(index: usize, is_special: bool, input: usize, patterns: Patterns) -> Result<String, String> {
    let (_, operation, answer) = all().swap_remove(index);
    let mut start = others((!is_special).then_some(&[0.3, 0.3][..]), 2);
    let (mut expected, mut found) = (start.clone(), start.clone());
    let mut worst = (0.0, 0.0f32);
    patterns.try_for_each(|numbers| {
        let len = numbers.len();
        start[input][..len].copy_from_slice(numbers);
        expected.clone_from(&start);
        apply(&operation, Backend::Scalar, &mut expected, len);
        for i in 0..len {
            let (a, b, scalar) = (start[0][i], start[1][i], expected[0][i]);
            let is_right = match answer(a, b) {
                Exactly(exact) => scalar.to_bits() == exact.to_bits() || (scalar.is_nan() && exact.is_nan()),
                Within(exact, bound) => {
                    let error = ((f64::from(scalar) - exact).abs() - 2.0 * tolerance::SMALLEST).max(0.0);
                    let units = error / (tolerance::UNIT * exact.abs());
                    if units > worst.0 {
                        worst = (units, numbers[i]);
                    }
                    error == 0.0 || units <= bound
                }
                Same => true,
            };
            if !is_right {
                return Err(format!("scalar gives {scalar:e} ({:#010x}) of {a:e} and {b:e}", scalar.to_bits()));
            }
        }
        for backend in backends().filter(|backend| *backend != Backend::Scalar) {
            found.clone_from(&start);
            apply(&operation, backend, &mut found, len);
            if let Some(i) = bits::difference(&found[0][..len], &expected[0][..len]) {
                return Err(format!(
                    "{backend} gives {:e} ({:#010x}) of {:e} and {:e}, scalar {:e} ({:#010x})",
                    found[0][i],
                    found[0][i].to_bits(),
                    start[0][i],
                    start[1][i],
                    expected[0][i],
                    expected[0][i].to_bits()
                ));
            }
        }
        Ok(())
    })?;
    Ok(format!("{:.3} at {:e}", worst.0, worst.1))
}
