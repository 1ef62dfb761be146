//! A perceptron that predicts the next symbol from those before it: an embedding, a layer of rectified units, a softmax.
//!
//! Its arithmetic is `+ − × ÷ √` and `libm` in a fixed order, so that training gives the same bits on every machine. The
//! loops run along rows, where the compiler makes vectors of them.

use crate::data::{CONTEXT, SYMBOLS, examples};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// Numbers that stand for a symbol.
pub(crate) const EMBEDDING: usize = 24;
/// Hidden units.
pub(crate) const HIDDEN: usize = 512;

type Row = [f32; HIDDEN];

/// The tensors and their lengths.
pub(crate) const TENSORS: [(&str, usize); 5] = [
    // A row for each symbol.
    ("embedding", SYMBOLS * EMBEDDING),
    // A row of hidden units for each number of each symbol that is seen.
    ("hidden weights", CONTEXT * EMBEDDING * HIDDEN),
    // A row of hidden units for each symbol that may come next.
    ("output weights", SYMBOLS * HIDDEN),
    ("hidden biases", HIDDEN),
    ("output biases", SYMBOLS),
];

/// One slice for each of [`TENSORS`].
pub(crate) type Slices<'a> = [&'a [f32]; TENSORS.len()];
pub(crate) type SlicesMut<'a> = [&'a mut [f32]; TENSORS.len()];

/// Uniform weights that keep the variance of what passes through, and zero biases.
pub(crate) fn initialize([embedding, hidden, output, ..]: SlicesMut) {
    let mut rng = Pcg64Mcg::seed_from_u64(2);
    let mut fill = |weights: &mut [f32], variance: f32| {
        let range = libm::sqrtf(3.0 * variance);
        for weight in weights {
            *weight = ((rng.next_u32() >> 8) as f32 / 8_388_608.0 - 1.0) * range;
        }
    };
    fill(embedding, 1.0);
    fill(hidden, 2.0 / (CONTEXT * EMBEDDING) as f32);
    // Small, so that all symbols are about as probable at the start.
    fill(output, 0.1 / HIDDEN as f32);
}

/// What a symbol at a place of the context adds to the hidden units: a row for each place and symbol. There are so few
/// that they are computed once for a micro-batch.
type Table = [[Row; SYMBOLS]; CONTEXT];

/// A network that is ready to predict.
pub(crate) struct Network<'a> {
    embedding: &'a [[f32; EMBEDDING]],
    hidden: &'a [[Row; EMBEDDING]],
    output: &'a [Row],
    hidden_biases: &'a Row,
    output_biases: &'a [f32; SYMBOLS],
    table: Box<Table>,
    /// The output weights with a row for each hidden unit.
    transposed: Box<[[f32; SYMBOLS]; HIDDEN]>,
}

/// What a network makes of one context.
pub(crate) struct Forward {
    units: Row,
    /// Of each symbol.
    pub(crate) logits: [f32; SYMBOLS],
}

impl<'a> Network<'a> {
    pub(crate) fn new([embedding, hidden, output, hidden_biases, output_biases]: Slices<'a>) -> Self {
        let embedding = embedding.as_chunks().0;
        let hidden = hidden.as_chunks().0.as_chunks().0;
        let output: &[Row] = output.as_chunks().0;
        let mut table = zeroed_table();
        for (rows, weights) in table.iter_mut().zip(hidden) {
            for (row, numbers) in rows.iter_mut().zip(embedding) {
                for (&number, weights) in numbers.iter().zip(weights) {
                    add(row, number, weights);
                }
            }
        }
        let mut transposed = Box::new([[0.0; SYMBOLS]; HIDDEN]);
        for (symbol, row) in output.iter().enumerate() {
            for (weights, &weight) in transposed.iter_mut().zip(row) {
                weights[symbol] = weight;
            }
        }
        let hidden_biases = &hidden_biases.as_chunks().0[0];
        let output_biases = &output_biases.as_chunks().0[0];
        Network { embedding, hidden, output, hidden_biases, output_biases, table, transposed }
    }

    pub(crate) fn forward(&self, context: &[u8; CONTEXT]) -> Forward {
        let mut units = *self.hidden_biases;
        for (rows, &symbol) in self.table.iter().zip(context) {
            for (unit, term) in units.iter_mut().zip(&rows[usize::from(symbol)]) {
                *unit += term;
            }
        }
        for unit in &mut units {
            *unit = if *unit > 0.0 { *unit } else { 0.0 };
        }
        let mut logits = *self.output_biases;
        for (&unit, weights) in units.iter().zip(self.transposed.iter()) {
            add(&mut logits, unit, weights);
        }
        Forward { units, logits }
    }

