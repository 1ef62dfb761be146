//! Tries every f32 as each input of every step: the same bits on all backends, and how far from the f64 formulas.
//!
//! `cargo run --release -p gradstep-exhaustive -- --help` says how. Finished sweeps are recorded in `target/exhaustive`, and
//! the next call with the same stride goes on after them.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a program of the repository, which may stop where its own tables are wrong"
)]

mod bits;
mod errors;
mod looking;
mod patterns;
mod primitives;
mod record;
mod report;
mod subjects;

use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use patterns::Patterns;
use record::Record;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;
use subjects::{Sweep, sweeps};

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Task {
    /// Primitives of the arithmetic: every backend against the scalar one, and against a definition.
    Primitives,
    /// Steps: every backend against the scalar one.
    Bits,
    /// Steps: the scalar backend against the f64 formulas.
    Errors,
    /// Nothing: writes what is recorded to docs/exhaustive.md.
    Report,
}

#[derive(Parser)]
#[command(about = "Tries every f32 as each input of every step")]
struct Options {
    task: Task,
    /// Takes every n-th of the 2³² patterns. Odd, so that all digits vary.
    #[arg(long, default_value_t = 1)]
    stride: u32,
    /// Sweeps whose name contains this text.
    #[arg(long, default_value = "")]
    only: String,
    /// Threads; all cores if not given.
    #[arg(long)]
    threads: Option<usize>,
    /// Keeps no record, and repeats what is recorded.
    #[arg(long)]
    no_record: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if options.task == Task::Report {
        return report::write();
    }
    let patterns = Patterns::every(options.stride);
    let record = if options.no_record { Record::none() } else { Record::open(options.task, options.stride) };
    let all = sweeps(options.task);
    let open: Vec<&Sweep> =
        all.iter().filter(|sweep| sweep.name.contains(&options.only) && !record.has(&sweep.name)).collect();
    println!(
        "{:?}: {} sweeps of {} patterns, {} of them done before",
        options.task,
        all.len(),
        patterns.count(),
        record.len()
    );
    let threads = options.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let bar = ProgressBar::new(open.len() as u64);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed} of {duration} {msg}").unwrap());
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let record = Mutex::new(record);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(sweep) = open.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let began = Instant::now();
                    match sweep.run(options.task, patterns) {
                        Ok(found) => record.lock().unwrap().add(&sweep.name, began.elapsed(), &found),
                        Err(difference) => {
                            failed.store(true, Ordering::Relaxed);
                            bar.suspend(|| eprintln!("{}: {difference}", sweep.name));
                        }
                    }
                    bar.set_message(sweep.name.clone());
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    let total = open.len() as f64 * patterns.count() as f64;
    println!("{} sweeps, {total:.3e} patterns, {:.0} s", open.len(), start.elapsed().as_secs_f64());
    if failed.into_inner() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
