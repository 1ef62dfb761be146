//! Parameter groups: weights decay, biases and scales do not, and the last layer has a smaller learning rate.
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

/// Tensors that share hyper-parameters.
struct Group {
    optimizer: AdamW,
    tensors: Vec<Tensor>,
}

fn main() -> Result<(), Error> {
    let adamw = AdamW { lr: 1e-3, weight_decay: 0.1, ..AdamW::DEFAULT };
    let mut groups = [
        Group { optimizer: adamw, tensors: vec![Tensor::new(64), Tensor::new(32)] },
        Group { optimizer: AdamW { weight_decay: 0.0, ..adamw }, tensors: vec![Tensor::new(8)] },
        Group { optimizer: AdamW { lr: 1e-4, ..adamw }, tensors: vec![Tensor::new(16)] },
    ];
    // All groups have done the same number of steps, so one clock serves them: each begins from the same one.
    let mut clock = 0;
    for _ in 0..100 {
        let mut next = clock;
        for group in &mut groups {
            next = clock;
            let step = group.optimizer.tick(&mut next)?;
            for Tensor { params, grads, state: [exp_avg, exp_avg_sq] } in &mut group.tensors {
                step.apply(params, grads, [exp_avg, exp_avg_sq])?;
            }
        }
        clock = next;
    }
    // Without gradients only the decay moves the parameters: by lr · weight_decay a step.
    let left = groups.each_ref().map(|group| group.tensors.first().and_then(|tensor| tensor.params.first().copied()));
    println!("after {clock} steps: {left:?}");
    for (left, expected) in left.into_iter().zip([0.99005, 1.0, 0.99900]) {
        assert!((left.unwrap_or_default() - expected).abs() < 1e-5);
    }
    Ok(())
}
