//! Adam on a line through noisy points: what every training loop looks like.
//!
//! `cargo run --example quickstart`
#![allow(clippy::indexing_slicing, reason = "an example may panic where it is wrong")]

use gradstep::{Adam, Error, Optimizer};

/// The gradient of the mean squared error of `slope · x + offset` on points near `3x − 1`.
fn gradient(params: &[f32]) -> [f32; 2] {
    const POINTS: usize = 20;
    let mut grads = [0.0; 2];
    for i in 0..POINTS {
        let x = i as f32 / POINTS as f32;
        let noise = if i % 2 == 0 { 0.01 } else { -0.01 };
        let error = params[0] * x + params[1] - (3.0 * x - 1.0 + noise);
        grads[0] += 2.0 * error * x / POINTS as f32;
        grads[1] += 2.0 * error / POINTS as f32;
    }
    grads
}

fn main() -> Result<(), Error> {
    let adam = Adam { lr: 0.05, ..Adam::DEFAULT };
    let mut clock = 0;
    // You own the parameters and the optimizer's state: one slice for each of `Adam::SLOTS`.
    let (mut params, mut exp_avg, mut exp_avg_sq) = ([0.0; 2], [0.0; 2], [0.0; 2]);
    adam.init(&params, [&mut exp_avg, &mut exp_avg_sq])?;

    for _ in 0..1000 {
        let grads = gradient(&params);
        // Once a step; then `apply` once for each tensor.
        let step = adam.tick(&mut clock)?;
        step.apply(&mut params, &grads, [&mut exp_avg, &mut exp_avg_sq])?;
    }

    println!("{:.2} x + {:.2} after {clock} steps", params[0], params[1]);
    assert!((params[0] - 3.0).abs() < 0.05 && (params[1] + 1.0).abs() < 0.05);
    Ok(())
}
