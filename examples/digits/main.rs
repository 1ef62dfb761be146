//! Trains a small network on real handwritten digits with every optimizer, prints what came of it and draws it.
//!
//! `cargo run --release --example digits` runs all of them, `… --example digits -- Adam Lion` those that are named.
#![allow(clippy::indexing_slicing, reason = "an example may panic where its own tables are wrong")]

mod charts;
mod optimizers;
#[path = "../shared/picture.rs"]
mod picture;
mod registered;
mod table;
mod trainer;
mod training;
mod valley;
mod variants;

use gradstep::Backend;
use gradstep_testkit::network;
use indicatif::{ProgressBar, ProgressStyle};
use optimizers::{Entry, FULL_BATCH, MINI_BATCHES};
use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;
use training::{Data, Plan};

const DIGITS: &[u8] = include_bytes!("../data/digits.bin");

/// Below this an optimizer has not learned.
const LEAST_ACCURACY: f64 = 0.9;

/// One row of the table.
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) entry: Entry,
    /// Only shows how much data a step should see; not in the registry.
    pub(crate) is_batch_study: bool,
}

impl Run {
    /// What a reader sees.
    fn title(&self) -> String {
        if self.is_batch_study { format!("Sgd, {}", self.name) } else { self.name.clone() }
    }
}

/// Gradient descent on all samples, on single ones and on mini-batches; then every optimizer.
fn runs() -> Result<Vec<Run>, String> {
    let registry = optimizers::registry()?;
    let sgd = &registry[0];
    let study = |name: &str, lr, plan| Run {
        name: name.into(),
        entry: Entry { lr, plan, ..sgd.clone() },
        is_batch_study: true,
    };
    let mut runs = vec![
        study("all samples", 0.5, FULL_BATCH),
        study("one sample", 0.02, Plan { batch: 1, epochs: 30 }),
        study("mini-batch", 0.1, MINI_BATCHES),
    ];
    runs.extend(registry.into_iter().map(|entry| Run { name: entry.name.into(), entry, is_batch_study: false }));
    Ok(runs)
}

fn main() -> ExitCode {
    match digits() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn digits() -> Result<ExitCode, Box<dyn Error>> {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let mut runs = runs()?;
    if let Some(unknown) = names.iter().find(|name| runs.iter().all(|run| run.name != **name)) {
        return Err(format!("no optimizer is called {unknown}").into());
    }
    runs.retain(|run| names.is_empty() || names.contains(&run.name));

    let data = Data::split(DIGITS);
    println!(
        "{} handwritten digits to train with, {} to test with\n{} pixels → {} hidden units → {} classes, {} parameters\n\
         backend {}\n",
        data.train.len(),
        data.test.len(),
        network::PIXELS,
        network::HIDDEN,
        network::CLASSES,
        network::PARAMS,
        Backend::active()
    );
    let started = Instant::now();
    let bar = ProgressBar::new(runs.len() as u64);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}")?);
    let mut outcomes = Vec::new();
    for run in &runs {
        bar.set_message(run.name.clone());
        outcomes.push(training::train(&run.entry, &data)?);
        bar.inc(1);
    }
    bar.finish_and_clear();

    table::print(&runs, &outcomes);
    let weights: Vec<f32> = outcomes.iter().flat_map(|outcome| outcome.weights.iter().copied()).collect();
    println!("\nall final weights {:016x}, the same on every machine", network::hash(&weights));
    if names.is_empty() {
        let folder = picture::folder("digits")?;
        charts::draw(&folder, &runs, &outcomes)?;
        println!("pictures in {}: losses.svg, losses.png, valley.svg, valley.png", folder.display());
    }
    println!("{:.0} s", started.elapsed().as_secs_f64());

    let failed: Vec<&str> = (runs.iter().zip(&outcomes))
        .filter(|(_, outcome)| outcome.accuracy <= LEAST_ACCURACY)
        .map(|(run, _)| run.name.as_str())
        .collect();
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("at most {:.0} % recognized: {}", 100.0 * LEAST_ACCURACY, failed.join(", "));
    Ok(ExitCode::FAILURE)
}
