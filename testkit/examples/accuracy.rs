//! How far 2,000 steps in f32 lead away from the f64 formulas: for every optimizer but the schedule-free ones the root mean
//! square of the error of parameters and state over that of their size, for random gradients.
//!
//! `cargo run --release -p gradstep-testkit --features std --example accuracy`
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "it may stop where it is wrong")]

use gradstep_testkit::values::Source;
use gradstep_testkit::{Run, Tensor, registry};

const ELEMENTS: usize = 64;
const STEPS: usize = 2_000;

fn main() {
    println!("| optimizer | parameters | state |\n|---|---|---|");
    // The oracle of schedule-free optimizers sums all steps before again in each step, which takes hours for 2,000 of them.
    for entry in registry().iter().filter(|entry| !entry.name.starts_with("ScheduleFree")) {
        let [params, state] = error(&mut entry.variants[0].restart());
        println!("| `{}` | {params:.1e} | {state:.1e} |", entry.name);
    }
}

/// The errors of parameters and of state, the largest of all slots.
fn error(run: &mut Run) -> [f64; 2] {
    let mut source = Source::new(7);
    let mut found = Tensor::new(run, &source.many(ELEMENTS, Source::bell));
    let mut expected: Vec<(f64, Vec<f64>)> =
        found.params.iter().map(|&p| (p.into(), run.oracle_start(p.into()))).collect();
    for _ in 0..STEPS {
        // Ordinary gradients of a hundredth of the parameters.
        let grads: Vec<f32> = source.many(ELEMENTS, Source::bell).iter().map(|g| g / 100.0).collect();
        let step = run.tick(None).unwrap();
        found.apply_on(gradstep::Backend::active(), &step, &grads);
        for ((p, state), g) in expected.iter_mut().zip(grads) {
            (*p, *state) = run.oracle_step(*p, g.into(), state);
        }
    }
    let relative = |found: &[f32], expected: &dyn Fn(usize) -> f64| {
        let (mut error, mut size) = (0.0, 0.0);
        for (i, &found) in found.iter().enumerate() {
            let (expected, found) = (expected(i), f64::from(found));
            error += (found - expected) * (found - expected);
            size += expected * expected;
        }
        if size > 0.0 { (error / size).sqrt() } else { 0.0 }
    };
    let params = relative(&found.params, &|i| expected[i].0);
    let slots = found.state.iter().enumerate().map(|(slot, values)| relative(values, &|i| expected[i].1[slot]));
    [params, slots.fold(0.0, f64::max)]
}
