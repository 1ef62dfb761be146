//! What one step must give, by the oracle, and how far rounding may take it from there.

use crate::run::Run;
use crate::tolerance;

/// One number after a step.
pub struct Expected {
    /// By the oracle.
    pub value: f64,
    /// What the error is relative to: the largest of the value, what it is added to, and its sensitivity to a relative
    /// change of each input. A sum that cancels is as accurate as its summands allow.
    pub scale: f64,
}

impl Expected {
    /// The error in units of 2⁻²⁴ of the scale; zero where neither is finite.
    pub fn error(&self, found: f32) -> f64 {
        let found = f64::from(found);
        if found == self.value {
            return 0.0;
        }
        // Beyond f32 an infinity is the nearest number.
        if found.is_infinite() && found == f64::from(self.value as f32) {
            return 0.0;
        }
        // Something was divided by zero. What comes of it may be an infinity here and NaN there.
        if !self.value.is_finite() {
            return if found.is_finite() { f64::INFINITY } else { 0.0 };
        }
        // A few roundings of subnormal numbers may cost this, whatever their size.
        if (found - self.value).abs() <= 4.0 * tolerance::SMALLEST {
            return 0.0;
        }
        let error = (found - self.value).abs() / (tolerance::UNIT * self.scale);
        if error.is_nan() { f64::INFINITY } else { error }
    }
}

/// The oracle's parameter and state after a step, or nothing where the step takes the sign of a number that rounding
/// may turn over, and where the formula divides by 0, which the crate does not.
pub fn expect(run: &mut Run, p: f64, g: f64, state: &[f64]) -> Option<Vec<Expected>> {
    /// Small enough for a derivative, large enough for f64 to see the difference.
    const NUDGE: f64 = 1.0 / (1u64 << 20) as f64;
    let sign_of = |run: &Run, p, g, state: &[f64]| {
        let x = run.oracle_sign_of(p, g, state).unwrap_or(0.0);
        (x > 0.0, x < 0.0)
    };
    let results = |run: &mut Run, p, g, state: &[f64]| {
        let (p, state) = run.oracle_step(p, g, state);
        std::iter::once(p).chain(state).collect::<Vec<f64>>()
    };
    let exact = results(run, p, g, state);
    let is_finite = p.is_finite() && g.is_finite() && state.iter().all(|slot| slot.is_finite());
    if is_finite && !exact.iter().all(|value| value.is_finite()) {
        return None;
    }
    let sign = sign_of(run, p, g, state);
    let mut scales: Vec<f64> = exact.iter().map(|value| value.abs()).collect();
    scales[0] = p.abs().max((exact[0] - p).abs());
    let mut sensitivity = vec![0.0; exact.len()];
    for input in 0..2 + state.len() {
        for nudge in [NUDGE, -NUDGE] {
            let (mut p, mut g, mut state) = (p, g, state.to_vec());
            match input {
                0 => p += p * nudge,
                1 => g += g * nudge,
                slot => state[slot - 2] += state[slot - 2] * nudge,
            }
            if sign_of(run, p, g, &state) != sign {
                return None;
            }
            for ((sum, nudged), exact) in sensitivity.iter_mut().zip(results(run, p, g, &state)).zip(&exact) {
                *sum += (nudged - exact).abs() / NUDGE / 2.0;
            }
        }
    }
    let scales = scales.into_iter().zip(sensitivity).map(|(scale, sensitivity)| scale.max(sensitivity));
    Some(exact.iter().zip(scales).map(|(&value, scale)| Expected { value, scale }).collect())
}
