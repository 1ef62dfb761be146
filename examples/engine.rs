//! The glue of an engine: parameter groups whose optimizers come from JSON, a schedule, micro-batches, an optional clip,
//! all cores, a checkpoint. The lines between the two marks are all of it.
//!
//! `cargo run --release --example engine --features rayon,serde`

use gradstep::any::{AnyOptimizer, AnyTensor};
use gradstep::{grad::par_accumulate, optim::ClockData, rule::ClipGrads};
use serde::{Deserialize, Serialize};
use std::{error::Error, iter::zip};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Tensor {
    params: Vec<f32>,
    grads: Vec<f32>,
    state: Vec<Vec<f32>>,
}

// ── glue ──
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Group {
    optimizer: AnyOptimizer,
    clock: ClockData,
    tensors: Vec<Tensor>,
}

fn step(groups: &mut [Group], schedule: f64, clip: Option<f64>) -> Result<(), gradstep::Error> {
    for Group { optimizer, clock, tensors } in groups {
        let mut scheduled = *optimizer;
        scheduled.set_lr(optimizer.lr() * schedule);
        let step = scheduled.tick(clock)?.with(clip.map(ClipGrads::new));
        let mut list: Vec<_> =
            tensors.iter_mut().map(|t| AnyTensor::new(&mut t.params, &t.grads, &mut t.state)).collect();
        step.par_apply_all(&mut list)?;
    }
    Ok(())
}
// ── end of the glue ──

/// A group of tensors of these lengths.
fn group(json: &str, lengths: &[usize]) -> Result<Group, Box<dyn Error>> {
    let optimizer: AnyOptimizer = serde_json::from_str(json)?;
    let mut tensors = Vec::new();
    for &len in lengths {
        let mut state = vec![vec![0.0; len]; optimizer.slots().count()];
        let params = vec![1.0; len];
        optimizer.init(&params, &mut state)?;
        tensors.push(Tensor { params, grads: vec![0.0; len], state });
    }
    Ok(Group { optimizer, clock: optimizer.clock(), tensors })
}

/// The gradients of p²/2 in four micro-batches, then a step.
fn train(groups: &mut [Group], steps: std::ops::Range<u32>) -> Result<(), gradstep::Error> {
    const MICRO_BATCHES: u32 = 4;
    for t in steps {
        for Tensor { params, grads, .. } in groups.iter_mut().flat_map(|group| &mut group.tensors) {
            grads.fill(0.0);
            for _ in 0..MICRO_BATCHES {
                par_accumulate(grads, params, 1.0 / f64::from(MICRO_BATCHES))?;
            }
        }
        step(groups, 1.0 / (1.0 + 0.01 * f64::from(t)), (t < 50).then_some(0.5))?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut groups = [
        group(r#"{"AdamW": {"lr": 0.05, "weight_decay": 0.1}}"#, &[200_000, 64, 90_000])?,
        group(r#"{"Lion": {"lr": 0.01}}"#, &[64, 64])?,
    ];
    train(&mut groups, 0..50)?;
    let checkpoint = serde_json::to_string(&groups)?;
    train(&mut groups, 50..100)?;

    let mut resumed: [Group; 2] = serde_json::from_str(&checkpoint)?;
    train(&mut resumed, 50..100)?;
    assert_eq!(resumed, groups);
    for (Group { optimizer, clock, tensors }, largest) in zip(&groups, [0.01, 0.4]) {
        let left = tensors.iter().flat_map(|t| &t.params).fold(0.0_f32, |most, p| most.max(p.abs()));
        println!("{}: from 1 to {left:.4} in {} steps", optimizer.name(), clock.step);
        assert!(left < largest);
    }
    Ok(())
}
