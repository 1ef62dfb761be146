//! One optimizer on the digits: from the same weights, over the same samples.

use crate::optimizers::Entry;
use crate::trainer::{Curvature, Trainer};
use gradstep::{Error, sample};
use gradstep_testkit::network::{self, CLASSES, Digit, PARAMS, RECORD, TENSORS, backward, forward};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};
use std::time::Duration;

/// The digits in two parts.
pub(crate) struct Data<'a> {
    pub(crate) train: Vec<Digit<'a>>,
    pub(crate) test: Vec<Digit<'a>>,
}

impl<'a> Data<'a> {
    /// Four fifths to train with, the rest to test with, drawn at random.
    pub(crate) fn split(bytes: &'a [u8]) -> Self {
        let mut train: Vec<Digit> = bytes.chunks_exact(RECORD).map(Digit::new).collect();
        sample::shuffle(&mut train, &mut Pcg64Mcg::seed_from_u64(1));
        let test = train.split_off(train.len() * 4 / 5);
        Data { train, test }
    }
}

/// How many samples a step sees, and how often training sees every sample.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Plan {
    pub(crate) batch: usize,
    pub(crate) epochs: usize,
}

/// What came of one optimizer.
pub(crate) struct Outcome {
    /// The mean loss over the training set, at the start and after each epoch.
    pub(crate) losses: Vec<f64>,
    /// The share of the test set that is recognized.
    pub(crate) accuracy: f64,
    /// The median time of the update of all parameters, forward and backward pass not included.
    pub(crate) step: Duration,
    pub(crate) weights: Vec<f32>,
}

/// Steps between two estimates by [`gauss_newton`], as Sophia's paper has it.
const GAUSS_NEWTON_PERIOD: usize = 10;

pub(crate) fn train(entry: &Entry, data: &Data) -> Result<Outcome, Error> {
    let mut rng = Pcg64Mcg::seed_from_u64(2);
    let mut params = vec![0.0; PARAMS];
    network::initialize(&mut params, &mut rng);
    let mut trainer = (entry.start)(entry.lr, &TENSORS, &params)?;
    let mut grads = vec![0.0; PARAMS];
    let mut order: Vec<usize> = (0..data.train.len()).collect();
    let mut losses = vec![mean_loss(&params, &data.train)?];
    let mut times = Vec::new();
    for _ in 0..entry.plan.epochs {
        sample::shuffle(&mut order, &mut rng);
        for batch in order.chunks(entry.plan.batch) {
            match trainer.wants_curvature() {
                Some(Curvature::GaussNewton) if times.len() % GAUSS_NEWTON_PERIOD == 0 => {
                    trainer.curvature(&gauss_newton(&params, batch, data, &mut rng)?)?;
                }
                // In each step, as the paper has it. An old estimate is that of other samples.
                Some(Curvature::Hutchinson) => trainer.curvature(&hutchinson(&params, batch, data, &mut rng)?)?,
                _ => {}
            }
            let gradient = |at: &[f32], grads: &mut [f32]| gradient(at, batch, data, grads);
            times.push(trainer.advance(&mut params, &mut grads, gradient)?);
        }
        losses.push(mean_loss(&evaluated(&*trainer, &params)?, &data.train)?);
    }
    times.sort_unstable();
    let weights = evaluated(&*trainer, &params)?;
    let mut recognized = 0;
    for &digit in &data.test {
        recognized += usize::from(forward(&weights, digit)?.class() == digit.label);
    }
    let accuracy = recognized as f64 / data.test.len() as f64;
    Ok(Outcome { losses, accuracy, step: times[times.len() / 2], weights })
}

/// Writes the mean gradient of a batch and returns its mean loss.
fn gradient(params: &[f32], batch: &[usize], data: &Data, grads: &mut [f32]) -> Result<f64, Error> {
    grads.fill(0.0);
    let mut sum = 0.0;
    for &i in batch {
        let digit = data.train[i];
        let pass = forward(params, digit)?;
        sum += f64::from(pass.loss(digit.label));
        backward(params, digit, &pass, digit.label, 1.0 / batch.len() as f64, grads)?;
    }
    Ok(sum / batch.len() as f64)
}

/// The weights to evaluate; those to train with stay as they are.
fn evaluated(trainer: &dyn Trainer, params: &[f32]) -> Result<Vec<f32>, Error> {
    let mut weights = params.to_vec();
    trainer.evaluate(&mut weights)?;
    Ok(weights)
}

fn mean_loss(params: &[f32], digits: &[Digit]) -> Result<f64, Error> {
    let mut sum = 0.0;
    for &digit in digits {
        sum += f64::from(forward(params, digit)?.loss(digit.label));
    }
    Ok(sum / digits.len() as f64)
}

/// [`Curvature::GaussNewton`]: the batch's size times the square of its gradient for labels that the model itself draws.
fn gauss_newton(params: &[f32], batch: &[usize], data: &Data, rng: &mut impl Rng) -> Result<Vec<f32>, Error> {
    let mut estimate = vec![0.0; PARAMS];
    for &i in batch {
        let digit = data.train[i];
        let pass = forward(params, digit)?;
        let mut left = (rng.next_u32() >> 8) as f32 / 16_777_216.0;
        let mut drawn = 0;
        while drawn + 1 < CLASSES && left >= pass.probabilities[drawn] {
            left -= pass.probabilities[drawn];
            drawn += 1;
        }
        backward(params, digit, &pass, drawn, 1.0 / batch.len() as f64, &mut estimate)?;
    }
    for g in &mut estimate {
        *g = batch.len() as f32 * *g * *g;
    }
    Ok(estimate)
}

/// [`Curvature::Hutchinson`]: `z · (H·z)` for random signs z. `H·z` is the difference of the gradients at two points on a line in
/// the direction z.
fn hutchinson(params: &[f32], batch: &[usize], data: &Data, rng: &mut impl Rng) -> Result<Vec<f32>, Error> {
    const DISTANCE: f32 = 1.0 / 128.0;
    let signs: Vec<f32> = params.iter().map(|_| if rng.next_u32() & 1 == 0 { 1.0 } else { -1.0 }).collect();
    let gradient_at = |distance: f32| {
        let at: Vec<f32> = params.iter().zip(&signs).map(|(p, z)| p + distance * z).collect();
        let mut grads = vec![0.0; PARAMS];
        gradient(&at, batch, data, &mut grads).map(|_| grads)
    };
    let (ahead, behind) = (gradient_at(DISTANCE)?, gradient_at(-DISTANCE)?);
    let differences = ahead.iter().zip(&behind).map(|(ahead, behind)| (ahead - behind) / (2.0 * DISTANCE));
    Ok(differences.zip(&signs).map(|(of_gradients, z)| z * of_gradients).collect())
}
