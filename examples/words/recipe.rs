//! The recipe of training: what happens in one step.

use crate::data::predictions;
use crate::half;
use crate::model::{self, Network, Slices, SlicesMut, TENSORS};
use crate::standin::{Scaler, WarmupCosine};
use gradstep::average::WeightEma;
use gradstep::grad::accumulate;
use gradstep::{AdamW, Error, Optimizer};

/// Words of a step.
pub(crate) const BATCH: usize = 128;
const MICRO_BATCHES: usize = 4;

const SCHEDULE: WarmupCosine = WarmupCosine { peak: 3e-3, warmup: 100, steps: 2000, last: 3e-5 };
const MATRICES: AdamW = AdamW { weight_decay: 0.1, beta2: 0.99, ..AdamW::DEFAULT };
/// They have no weight decay.
const BIASES: AdamW = AdamW { weight_decay: 0.0, ..MATRICES };
/// The first tensors are matrices, the rest biases.
const MATRIX_COUNT: usize = 3;
const MAX_NORM: f64 = 1.0;
const AVERAGE: WeightEma = WeightEma { decay: 0.99, ..WeightEma::DEFAULT };

type Tensors = [Vec<f32>; TENSORS.len()];

fn zeros() -> Tensors {
    TENSORS.map(|(_, len)| vec![0.0; len])
}

/// All that training goes on from.
pub(crate) struct Training {
    pub(crate) params: Tensors,
    /// For each tensor the two moments of `AdamW` and the average of the parameters.
    pub(crate) state: [[Vec<f32>; 3]; TENSORS.len()],
    pub(crate) clock: u64,
    pub(crate) average_clock: u64,
    pub(crate) scaler: Scaler,
    /// Batches done. One whose gradients overflow is no step, so these are more than the clock's.
    pub(crate) batches: u64,
    grads: Tensors,
    micro_grads: Tensors,
}

/// What a step did.
pub(crate) struct Report {
    /// The mean cross-entropy of the batch, before the step.
    pub(crate) loss: f64,
    pub(crate) lr: f64,
    /// Whether the gradients overflowed, so that the parameters are as before.
    pub(crate) is_skipped: bool,
}

impl Training {
    /// With all parameters zero.
    pub(crate) fn empty() -> Self {
        Training {
            params: zeros(),
            state: TENSORS.map(|(_, len)| [const { Vec::new() }; 3].map(|_: Vec<f32>| vec![0.0; len])),
            clock: 0,
            average_clock: 0,
            scaler: Scaler { scale: 65_536.0, good: 0 },
            batches: 0,
            grads: zeros(),
            micro_grads: zeros(),
        }
    }

    pub(crate) fn start() -> Self {
        let mut training = Training::empty();
        model::initialize(slices_mut(&mut training.params));
        training
    }

    /// The average of the parameters, to evaluate with.
    pub(crate) fn average(&self) -> Slices<'_> {
        self.state.each_ref().map(|[_, _, average]| &average[..])
    }

    pub(crate) fn step(&mut self, batch: &[&[u8]]) -> Result<Report, Error> {
        self.batches += 1;
        let lr = SCHEDULE.at(self.clock);
        let scale = self.scaler.scale;

        let network = Network::new(self.params.each_ref().map(|tensor| &tensor[..]));
        let share = 1.0 / predictions(batch) as f64;
        let mut loss = 0.0;
        for words in batch.chunks(BATCH / MICRO_BATCHES) {
            loss += share * network.gradient(words, scale as f32, slices_mut(&mut self.micro_grads));
            for (grads, micro) in self.grads.iter_mut().zip(&mut self.micro_grads) {
                half::round(micro);
                accumulate(grads, micro, share)?;
            }
        }

        let squares: f64 = self.grads.iter().flatten().map(|&g| f64::from(g) * f64::from(g)).sum();
        let norm = libm::sqrt(squares) / scale;
        let is_finite = norm.is_finite();
        self.scaler.update(is_finite);
        if is_finite {
            let clip = (MAX_NORM / (norm + 1e-6)).min(1.0);
            let [for_matrices, for_biases] =
                AdamW::tick_groups([&AdamW { lr, ..MATRICES }, &AdamW { lr, ..BIASES }], &mut self.clock)?;
            let average = AVERAGE.tick(&mut self.average_clock)?;
            for (i, [m, v, a]) in self.state.iter_mut().enumerate() {
                let step = if i < MATRIX_COUNT { for_matrices } else { for_biases };
                let step = step.scale_grads(clip / scale).then(average);
                step.apply(&mut self.params[i], &self.grads[i], [m, v, a])?;
            }
        }
        for grads in &mut self.grads {
            grads.fill(0.0);
        }
        Ok(Report { loss, lr, is_skipped: !is_finite })
    }
}

fn slices_mut(tensors: &mut Tensors) -> SlicesMut<'_> {
    tensors.each_mut().map(|tensor| &mut tensor[..])
}
