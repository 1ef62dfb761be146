//! What sums cost: `Sum::squares` and others against a plain loop in f32 and against a loop that only reads.
//!
//! `cargo bench --bench norms` prints nanoseconds an element; next to each sum is the loop that a user would write for it, in
//! f32 with the order of additions left open, and one that takes the exclusive or of all bits, both compiled for the same
//! vectors. Names of sums choose, `--quick` measures in cache alone, `--csv FILE` writes the table to a file.
#![allow(clippy::unwrap_used)] // a benchmark that cannot run may stop

use gradstep::sum::Sum;
use gradstep_testkit::bench::{Arguments, Effort, Streams, in_turn, median, sums};
use std::hint::black_box;

/// The elements of a vector of parameters, of what the first and the second cache hold, and of 64 MB.
const LENGTHS: [(usize, &str); 4] = [(768, "L1"), (1 << 12, "L1"), (1 << 16, "L2"), (1 << 24, "memory")];

/// The elements that a sample sums at least, if the effort is full.
const SAMPLE: usize = 1 << 22;

/// A sum: ours and the plain loop.
type Pair = (&'static str, fn(&[f32]) -> Sum, fn(&[f32]) -> f32);

const SUMS: [Pair; 3] = [
    ("squares", Sum::squares, sums::squares),
    ("magnitudes", Sum::magnitudes, sums::magnitudes),
    ("values", Sum::values, sums::values),
];

fn main() {
    let arguments = Arguments::parse();
    let effort = arguments.effort;
    let about = "ns an element, medians; the speed is that of the others over ours, medians of the ratios: 100 % is as fast.\n\
                 Ten seconds.";
    let columns = ["sum", "elements", "in", "ours", "plain f32", "reading", "speed, of plain f32", "of reading"];
    let mut table = arguments.table(about, &columns);
    for (name, ours, plain) in SUMS.into_iter().filter(|(name, ..)| arguments.wants(name)) {
        for (len, place) in LENGTHS {
            if len > 1 << 20 && effort != Effort::Full {
                continue;
            }
            let mut streams = Streams::new(len, 0);
            let (values, ..) = streams.split::<0>();
            let (of_ours, of_plain) = (ours(values).value(), f64::from(plain(values)));
            let scale = Sum::magnitudes(values).value();
            assert!((of_ours - of_plain).abs() <= 1e-3 * scale, "the loop of {name} computes something else");
            let mut ours = || _ = black_box(ours(black_box(values)));
            let mut plain = || _ = black_box(plain(black_box(values)));
            let mut read = || _ = black_box(sums::read(black_box(values)));
            let runs = effort.of(1, SAMPLE / 16, SAMPLE).div_ceil(len);
            let samples = effort.of(1, 101, if len > 1 << 20 { 51 } else { 301 });
            let times = in_turn(samples, runs, [&mut ours, &mut plain, &mut read]);
            let speed = |of: &[f64]| {
                let ratios = of.iter().zip(&times[0]).map(|(of, ours)| of / ours);
                format!("{:.0} %", 100.0 * median(ratios.collect()))
            };
            let speeds = [speed(&times[1]), speed(&times[2])];
            let times = times.map(|times| format!("{:.4}", median(times) / len as f64));
            let head = [name.into(), len.to_string(), place.into()];
            table.row(head.into_iter().chain(times).chain(speeds));
        }
    }
}
