//! What frozen elements cost: steps over elements that were trained and whose gradients then stay at zero, while their
//! state fades to the bottom of the normal range and below, against steps over elements that go on being trained.
//!
//! `cargo bench --bench frozen` prints, for each optimizer, how many times as long as an ordinary step the steps of the
//! slowest hundred took, those of all of them, and those of the last hundred. Names of optimizers
//! choose, `--quick` runs once instead of three times, `--csv FILE` writes the table to a file.
#![allow(clippy::unwrap_used)] // a benchmark that cannot run may stop

use gradstep::{Optimizer, Shape, for_each_optimizer};
use gradstep_testkit::bench::{Arguments, Effort, Streams, Table, plain::LOSS};
use std::time::Instant;

const LEN: usize = 1 << 12;

/// Ordinary steps before elements freeze.
const TRAINED: usize = 1000;

/// Nanoseconds of each hundred of steps.
fn hundreds<O: Optimizer<S>, const S: usize>(frozen: bool, hundreds: usize) -> Vec<f64> {
    let (optimizer, mut clock) = (O::default(), O::Clock::default());
    let mut streams = Streams::of::<O, S>(&Shape::vector(LEN));
    let (params, _, state) = streams.split::<S>();
    optimizer.init(params, state).unwrap();
    let mut steps = |streams: &mut Streams, steps: usize| {
        let start = Instant::now();
        for _ in 0..steps {
            let (params, grads, state) = streams.split::<S>();
            let step = optimizer.begin(&clock).unwrap().loss(LOSS);
            step.apply(params, grads, state).unwrap().commit(&mut clock).unwrap();
        }
        start.elapsed().as_nanos() as f64
    };
    steps(&mut streams, TRAINED);
    if frozen {
        streams.freeze();
    }
    (0..hundreds).map(|_| steps(&mut streams, 100)).collect()
}

/// The fastest of a few runs, hundred by hundred: an interruption hits one run alone.
fn fastest<O: Optimizer<S>, const S: usize>(frozen: bool, count: usize, effort: Effort) -> Vec<f64> {
    let runs: Vec<_> = (0..effort.of(1, 1, 3)).map(|_| hundreds::<O, S>(frozen, count)).collect();
    (0..count).map(|i| runs.iter().filter_map(|run| run.get(i)).copied().fold(f64::MAX, f64::min)).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn measure<O: Optimizer<S>, const S: usize>(table: &mut Table, effort: Effort) {
    // A moment of 1 is below the normal range after 87,000 steps at a decay rate of .999.
    let ordinary = mean(&fastest::<O, S>(false, effort.of(1, 10, 50), effort));
    let frozen = fastest::<O, S>(true, effort.of(2, 1000, 1000), effort);
    let (slowest, at) = frozen.iter().zip(0..).map(|(ns, at)| (*ns, at)).max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    let relative = |ns: f64| ns / ordinary;
    let last = frozen.last().copied().unwrap_or(f64::NAN);
    table.row([
        format!("`{}`", O::NAME),
        format!("{:.2}", relative(slowest)),
        (100 * at).to_string(),
        format!("{:.2}", relative(mean(&frozen))),
        format!("{:.2}", relative(last)),
    ]);
}

fn main() {
    let arguments = Arguments::parse();
    let about = format!("{LEN} parameters, frozen steps over ordinary ones. 0.6 s an optimizer and 0.2 with --quick.");
    let mut table = arguments.table(&about, &["optimizer", "slowest hundred", "from step", "all", "last hundred"]);
    macro_rules! rows {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            if arguments.wants(stringify!($Optimizer)) {
                measure::<gradstep::$Optimizer, $slots>(&mut table, arguments.effort);
            }
        )*};
    }
    for_each_optimizer!(rows);
}
