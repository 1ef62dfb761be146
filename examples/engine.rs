//! The glue of an engine: groups of parameters whose optimizers come from JSON, a schedule, micro-batches, clipping by the norm of
//! all tensors of a group, all cores, a checkpoint. The lines between the two marks are all of it.
//!
//! Another name in the JSON is all that another optimizer takes, whether it looks at elements, rows, tensors or all tensors: the
//! example trains with AdamW, LAMB, row-wise AdaGrad and Prodigy, on one thread and on three, with a break and without.
//!
//! `cargo run --release --example engine --features rayon,serde`

use gradstep::any::{AnyOptimizer, AnyTensor};
use gradstep::{Shape, clip::ClipNorm, grad::par_accumulate, optim::ClockData};
use serde::{Deserialize, Serialize};
use std::error::Error;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Tensor {
    columns: usize,
    params: Vec<f32>,
    grads: Vec<f32>,
    state: Vec<Vec<f32>>,
}

// ── glue ──
type Group = (AnyOptimizer, ClockData, Vec<Tensor>);

fn step(groups: &mut [Group], schedule: f64, clip: ClipNorm, loss: f64) -> Result<(), gradstep::Error> {
    for (optimizer, clock, tensors) in groups {
        let mut scheduled = *optimizer;
        scheduled.set_lr(optimizer.lr() * schedule);
        let tensors = tensors
            .iter_mut()
            .map(|Tensor { columns, params, grads, state }| AnyTensor::zeroing(params, grads, state).rows(*columns));
        let step = scheduled.begin(clock)?.clip_norm(clip).loss(loss);
        step.par_apply_all(&mut tensors.collect::<Vec<_>>())?.commit(clock)?;
    }
    Ok(())
}
// ── end of the glue ──

/// A group of matrices with so many rows and columns.
fn group(json: &str, shapes: &[[usize; 2]]) -> Result<Group, Box<dyn Error>> {
    let optimizer: AnyOptimizer = serde_json::from_str(json)?;
    let mut tensors = Vec::new();
    for &[rows, columns] in shapes {
        let (params, shape) = (vec![1.0; rows * columns], Shape::vector(rows * columns).rows(columns));
        let mut state: Vec<_> = optimizer.slots().map(|slot| vec![0.0; slot.extent.len(&shape)]).collect();
        optimizer.init_shaped(&shape, &params, &mut state)?;
        tensors.push(Tensor { columns, grads: vec![0.0; params.len()], params, state });
    }
    Ok((optimizer, optimizer.clock(), tensors))
}

/// The gradients of p²/2 in four micro-batches, then a step.
fn train(groups: &mut [Group], steps: std::ops::Range<u32>) -> Result<(), Box<dyn Error>> {
    const MICRO_BATCHES: u32 = 4;
    let clip = ClipNorm::torch(100.0)?;
    for t in steps {
        for Tensor { params, grads, .. } in groups.iter_mut().flat_map(|(_, _, tensors)| tensors) {
            for _ in 0..MICRO_BATCHES {
                par_accumulate(grads, params, 1.0 / f64::from(MICRO_BATCHES))?;
            }
        }
        step(groups, 1.0 / (1.0 + 0.01 * f64::from(t)), clip, 1.0)?;
    }
    Ok(())
}

/// Trains from a start on so many threads.
fn trained(start: &[Group], threads: usize) -> Result<Vec<Group>, Box<dyn Error>> {
    let mut groups = start.to_vec();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    pool.install(|| train(&mut groups, 0..100).map_err(|error| error.to_string()))?;
    Ok(groups)
}

fn main() -> Result<(), Box<dyn Error>> {
    for (name, lr) in [("AdamW", 0.05), ("Lamb", 0.05), ("RowAdaGrad", 1.0), ("Prodigy", 1.0)] {
        let json = format!(r#"{{"{name}": {{"lr": {lr}, "weight_decay": 0.1}}}}"#);
        let start = [
            group(&json, &[[400, 500], [1, 64], [300, 300]])?,
            group(r#"{"Lion": {"lr": 0.01}}"#, &[[1, 64], [8, 8]])?,
        ];
        let groups = trained(&start, 1)?;
        assert!(trained(&start, 3)? == groups);

        let mut resumed = start.to_vec();
        train(&mut resumed, 0..50)?;
        let mut resumed: Vec<Group> = serde_json::from_str(&serde_json::to_string(&resumed)?)?;
        train(&mut resumed, 50..100)?;
        assert!(resumed == groups);

        for (optimizer, clock, tensors) in &groups {
            let left = tensors.iter().flat_map(|t| &t.params).fold(0.0_f32, |most, p| most.max(p.abs()));
            println!("{}: from 1 to {left:.4} in {} steps", optimizer.name(), clock.step);
            assert!(left < 0.5);
        }
    }
    Ok(())
}
