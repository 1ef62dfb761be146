//! What a call costs: the coefficients of a step, steps over tiny tensors, and the tensors of a whole model.
//!
//! `cargo bench --bench calls` prints nanoseconds; next to each step is a plain loop over the same slices, compiled for the
//! same vectors, which gives the same bits. Names of optimizers choose (default: Adam, AdamW, Lion, Sgd), `--quick` takes
//! fewer samples, `--csv FILE` writes the table to a file.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a benchmark that cannot run may stop

use gradstep::rule::Rule;
use gradstep::{Optimizer, Step, Tensor, for_each_optimizer};
use gradstep_testkit::bench::{Arguments, Effort, Streams, Table, in_turn, median, plain};
use std::cell::RefCell;
use std::hint::black_box;

const USUAL: [&str; 4] = ["Adam", "AdamW", "Lion", "Sgd"];

/// Tensors and their length.
const SHAPES: [(usize, usize); 13] = [
    (1, 0),
    (1, 1),
    (1, 3),
    (1, 8),
    (1, 10),
    (1, 15),
    (1, 16),
    (1, 31),
    (1, 64),
    (1, 100),
    (1000, 64),
    (100, 768),
    (100, 768 * 768),
];

fn measure<O: Optimizer<S>, const S: usize>(table: &mut Table, effort: Effort) {
    let name = O::NAME;
    let optimizer = O::default();
    let mut clock = O::Clock::default();
    let mut tick = || {
        let _ = black_box(optimizer.tick(black_box(&mut clock)).unwrap());
    };
    let [tick] = in_turn(effort.of(1, 15, 101), effort.of(1, 1000, 10_000), [&mut tick]).map(median);
    table.row([name.into(), "tick".into(), format!("{tick:.1}")]);
    let (step, plain) = plain::contest::<O, S>();
    for (count, len) in SHAPES {
        let is_large = count * len > 1 << 20;
        if is_large && effort != Effort::Full {
            continue;
        }
        let tensors = RefCell::new((0..count).map(|_| Streams::new(len, S)).collect::<Vec<_>>());
        let mut ours = || apply(black_box(&step), black_box(&mut tensors.borrow_mut()));
        let mut theirs = || plain(black_box(&mut tensors.borrow_mut()));
        let (samples, runs) = match count {
            1 => (effort.of(1, 15, 101), effort.of(1, 2000, 10_000)),
            _ if is_large => (7, 1),
            _ => (effort.of(1, 31, 301), effort.of(1, 3, 10)),
        };
        let mut list = || apply_all(black_box(&step), black_box(&mut tensors.borrow_mut()));
        let times = in_turn(samples, runs, [&mut ours, &mut list, &mut theirs]);
        let speed = |of: usize| {
            let ratios = times[2].iter().zip(&times[of]).map(|(plain, ours)| plain / ours);
            format!("{:.0} %", 100.0 * median(ratios.collect()))
        };
        let speeds = [speed(0), speed(1)];
        let call = if count == 1 { format!("step of {len}") } else { format!("{count} × {len}") };
        let [ours, list, theirs] = times.map(|times| format!("{:.1}", median(times)));
        table.row([name.into(), call, ours, list, theirs].into_iter().chain(speeds));
    }
}

fn apply<U: Rule<S>, const S: usize>(step: &Step<U>, tensors: &mut [Streams]) {
    for tensor in tensors {
        let (params, grads, state) = tensor.split();
        step.apply(params, grads, state).unwrap();
    }
}

/// One call for all, whose list is made for it.
fn apply_all<U: Rule<S>, const S: usize>(step: &Step<U>, tensors: &mut [Streams]) {
    let list = tensors.iter_mut().map(|tensor| {
        let (params, grads, state) = tensor.split();
        Tensor { params, grads, state }
    });
    step.apply_all(&mut list.collect::<Vec<_>>()).unwrap();
}

fn main() {
    let arguments = Arguments::parse();
    let about = "ns, medians; the speed of the loop is 100 %. One minute for the usual four optimizers.";
    let mut table =
        arguments.table(about, &["optimizer", "call", "apply", "apply_all", "loop", "speed of apply", "of apply_all"]);
    macro_rules! all {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            if arguments.wants_or(stringify!($Optimizer), &USUAL) {
                measure::<gradstep::$Optimizer, $slots>(&mut table, arguments.effort);
            }
        )*};
    }
    for_each_optimizer!(all);
}
