//! What frozen elements cost: steps whose gradients stay at zero while the state decays through the bottom of the normal
//! range, over steps on ordinary values. Prints the slowest stretch of such steps, relative to the ordinary ones.
//!
//! `cargo bench --bench frozen`
#![allow(clippy::unwrap_used)] // a benchmark that cannot run may stop

#[path = "common/streams.rs"]
mod streams;

use gradstep::{Backend, Optimizer, Rule, for_each_optimizer};
use std::time::Instant;
use streams::Streams;

const LEN: usize = 1 << 12;

/// Nanoseconds a parameter over some steps.
fn stretch<O: Optimizer<S>, const S: usize>(
    optimizer: &O,
    clock: &mut O::Clock,
    streams: &mut Streams,
    steps: u32,
) -> f64 {
    let start = Instant::now();
    for _ in 0..steps {
        let (params, grads, state) = streams.split::<S>();
        optimizer.tick(clock).unwrap().apply(params, grads, state).unwrap();
    }
    start.elapsed().as_nanos() as f64 / (f64::from(steps) * LEN as f64)
}

/// The slowest of the fastest of three runs, stretch by stretch: an interruption hits one run alone.
fn measure<O: Optimizer<S> + Default, const S: usize>(frozen: bool, stretches: u32, steps: u32) -> f64 {
    let optimizer = O::default();
    let run = || {
        let (new, mut clock) = (if frozen { Streams::zeros } else { Streams::new }, O::Clock::default());
        let mut streams = new(LEN, S);
        if frozen {
            let (params, _, state) = streams.split::<S>();
            params.fill(0.5);
            state.into_iter().for_each(|slot| slot.fill(2.0 * f32::MIN_POSITIVE));
        }
        (0..stretches).map(|_| stretch(&optimizer, &mut clock, &mut streams, steps)).collect::<Vec<f64>>()
    };
    let runs = [run(), run(), run()];
    let fastest =
        (0..stretches as usize).map(|i| runs.iter().filter_map(|run| run.get(i)).copied().fold(f64::MAX, f64::min));
    fastest.fold(0.0, f64::max)
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--test");
    let (stretches, steps) = if quick { (2, 2) } else { (40, 250) };
    println!("backend {}; frozen over ordinary", Backend::active());
    macro_rules! rows {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            let ordinary = measure::<gradstep::$Optimizer, $slots>(false, 4, steps);
            let frozen = measure::<gradstep::$Optimizer, $slots>(true, stretches, steps);
            println!("{:24} {:.2}", stringify!($Optimizer), frozen / ordinary);
        )*};
    }
    for_each_optimizer!(rows);
}
