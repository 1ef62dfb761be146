//! A perceptron with one hidden layer of rectified units, on slices that the caller owns: no `std`, no allocation.
//!
//! Its arithmetic is `gradstep::grad::accumulate`, `libm` and sums in a fixed order, so that training gives the same
//! bits on every machine.

use gradstep::Error;
use gradstep::grad::accumulate;
use rand_pcg::rand_core::Rng;

/// Pixels of an image.
pub const PIXELS: usize = 64;
/// Hidden units.
pub const HIDDEN: usize = 32;
/// Digits.
pub const CLASSES: usize = 10;
/// Parameters: the weights from each pixel, the hidden biases, the weights from each hidden unit, the output biases.
pub const PARAMS: usize = PIXELS * HIDDEN + HIDDEN + HIDDEN * CLASSES + CLASSES;

/// Rows and columns of each tensor in the order of the parameters: the matrix of a layer, then its biases as one row.
pub const TENSORS: [[usize; 2]; 4] = [[PIXELS, HIDDEN], [1, HIDDEN], [HIDDEN, CLASSES], [1, CLASSES]];

/// Bytes of an image and its label.
pub const RECORD: usize = PIXELS + 1;

/// An image and the digit that it shows.
#[derive(Clone, Copy)]
pub struct Digit<'a> {
    pixels: &'a [u8],
    /// The digit that it shows.
    pub label: usize,
}

impl<'a> Digit<'a> {
    /// Reads a record of [`RECORD`] bytes.
    pub fn new(record: &'a [u8]) -> Self {
        Digit { pixels: &record[..PIXELS], label: record[PIXELS].into() }
    }

    /// Ink from 0 to 1. Most of an image is blank, and a blank pixel has neither effect nor gradient.
    fn ink(&self) -> impl Iterator<Item = (usize, f64)> {
        let inked = self.pixels.iter().enumerate().filter(|(_, pixel)| **pixel > 0);
        inked.map(|(i, &pixel)| (i * HIDDEN, f64::from(pixel) / 16.0))
    }
}

/// Where each part of the parameters begins.
const HIDDEN_BIAS: usize = PIXELS * HIDDEN;
const OUTPUT: usize = HIDDEN_BIAS + HIDDEN;
const OUTPUT_BIAS: usize = OUTPUT + HIDDEN * CLASSES;

/// Uniform weights whose range keeps the variance of a layer's outputs (He et al. 2015, arXiv 1502.01852), and zero
/// biases.
pub fn initialize(params: &mut [f32], rng: &mut impl Rng) {
    let mut fill = |weights: &mut [f32], inputs: usize| {
        let range = libm::sqrtf(6.0 / inputs as f32);
        for weight in weights {
            *weight = ((rng.next_u32() >> 8) as f32 / 8_388_608.0 - 1.0) * range;
        }
    };
    fill(&mut params[..HIDDEN_BIAS], PIXELS);
    fill(&mut params[OUTPUT..OUTPUT_BIAS], HIDDEN);
    params[HIDDEN_BIAS..OUTPUT].fill(0.0);
    params[OUTPUT_BIAS..].fill(0.0);
}

/// What the network makes of one image.
pub struct Forward {
    hidden: [f32; HIDDEN],
    /// The probability of each class.
    pub probabilities: [f32; CLASSES],
    /// The logarithm of each.
    log_probabilities: [f32; CLASSES],
}

/// Runs the network on an image.
pub fn forward(params: &[f32], digit: Digit) -> Result<Forward, Error> {
    let mut hidden = [0.0; HIDDEN];
    hidden.copy_from_slice(&params[HIDDEN_BIAS..OUTPUT]);
    for (row, ink) in digit.ink() {
        accumulate(&mut hidden, &params[row..row + HIDDEN], ink)?;
    }
    for unit in &mut hidden {
        *unit = if *unit > 0.0 { *unit } else { 0.0 };
    }
    let mut logits = [0.0; CLASSES];
    logits.copy_from_slice(&params[OUTPUT_BIAS..]);
    for (&unit, row) in hidden.iter().zip(params[OUTPUT..].chunks(CLASSES)) {
        if unit > 0.0 {
            accumulate(&mut logits, row, unit.into())?;
        }
    }
    let mut largest = logits[0];
    for &logit in &logits {
        if logit > largest {
            largest = logit;
        }
    }
    let mut probabilities = logits.map(|logit| libm::expf(logit - largest));
    let mut sum = 0.0;
    for probability in probabilities {
        sum += probability;
    }
    for probability in &mut probabilities {
        *probability /= sum;
    }
    let log_sum = libm::logf(sum);
    Ok(Forward { hidden, probabilities, log_probabilities: logits.map(|logit| logit - largest - log_sum) })
}

impl Forward {
    /// The cross-entropy of a label.
    pub fn loss(&self, label: usize) -> f32 {
        -self.log_probabilities[label]
    }

    /// The most probable class.
    pub fn class(&self) -> usize {
        let mut best = 0;
        for class in 1..CLASSES {
            if self.probabilities[class] > self.probabilities[best] {
                best = class;
            }
        }
        best
    }
}

/// Adds `share` times the gradient of a label's loss to `grads`.
pub fn backward(
    params: &[f32],
    digit: Digit,
    forward: &Forward,
    label: usize,
    share: f64,
    grads: &mut [f32],
) -> Result<(), Error> {
    let mut output = forward.probabilities;
    output[label] -= 1.0;
    accumulate(&mut grads[OUTPUT_BIAS..], &output, share)?;
    let mut hidden = [0.0; HIDDEN];
    for (j, &unit) in forward.hidden.iter().enumerate().filter(|(_, unit)| **unit > 0.0) {
        let row = OUTPUT + j * CLASSES..OUTPUT + (j + 1) * CLASSES;
        for (weight, error) in params[row.clone()].iter().zip(&output) {
            hidden[j] += weight * error;
        }
        accumulate(&mut grads[row], &output, share * f64::from(unit))?;
    }
    accumulate(&mut grads[HIDDEN_BIAS..OUTPUT], &hidden, share)?;
    for (row, ink) in digit.ink() {
        accumulate(&mut grads[row..row + HIDDEN], &hidden, share * ink)?;
    }
    Ok(())
}

/// FNV-1a over the bits of the weights.
pub fn hash(weights: &[f32]) -> u64 {
    let bytes = weights.iter().flat_map(|weight| weight.to_bits().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
