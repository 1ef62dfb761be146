//! Trains a small network on English words, with the recipe of large models, and draws new words from it.
//!
//! `cargo run --release --example words`. The recipe itself is in `recipe.rs`.
#![allow(clippy::indexing_slicing, reason = "an example may panic where its own tables are wrong")]

mod chart;
mod checkpoint;
mod data;
mod half;
mod history;
mod invention;
mod model;
#[path = "../shared/picture.rs"]
mod picture;
mod recipe;

use chart::Chart;
use data::{Batches, CONTEXT, SYMBOLS, Words};
use gradstep::Backend;
use gradstep_testkit::network::hash;
use history::History;
use indicatif::{ProgressBar, ProgressStyle};
use model::{EMBEDDING, HIDDEN, Network, TENSORS};
use recipe::{BATCH, BATCHES, Training};
use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;
use std::{env, fs, process};

/// The hash of the final weights. It changes where the recipe, the network or the words do.
const EXPECTED: u64 = 0x4378_8bff_dd83_069a;

/// Batches between two evaluations.
const EVALUATION: u64 = 50;

/// After this many batches a checkpoint is written, and training goes on from it a second time for some batches.
const CHECKPOINT: u64 = BATCHES / 2;
const REPEATED: u64 = 100;

fn main() -> ExitCode {
    match words() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn words() -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let words = Words::split();
    let network = format!(
        "{CONTEXT} letters × {EMBEDDING} → {HIDDEN} hidden units → {SYMBOLS} symbols, {} parameters",
        TENSORS.iter().map(|(_, len)| len).sum::<usize>()
    );
    let size = format!("{} words to train with, {} held out", words.train.len(), words.held_out.len());
    println!("{size}\n{network}\nbackend {}\n", Backend::active());

    let mut training = Training::start()?;
    let history = train(&mut training, &words)?;
    history.print();

    let average = Network::new(training.average());
    println!();
    invention::print(&average, &words);

    let folder = picture::folder("words")?;
    let chart = Chart { history: &history, explanation: format!("{size}. {network}.") };
    picture::save(&chart, &folder, "training")?;
    println!("\npictures in {}: training.svg, training.png", folder.display());

    let weights: Vec<f32> =
        training.params.iter().flatten().chain(training.average().into_iter().flatten()).copied().collect();
    let found = hash(&weights);
    println!("final weights and their average {found:016x}, the same on every machine");
    println!("{:.0} s", started.elapsed().as_secs_f64());
    if found == EXPECTED { Ok(()) } else { Err(format!("{EXPECTED:016x} is expected").into()) }
}

/// Trains to the end, and on the way a second time from a checkpoint.
fn train(training: &mut Training, words: &Words) -> Result<History, Box<dyn Error>> {
    let mut batches = Batches::new(&words.train, BATCH);
    let mut history = History::default();
    let mut resumed = None;
    let bar = ProgressBar::new(BATCHES);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}")?);
    while training.batches < BATCHES {
        let report = training.step(&batches.get(training.batches))?;
        bar.set_message(format!("loss {:.3}, lr {:.5}, loss scale {}", report.loss, report.lr, report.loss_scale));
        bar.inc(1);
        history.reports.push(report);
        if training.batches.is_multiple_of(EVALUATION) {
            let loss = Network::new(training.average()).mean_loss(&words.held_out);
            history.held_out.push((training.batches as usize, loss));
        }
        if training.batches == CHECKPOINT {
            resumed = Some(from_file(&checkpoint::write(training))?);
        }
        if training.batches == CHECKPOINT + REPEATED
            && let Some(resumed) = &mut resumed
        {
            while resumed.batches < training.batches {
                resumed.step(&batches.get(resumed.batches))?;
            }
            if checkpoint::write(resumed) != checkpoint::write(training) {
                return Err("training went on from a checkpoint with other bits".into());
            }
        }
    }
    bar.finish_and_clear();
    println!(
        "{} batches: a gradient overflowed in {}, which are left out; {} were clipped",
        training.batches,
        training.batches - training.clock,
        history.reports.iter().filter(|report| report.is_clipped).count()
    );
    println!("from a checkpoint after {CHECKPOINT} batches the next {REPEATED} had the same bits\n");
    Ok(history)
}

/// Writes a checkpoint into a file, and begins again from there.
fn from_file(bytes: &[u8]) -> Result<Training, Box<dyn Error>> {
    let path = env::temp_dir().join(format!("gradstep-words-{}", process::id()));
    fs::write(&path, bytes)?;
    let read = fs::read(&path);
    fs::remove_file(&path)?;
    checkpoint::read(&read?)
}
