//! The time per parameter of every optimizer, in cache and from memory, as the rows of the README's table.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a benchmark that cannot run may stop

use gradstep::*;
use std::time::Instant;

/// A buffer whose start is off by `stream` times 272 bytes from a page: streams at equal offsets evict each other.
fn stream(n: usize, stream: usize) -> Vec<f32> {
    vec![0.01; n + 1024 + 68 * stream]
}

/// Nanoseconds per parameter: the median of `samples` runs of `steps` steps each.
fn time<O: Optimizer<S> + Default, const S: usize>(n: usize, steps: usize, samples: usize) -> f64 {
    let optimizer = O::default();
    let mut streams: Vec<Vec<f32>> = (0..S + 2).map(|i| stream(n, i)).collect();
    let offset = |slice: &[f32], i: usize| (slice.as_ptr().align_offset(4096) + 68 * i) % 1024;
    let mut rest = streams.iter_mut().enumerate().map(|(i, s)| {
        let at = offset(s, i);
        &mut s[at..at + n]
    });
    let (params, grads) = (rest.next().unwrap(), rest.next().unwrap());
    let mut state: [&mut [f32]; S] = core::array::from_fn(|_| rest.next().unwrap());
    optimizer.init(params, state.each_mut().map(|s| &mut **s)).unwrap();
    let mut clock = O::Clock::default();
    let mut sample = || {
        let start = Instant::now();
        for _ in 0..steps {
            let rule = optimizer.tick(&mut clock).unwrap();
            rule.apply(params, grads, state.each_mut().map(|s| &mut **s)).unwrap();
        }
        start.elapsed().as_nanos() as f64 / (steps * n) as f64
    };
    sample();
    let mut times: Vec<f64> = (0..samples).map(|_| sample()).collect();
    times.sort_by(f64::total_cmp);
    times[samples / 2]
}

fn main() {
    // `cargo bench` passes `--bench`; a test run passes nothing or `--test` and only wants to see it work.
    let (cache, memory, samples) =
        if std::env::args().any(|a| a == "--bench") { (1 << 14, 1 << 24, 11) } else { (1 << 10, 1 << 12, 1) };
    println!("backend {}, {cache} and {memory} parameters, medians of {samples} samples", Backend::active());
    println!("| optimizer | slots | bytes | ns in cache | ns from memory |\n|---|---|---|---|---|");
    macro_rules! rows {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            println!(
                "| `{}` | {} | {} | {:.3} | {:.3} |",
                stringify!($Optimizer),
                $slots,
                12 + 8 * $slots,
                time::<$Optimizer, $slots>(cache, 200, samples),
                time::<$Optimizer, $slots>(memory, 1, samples),
            );
        )*};
    }
    for_each_optimizer!(rows);
}
