//! A trainer in static memory, as on a microcontroller: no allocation, and no panic in the step.
//!
//! `cargo run --example no_std_static`. The functions use `core` alone; only `main` prints.
#![allow(clippy::indexing_slicing, reason = "an example may panic where it is wrong")]

use gradstep::{Error, Momentum, Optimizer};
use std::sync::Mutex;

const PARAMS: usize = 3;

/// Everything that training needs.
struct Trainer {
    optimizer: Momentum,
    clock: u64,
    params: [f32; PARAMS],
    momentum_buffer: [f32; PARAMS],
}

impl Trainer {
    const fn new() -> Self {
        Trainer {
            optimizer: Momentum { lr: 0.02, ..Momentum::DEFAULT },
            clock: 0,
            params: [0.0; PARAMS],
            momentum_buffer: [0.0; PARAMS],
        }
    }

    /// One step of least mean squares: the weights of a filter whose output should be `wanted`.
    fn learn(&mut self, input: &[f32; PARAMS], wanted: f32) -> Result<(), Error> {
        let output: f32 = self.params.iter().zip(input).map(|(weight, x)| weight * x).sum();
        let grads = input.map(|x| (output - wanted) * x);
        let step = self.optimizer.tick(&mut self.clock)?;
        step.apply(&mut self.params, &grads, [&mut self.momentum_buffer])
    }
}

// Firmware uses its own cell or a critical section in place of the lock.
static TRAINER: Mutex<Trainer> = Mutex::new(Trainer::new());

fn main() -> Result<(), Error> {
    let mut trainer = TRAINER.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for t in 0..500 {
        let input = [(t % 5) as f32 - 2.0, (t % 3) as f32 - 1.0, 1.0];
        trainer.learn(&input, 0.5 * input[0] - 0.25 * input[1] + 2.0)?;
    }
    println!("weights {:?}", trainer.params);
    let wanted = [0.5, -0.25, 2.0];
    assert!(trainer.params.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-3));
    Ok(())
}
