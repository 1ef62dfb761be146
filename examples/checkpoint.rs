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
    /// The names that checkpoints of PyTorch use, in the order of the slots.
    names: Vec<String>,
    state: Vec<Vec<f32>>,
}

impl Training {
    fn start(optimizer: AnyOptimizer, params: Vec<f32>) -> Result<Self, gradstep::Error> {
        let names: Vec<_> = optimizer.slots().map(|slot| slot.name.to_owned()).collect();
        let mut state = vec![vec![0.0; params.len()]; names.len()];
        optimizer.init(&params, &mut state)?;
        Ok(Training { optimizer, clock: optimizer.clock(), params, names, state })
    }

    fn steps(&mut self, count: usize) -> Result<(), gradstep::Error> {
        for _ in 0..count {
            let grads: Vec<f32> = self.params.iter().map(|p| p * 0.1).collect();
            let step = self.optimizer.tick(&mut self.clock)?;
            step.apply(&mut self.params, &grads, &mut self.state)?;
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let params = (0..1000).map(|i| (i as f32).sin()).collect();
    let mut training = Training::start(AnyOptimizer::from_name("nadam")?, params)?;
    training.steps(10)?;
    let text = serde_json::to_string(&training)?;
    training.steps(10)?;

    let mut resumed: Training = serde_json::from_str(&text)?;
    resumed.steps(10)?;
    assert_eq!(resumed.params, training.params);
    println!("{} bytes, and the same bits at step {}", text.len(), resumed.clock.step);
    Ok(())
}
