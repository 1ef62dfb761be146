//! The table of results.

use crate::Run;
use crate::training::Outcome;
use gradstep::Backend;
use gradstep_testkit::network;

/// Prints a line for each run; the last column is the hash of its weights.
pub(crate) fn print(runs: &[Run], outcomes: &[Outcome]) {
    let backend = Backend::active().to_string();
    println!("optimizer                     lr  epochs  training loss  test accuracy  µs a step  backend   weights");
    for (run, outcome) in runs.iter().zip(outcomes) {
        println!(
            "{:24} {:>7} {:>7}  {:>13.5}  {:>11.1} %  {:>9.2}  {backend:8}  {:016x}",
            run.title(),
            run.entry.lr,
            run.entry.plan.epochs,
            outcome.losses.last().copied().unwrap_or(f64::NAN),
            100.0 * outcome.accuracy,
            1e6 * outcome.step.as_secs_f64(),
            network::hash(&outcome.weights)
        );
    }
}
