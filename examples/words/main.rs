//! Trains a small network on English words, with the recipe of today's training, and lets it invent new ones.
//!
//! `cargo run --release --example words`
#![allow(clippy::indexing_slicing, reason = "an example may panic where its own tables are wrong")]

mod data;
mod half;
mod model;
mod recipe;
mod standin;

use data::{Batches, Words, predictions};
use model::Network;
use recipe::{BATCH, Training};
use std::time::Instant;

fn main() -> Result<(), gradstep::Error> {
    let started = Instant::now();
    let words = Words::split();
    let held_out: Vec<&[u8]> = words.held_out.iter().map(|word| &word[..]).collect();
    let mut batches = Batches::new(&words.train, BATCH);
    let mut training = Training::start();
    let mut sum = 0.0;
    for i in 0..2000 {
        let batch = batches.get(i);
        let report = training.step(&batch)?;
        sum += report.loss;
        if report.is_skipped { println!("skip at {i}: {}", training.scaler.scale); }
        if (i + 1) % 100 == 0 {
            let network = Network::new(training.average());
            println!("{i} {:.4} {:.5} val {:.4} {:.1}s", sum / 100.0, report.lr, network.loss(&held_out) / predictions(&held_out) as f64, started.elapsed().as_secs_f64());
            sum = 0.0;
        }
    }
    Ok(())
}
