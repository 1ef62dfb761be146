//! A checkpoint: hyper-parameters, clock and slots are plain data, and training goes on with the same bits.
//!
//! `cargo run --example checkpoint --features serde`

use gradstep::any::AnyOptimizer;
use gradstep::optim::ClockData;
use serde::{Deserialize, Serialize};
use std::error::Error;

#[derive(Clone, Serialize, Deserialize)]
struct Training {
    optimizer: AnyOptimizer,
    clock: ClockData,
    params: Vec<f32>,
    /// By the names that checkpoints of PyTorch use, in the order of the slots.
    state: Vec<(String, Vec<f32>)>,
}

impl Training {
    fn start(optimizer: AnyOptimizer, params: Vec<f32>) -> Result<Self, gradstep::Error> {
        let state = optimizer.slots().map(|slot| (slot.name.to_owned(), vec![0.0; params.len()])).collect();
        let mut training = Training { optimizer, clock: optimizer.clock(), params, state };
        let Training { params, state, .. } = &mut training;
        optimizer.init(params, &mut slices(state))?;
        Ok(training)
    }

    fn steps(&mut self, count: usize) -> Result<(), gradstep::Error> {
        for _ in 0..count {
            let grads: Vec<f32> = self.params.iter().map(|p| p * 0.1).collect();
            let step = self.optimizer.tick(&mut self.clock)?;
            step.apply(&mut self.params, &grads, &mut slices(&mut self.state))?;
        }
        Ok(())
    }
}

fn slices(state: &mut [(String, Vec<f32>)]) -> Vec<&mut [f32]> {
    state.iter_mut().map(|(_, slot)| &mut slot[..]).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let params = (0..1000).map(|i| (i as f32).sin()).collect();
    let mut training = Training::start(AnyOptimizer::named("nadam")?, params)?;
    training.steps(10)?;
    let text = serde_json::to_string(&training)?;
    training.steps(10)?;

    let mut resumed: Training = serde_json::from_str(&text)?;
    resumed.steps(10)?;
    assert_eq!(resumed.params, training.params);
    println!("{} bytes, and the same bits at step {}", text.len(), resumed.clock.step);
    Ok(())
}
