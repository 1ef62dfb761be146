//! The recipe of training: what happens in one step.

use crate::data::predictions;
use crate::half;
use crate::model::{self, Network, Slices, SlicesMut, TENSORS};
use gradstep::average::WeightEma;
use gradstep::clip::{ClipNorm, Verdict};
use gradstep::grad::accumulate_squares;
use gradstep::loss_scale::{DynamicLossScale, LossScale};
use gradstep::schedule::{Cosine, Schedule};
use gradstep::sum::Sum;
use gradstep::{AdamW, Error, Optimizer};

/// Words of a step, in four micro-batches.
pub(crate) const BATCH: usize = 128;
const MICRO_BATCH: usize = 32;

/// Batches of the whole training.
pub(crate) const BATCHES: u64 = 2000;

/// A warm-up, then a cosine down to a hundredth of the highest rate.
fn schedule() -> Result<impl Schedule, Error> {
    Cosine::with_warmup(8e-5, 8e-3, 8e-5, 100, BATCHES)
}

const MATRICES: AdamW = AdamW { beta2: 0.99, weight_decay: 0.3, ..AdamW::DEFAULT };
const BIASES: AdamW = AdamW { weight_decay: 0.0, ..MATRICES };
/// The first tensors are matrices, the rest biases.
const MATRIX_COUNT: usize = 3;

/// The gradient of all tensors together is at most this long.
const MAX_NORM: f64 = 1.0;

const AVERAGE: WeightEma = WeightEma { decay: 0.99, ..WeightEma::DEFAULT };

/// It grows after 200 steps in place of 2,000, because this training is short.
const LOSS_SCALE: DynamicLossScale = DynamicLossScale { growth_interval: 200, ..DynamicLossScale::DEFAULT };

type Tensors = [Vec<f32>; TENSORS.len()];

/// All that training goes on from, and buffers for gradients.
pub(crate) struct Training {
    pub(crate) params: Tensors,
    /// For each tensor the two moments of `AdamW` and the average of the parameters.
    pub(crate) state: [[Vec<f32>; 3]; TENSORS.len()],
    pub(crate) clock: u64,
    pub(crate) average_clock: u64,
    pub(crate) loss_scale: LossScale,
    /// Batches done. One whose gradients overflow is not a step, so these can be more than the clock's.
    pub(crate) batches: u64,
    /// Zero between steps.
    grads: Tensors,
    micro_grads: Tensors,
}

/// What came of a batch.
pub(crate) struct Report {
    /// The mean cross-entropy of a symbol, before the step.
    pub(crate) loss: f64,
    pub(crate) lr: f64,
    pub(crate) loss_scale: f64,
    /// Whether the gradient was too long.
    pub(crate) is_clipped: bool,
}

impl Training {
    pub(crate) fn start() -> Result<Self, Error> {
        let zeros = || TENSORS.map(|(_, len)| vec![0.0; len]);
        let mut training = Training {
            params: zeros(),
            state: TENSORS.map(|(_, len)| [0; 3].map(|_| vec![0.0; len])),
            clock: 0,
            average_clock: 0,
            loss_scale: LOSS_SCALE.start()?,
            batches: 0,
            grads: zeros(),
            micro_grads: zeros(),
        };
        model::initialize(slices_mut(&mut training.params));
        Ok(training)
    }

    /// The average of the parameters, to evaluate with.
    pub(crate) fn average(&self) -> Slices<'_> {
        self.state.each_ref().map(|[_, _, average]| &average[..])
    }

    /// Trains with one batch.
    pub(crate) fn step(&mut self, batch: &[&[u8]]) -> Result<Report, Error> {
        let loss_scale = self.loss_scale;
        let lr = schedule()?.at(self.clock);

        // The gradient of the batch's mean loss, in micro-batches. Their words are not equally long, so each counts by its
        // share of all symbols.
        let network = Network::new(self.params.each_ref().map(|params| &params[..]));
        let share = 1.0 / predictions(batch) as f64;
        let (mut loss, mut squares) = (0.0, Sum::ZERO);
        for words in batch.chunks(MICRO_BATCH) {
            loss += share * network.gradient(words, loss_scale.scale(), slices_mut(&mut self.micro_grads));
            self.micro_grads.iter_mut().for_each(|grads| half::round(grads));
            let pairs = self.grads.iter_mut().zip(&self.micro_grads);
            // The last one is that of the whole batch.
            squares = pairs.map(|(grads, micro)| accumulate_squares(grads, micro, share)).sum::<Result<_, _>>()?;
        }

        let norm = squares.root() * loss_scale.inverse();
        let verdict = ClipNorm::torch(MAX_NORM)?.verdict(norm)?;
        LOSS_SCALE.update(&mut self.loss_scale, verdict == Verdict::Skip)?;
        match verdict {
            Verdict::Skip => self.grads.iter_mut().for_each(|grads| grads.fill(0.0)),
            Verdict::Scale(factor) => {
                let groups = [&AdamW { lr, ..MATRICES }, &AdamW { lr, ..BIASES }];
                let [for_matrices, for_biases] = AdamW::tick_groups(groups, &mut self.clock)?;
                let average = AVERAGE.tick(&mut self.average_clock)?;
                for (i, [m, v, a]) in self.state.iter_mut().enumerate() {
                    let step = if i < MATRIX_COUNT { for_matrices } else { for_biases };
                    let step = step.scale_grads(factor * loss_scale.inverse()).then(average);
                    step.apply_zeroing(&mut self.params[i], &mut self.grads[i], [m, v, a])?;
                }
            }
        }
        self.batches += 1;
        let is_clipped = matches!(verdict, Verdict::Scale(factor) if factor < 1.0);
        Ok(Report { loss, lr, loss_scale: loss_scale.scale().into(), is_clipped })
    }
}

fn slices_mut(tensors: &mut Tensors) -> SlicesMut<'_> {
    tensors.each_mut().map(|tensor| &mut tensor[..])
}
