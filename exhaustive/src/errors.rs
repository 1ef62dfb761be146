//! The scalar backend against the f64 formulas.

use crate::bits::others;
use crate::patterns::Patterns;
use gradstep::Backend;
use gradstep::optim::Holds;
use gradstep_testkit::{Run, Step, expect, tolerance};

/// How a result of finite inputs can be far from the formula.
const INFINITE: u8 = 1;
const NAN: u8 = 2;
const FAR: u8 = 4;

/// What a sweep finds of the parameter, or of the state.
struct Findings {
    bound: f64,
    /// The largest error within the bound, in units, and the input where it lies.
    worst: (f64, f32),
    /// For each sign and exponent of the input, how results are far from the formula.
    far: Vec<u8>,
}

impl Findings {
    fn new(bound: f64) -> Self {
        Findings { bound, worst: (0.0, 0.0), far: vec![0; 512] }
    }

    /// Compares a result with the formula's. `scale` gives what an error is relative to, more slowly than `least`, below which
    /// it never is.
    fn compare(&mut self, input: f32, found: f32, value: f64, least: f64, scale: impl FnOnce() -> Option<f64>) {
        if value.is_nan() {
            return;
        }
        let kind = if found.is_nan() {
            NAN
        } else if found.is_infinite() {
            if value.abs() >= f64::from(f32::MAX) { 0 } else { INFINITE }
        } else {
            let error = (f64::from(found) - value).abs();
            if error <= 4.0 * tolerance::SMALLEST {
                return;
            }
            let units = error / (tolerance::UNIT * least);
            // Relative to the least scale the error is too large at worst.
            let units = if units > self.worst.0 {
                let Some(scale) = scale() else { return };
                error / (tolerance::UNIT * scale)
            } else {
                units
            };
            if units <= self.bound && units > self.worst.0 {
                self.worst = (units, input);
            }
            if units <= self.bound { 0 } else { FAR }
        };
        self.far[(input.to_bits() >> 23) as usize] |= kind;
    }

    /// Whether a result is far from the formula for an input of ordinary size.
    fn is_far_among_ordinary(&self) -> bool {
        let exponent = |number: f32| (number.to_bits() >> 23) as usize;
        let ordinary = exponent(1e-15) + 1..exponent(1e15);
        [0, 256].iter().any(|sign| ordinary.clone().any(|exponent| self.far[sign + exponent] != 0))
    }

    /// As text: the worst error, where, and ranges of the input with what happens there.
    fn text(&self) -> String {
        let mut ranges = Vec::new();
        for sign in [0, 256] {
            let mut exponent = 0;
            while exponent < 256 {
                let kind = self.far[sign + exponent];
                let end = (exponent..256).find(|&e| self.far[sign + e] != kind).unwrap_or(256);
                if kind != 0 {
                    let names = [(INFINITE, "infinite"), (NAN, "NaN"), (FAR, "far")];
                    let names: Vec<_> =
                        names.iter().filter(|(bit, _)| kind & bit != 0).map(|(_, name)| *name).collect();
                    let number = |exponent: usize| f32::from_bits(((sign + exponent) as u32) << 23);
                    let last = if end == 256 { f32::MAX.copysign(number(0)) } else { number(end) };
                    ranges.push(format!("{} {:e} {:e}", names.join("+"), number(exponent), last));
                }
                exponent = end;
            }
        }
        format!("{:.2} {:e} [{}]", self.worst.0, self.worst.1, ranges.join("; "))
    }
}

/// Compares a step with the formula over all finite patterns of an input. Where the other inputs are ordinary, an ordinary one
/// must give what the formula gives.
pub(crate) fn sweep(
    run: &mut Run,
    step: &Step,
    inputs: &[f32],
    input: usize,
    is_ordinary: bool,
    patterns: Patterns,
) -> Result<String, String> {
    let bound = run.bound();
    let (mut of_param, mut of_state) = (Findings::new(bound.param), Findings::new(bound.state));
    let mut start = others(Some(inputs), inputs.len());
    let mut found = start.clone();
    let mut drops_nan = false;
    // No run makes a sum of squares negative.
    let slot = input.checked_sub(2).and_then(|slot| run.optimizer.slots().nth(slot));
    let is_positive = slot.is_some_and(|slot| slot.holds == Holds::Squares);
    patterns
        .try_for_each(|numbers| -> Result<(), ()> {
            let len = numbers.len();
            start[input][..len].copy_from_slice(numbers);
            found.clone_from(&start);
            let [params, grads, state @ ..] = &mut found[..] else { unreachable!("a step has two streams at least") };
            let slots = state.iter_mut().map(|slot| &mut slot[..len]).collect();
            step.apply_on(Backend::Scalar, &mut params[..len], &grads[..len], slots).unwrap();
            for i in (0..len).filter(|&i| !is_positive || numbers[i].is_sign_positive()) {
                let before: Vec<f64> = start.iter().map(|stream| stream[i].into()).collect();
                let [p, g, state @ ..] = &before[..] else { unreachable!("a step has two streams at least") };
                let (value, new_state) = run.oracle_step(*p, *g, state);
                if !numbers[i].is_finite() {
                    drops_nan |= numbers[i].is_nan() && value.is_nan() && !found[0][i].is_nan();
                    continue;
                }
                let mut scales = None;
                let mut scale_of = |run: &mut Run, place: usize| {
                    let expected = scales.get_or_insert_with(|| expect(run, *p, *g, state));
                    expected.as_ref().map(|expected| expected[place].scale)
                };
                let least = p.abs().max((value - p).abs());
                of_param.compare(numbers[i], found[0][i], value, least, || scale_of(run, 0));
                for (slot, value) in new_state.into_iter().enumerate() {
                    let place = slot + 1;
                    of_state.compare(numbers[i], found[place + 1][i], value, value.abs(), || scale_of(run, place));
                }
            }
            Ok(())
        })
        .expect("no block fails");
    let text =
        format!("{} | {} | {}", of_param.text(), of_state.text(), if drops_nan { "drops NaN" } else { "keeps NaN" });
    if is_ordinary && of_param.is_far_among_ordinary() { Err(text) } else { Ok(text) }
}
