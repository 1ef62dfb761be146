//! Parameter groups: weights decay, biases and scales do not, the last layer has a smaller learning rate, and one layer is
//! frozen.
//!
//! `cargo run --example param_groups`

use gradstep::{AdamW, Error, Optimizer};

/// One tensor with its state.
struct Tensor {
    params: Vec<f32>,
    grads: Vec<f32>,
    state: [Vec<f32>; 2],
}

impl Tensor {
    fn new(len: usize) -> Self {
        Tensor { params: vec![1.0; len], grads: vec![0.0; len], state: [vec![0.0; len], vec![0.0; len]] }
    }
}

fn main() -> Result<(), Error> {
    let weights = AdamW { lr: 1e-3, weight_decay: 0.1, ..AdamW::DEFAULT };
    let biases = AdamW { weight_decay: 0.0, ..weights };
    let last_layer = AdamW { lr: 0.1 * weights.lr, ..weights };
    // The tensors of each group. Nothing steps the frozen one, so it needs no optimizer.
    let mut groups = [vec![Tensor::new(64), Tensor::new(32)], vec![Tensor::new(8)], vec![Tensor::new(16)]];
    let frozen = Tensor::new(16);
    // All groups do the same steps, so one clock counts them.
    let mut clock = 0;
    for _ in 0..100 {
        let steps = AdamW::tick_groups([&weights, &biases, &last_layer], &mut clock)?;
        for (step, tensors) in steps.iter().zip(&mut groups) {
            for Tensor { params, grads, state: [exp_avg, exp_avg_sq] } in tensors {
                step.apply(params, grads, [exp_avg, exp_avg_sq])?;
            }
        }
    }
    // Without gradients only the decay moves the parameters: by lr · weight_decay a step.
    let left = groups.each_ref().map(|tensors| tensors.first().and_then(|tensor| tensor.params.first().copied()));
    println!("after {clock} steps: {left:?}");
    for (left, expected) in left.into_iter().zip([0.99005, 1.0, 0.99900]) {
        assert!((left.unwrap_or_default() - expected).abs() < 1e-5);
    }
    assert_eq!(frozen.params, [1.0; 16]);
    Ok(())
}