    /// The mean cross-entropy of all symbols of some words.
    pub(crate) fn mean_loss(&self, words: &[Vec<u8>]) -> f64 {
        let (mut sum, mut count) = (0.0, 0_u32);
        for (context, next) in words.iter().flat_map(|word| examples(word)) {
            sum += f64::from(softmax(&self.forward(&context).logits, next).1);
            count += 1;
        }
        sum / f64::from(count)
    }

    /// The sum of the cross-entropies of all symbols of some words, and its gradient times `scale` in `grads`.
    pub(crate) fn gradient(&self, words: &[&[u8]], scale: f32, grads: SlicesMut) -> f64 {
        let [embedding, hidden, output, hidden_biases, output_biases] = grads;
        let output: &mut [Row] = output.as_chunks_mut().0;
        let mut table = zeroed_table();
        let (mut loss, mut unit_sums, mut symbol_sums) = (0.0, [0.0; HIDDEN], [0.0; SYMBOLS]);
        for row in output.iter_mut() {
            row.fill(0.0);
        }
        for (context, next) in words.iter().flat_map(|word| examples(word)) {
            let Forward { units, logits } = self.forward(&context);
            let (mut errors, cross_entropy) = softmax(&logits, next);
            loss += f64::from(cross_entropy);
            errors[next] -= 1.0;
            for error in &mut errors {
                *error *= scale;
            }
            add(&mut symbol_sums, 1.0, &errors);
            let mut unit_errors = [0.0; HIDDEN];
            for ((&error, weights), grads) in errors.iter().zip(self.output).zip(output.iter_mut()) {
                add(&mut unit_errors, error, weights);
                add(grads, error, &units);
            }
            for (error, &unit) in unit_errors.iter_mut().zip(&units) {
                *error = if unit > 0.0 { *error } else { 0.0 };
            }
            add(&mut unit_sums, 1.0, &unit_errors);
            for (rows, &symbol) in table.iter_mut().zip(&context) {
                add(&mut rows[usize::from(symbol)], 1.0, &unit_errors);
            }
        }
        hidden_biases.copy_from_slice(&unit_sums);
        output_biases.copy_from_slice(&symbol_sums);
        self.through_table(&table, embedding.as_chunks_mut().0, hidden.as_chunks_mut().0.as_chunks_mut().0);
        loss
    }

    /// From the gradient of the table to those of its two factors.
    fn through_table(&self, table: &Table, embedding: &mut [[f32; EMBEDDING]], hidden: &mut [[Row; EMBEDDING]]) {
        embedding.fill([0.0; EMBEDDING]);
        for ((rows, weights), grads) in table.iter().zip(self.hidden).zip(hidden) {
            grads.fill([0.0; HIDDEN]);
            for (symbol, row) in rows.iter().enumerate() {
                for (i, (weights, grads)) in weights.iter().zip(grads.iter_mut()).enumerate() {
                    add(grads, self.embedding[symbol][i], row);
                    embedding[symbol][i] += dot(weights, row);
                }
            }
        }
    }
}

/// On the heap: it is too large for the stack.
fn zeroed_table() -> Box<Table> {
    let rows = vec![[[0.0; HIDDEN]; SYMBOLS]; CONTEXT];
    rows.try_into().unwrap_or_else(|_| unreachable!("the length is the type's"))
}

/// `sums ← sums + factor · terms`
#[inline(always)]
fn add<const N: usize>(sums: &mut [f32; N], factor: f32, terms: &[f32; N]) {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum += factor * term;
    }
}

/// In eight sums side by side: one alone cannot be a vector.
fn dot(a: &Row, b: &Row) -> f32 {
    let mut sums = [0.0; 8];
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// The probability of each symbol, and the cross-entropy of the one that comes next.
pub(crate) fn softmax(logits: &[f32; SYMBOLS], next: usize) -> ([f32; SYMBOLS], f32) {
    let largest = logits.iter().fold(logits[0], |most, &logit| if logit > most { logit } else { most });
    let mut probabilities = logits.map(|logit| libm::expf(logit - largest));
    let sum = probabilities.iter().fold(0.0, |sum, term| sum + term);
    for probability in &mut probabilities {
        *probability /= sum;
    }
    (probabilities, libm::logf(sum) - (logits[next] - largest))
}
