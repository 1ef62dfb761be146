//! Times things in turn: the clock and the memory of a shared machine drift by a third within minutes.

use std::time::Instant;

/// The nanoseconds of each thing's runs. A sample is the mean of `runs` of them; the first of each warms up.
pub fn in_turn<const K: usize>(samples: usize, runs: usize, mut things: [&mut dyn FnMut(); K]) -> [Vec<f64>; K] {
    let mut times = [const { Vec::new() }; K];
    for sample in 0..=samples {
        for (times, run) in times.iter_mut().zip(&mut things) {
            let start = Instant::now();
            (0..runs).for_each(|_| run());
            if sample > 0 {
                times.push(start.elapsed().as_nanos() as f64 / runs as f64);
            }
        }
    }
    times
}

/// The median.
pub fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
