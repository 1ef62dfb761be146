//! What frozen elements cost: steps over elements that were trained and whose gradients then stay at zero, while their
//! state fades to the bottom of the normal range and below, against steps over elements that go on being trained.
//!
//! `cargo bench --bench frozen` prints, for each optimizer, how many times as long as an ordinary step the steps of the
//! slowest hundred took, those of all of them, and those of the last hundred. Names of optimizers choose.
#![allow(clippy::unwrap_used)] // a benchmark that cannot run may stop

#[path = "common/streams.rs"]
mod streams;

use gradstep::{Backend, Optimizer, Rule, for_each_optimizer};
use std::time::Instant;
use streams::Streams;

const LEN: usize = 1 << 12;

/// Ordinary steps before elements freeze.
const TRAINED: usize = 1000;

/// Nanoseconds of each hundred of steps.
fn hundreds<O: Optimizer<S> + Default, const S: usize>(frozen: bool, hundreds: usize) -> Vec<f64> {
    let (optimizer, mut clock, mut streams) = (O::default(), O::Clock::default(), Streams::new(LEN, S));
    let (params, _, state) = streams.split::<S>();
    optimizer.init(params, state).unwrap();
    let mut steps = |streams: &mut Streams, steps: usize| {
        let start = Instant::now();
        for _ in 0..steps {
            let (params, grads, state) = streams.split::<S>();
            optimizer.tick(&mut clock).unwrap().apply(params, grads, state).unwrap();
        }
        start.elapsed().as_nanos() as f64
    };
    steps(&mut streams, TRAINED);
    if frozen {
        streams.freeze();
    }
    (0..hundreds).map(|_| steps(&mut streams, 100)).collect()
}

/// The fastest of three runs, hundred by hundred: an interruption hits one run alone.
fn fastest<O: Optimizer<S> + Default, const S: usize>(frozen: bool, count: usize) -> Vec<f64> {
    let runs = [(); 3].map(|()| hundreds::<O, S>(frozen, count));
    (0..count).map(|i| runs.iter().filter_map(|run| run.get(i)).copied().fold(f64::MAX, f64::min)).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn measure<O: Optimizer<S> + Default, const S: usize>(name: &str, quick: bool) {
    // A moment of 1 is below the normal range after 87,000 steps at a decay rate of .999.
    let ordinary = mean(&fastest::<O, S>(false, if quick { 1 } else { 50 }));
    let frozen = fastest::<O, S>(true, if quick { 2 } else { 1000 });
    let (slowest, at) = frozen.iter().zip(0..).map(|(ns, at)| (*ns, at)).max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    let relative = |ns: f64| ns / ordinary;
    let last = frozen.last().copied().unwrap_or(f64::NAN);
    println!(
        "| `{name}` | {:.2} | {} | {:.2} | {:.2} |",
        relative(slowest),
        100 * at,
        relative(mean(&frozen)),
        relative(last)
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let quick = has("--test") || !has("--bench");
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    println!("backend {}, {LEN} parameters, frozen steps over ordinary ones\n", Backend::active());
    println!("| optimizer | slowest hundred | from step | all | last hundred |\n|---|---|---|---|---|");
    macro_rules! rows {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            if wanted.is_empty() || wanted.iter().any(|name| *name == stringify!($Optimizer)) {
                measure::<gradstep::$Optimizer, $slots>(stringify!($Optimizer), quick);
            }
        )*};
    }
    for_each_optimizer!(rows);
}
