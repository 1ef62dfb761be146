//! What a call costs: the coefficients of a step, steps over tiny tensors, the tensors of a whole model, and small units: rows of
//! an embedding table by row-wise AdaGrad, and LAMB beside Adam on one small tensor.
//!
//! `cargo bench --bench calls` prints nanoseconds; next to each step is a plain loop over the same slices, compiled for the
//! same vectors, which gives the same bits (but for rows, whose loop sums in f32). Names of optimizers choose (default: Adam, AdamW, Lion, Sgd), `--quick` takes
//! fewer samples, `--csv FILE` writes the table to a file.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a benchmark that cannot run may stop

use gradstep::optim::Carried;
use gradstep::rule::{Rule, Unadapted};
use gradstep::{Adam, Lamb, Optimizer, RowAdaGrad, Shape, Step, Tensor, for_each_optimizer};
use gradstep_testkit::bench::{Arguments, Effort, Streams, Table, in_turn, median, plain};
use gradstep_testkit::{Start, Starts, sets_clock};
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

fn measure<O: Optimizer<S>, T: Start, const S: usize>(table: &mut Table, effort: Effort) {
    let name = O::NAME;
    let optimizer = O::default();
    let mut clock = O::Clock::default();
    let mut tick = || {
        let _ = black_box(T::start(&optimizer, black_box(&mut clock)).unwrap());
    };
    let [tick] = in_turn(effort.of(1, 15, 101), effort.of(1, 1000, 10_000), [&mut tick]).map(median);
    table.row([name.into(), "tick".into(), format!("{tick:.1}")]);
    let (step, plain) = plain::contest::<O, S>();
    for (count, len) in SHAPES {
        let is_large = count * len > 1 << 20;
        if is_large && effort != Effort::Full {
            continue;
        }
        let tensors = RefCell::new((0..count).map(|_| Streams::of::<O, S>(&Shape::vector(len))).collect::<Vec<_>>());
        let mut ours = || apply(black_box(&step), black_box(&mut tensors.borrow_mut()));
        let mut theirs = || plain(black_box(&mut tensors.borrow_mut()));
        let (samples, runs) = match count {
            1 => (effort.of(1, 15, 101), effort.of(1, 2000, 10_000)),
            _ if is_large => (7, 1),
            _ => (effort.of(1, 31, 301), effort.of(1, 3, 10)),
        };
        let mut list = || apply_all(black_box(&step), black_box(&mut tensors.borrow_mut()));
        let times = in_turn(samples, runs, [&mut ours, &mut list, &mut theirs]);
        let speeds = [speed(&times[0], &times[2]), speed(&times[1], &times[2])];
        let call = if count == 1 { format!("step of {len}") } else { format!("{count} × {len}") };
        let [ours, list, theirs] = times.map(|times| format!("{:.1}", median(times)));
        table.row([name.into(), call, ours, list, theirs].into_iter().chain(speeds));
    }
}

/// The speed of a step where that of the loop is 100 %.
fn speed(ours: &[f64], plain: &[f64]) -> String {
    format!("{:.0} %", 100.0 * median(plain.iter().zip(ours).map(|(plain, ours)| plain / ours).collect()))
}

fn apply<U: Rule<S>, C: Carried, const S: usize>(step: &Step<U, Unadapted, C>, tensors: &mut [Streams]) {
    for tensor in tensors {
        let (params, grads, state) = tensor.split();
        step.apply(params, grads, state).unwrap();
    }
}

/// One call for all, whose list is made for it.
fn apply_all<U: Rule<S>, C: Carried, const S: usize>(step: &Step<U, Unadapted, C>, tensors: &mut [Streams]) {
    let list = tensors.iter_mut().map(|tensor| {
        let (params, grads, state) = tensor.split();
        Tensor { shape: Shape::vector(params.len()), params, grads, state }
    });
    step.apply_all(&mut list.collect::<Vec<_>>()).unwrap();
}

/// Rows of an embedding table by row-wise AdaGrad, in one call, beside the loop in [`plain::rows`].
fn rows(table: &mut Table, effort: Effort) {
    const ROWS: usize = 1000;
    let step = RowAdaGrad::default().begin(&0).unwrap();
    for row_len in [16, 64, 128] {
        let shape = Shape::vector(ROWS * row_len).rows(row_len);
        let streams = RefCell::new(Streams::of::<RowAdaGrad, 1>(&shape));
        let mut ours = || {
            let streams = &mut *streams.borrow_mut();
            let (params, grads, state) = streams.split();
            black_box(&step).apply_all(&mut [Tensor { params, grads, state, shape }]).unwrap();
        };
        let mut theirs = || {
            let streams = &mut *streams.borrow_mut();
            let (params, grads, [sums]) = streams.split();
            plain::rows(params, grads, sums, row_len);
        };
        let [ours, theirs] = in_turn(effort.of(1, 31, 301), effort.of(1, 5, 20), [&mut ours, &mut theirs]);
        let speed = speed(&ours, &theirs);
        let [ours, theirs] = [ours, theirs].map(|times| format!("{:.1}", median(times) / ROWS as f64));
        let call = format!("row of {row_len}, of {ROWS}");
        table.row(["RowAdaGrad".into(), call, String::new(), ours, theirs, String::new(), speed]);
    }
}

/// A step of LAMB over a small tensor beside the crate's step of Adam.
fn beside_adam(table: &mut Table, effort: Effort) {
    let (lamb, adam) = (plain::contest::<Lamb, 2>().0, plain::contest::<Adam, 2>().0);
    for len in [64, 256, 1024] {
        let tensors = RefCell::new([Streams::new(len, 2)]);
        let mut ours = || apply(black_box(&lamb), black_box(&mut *tensors.borrow_mut()));
        let mut list = || apply_all(black_box(&lamb), black_box(&mut *tensors.borrow_mut()));
        let mut theirs = || apply(black_box(&adam), black_box(&mut *tensors.borrow_mut()));
        let (samples, runs) = (effort.of(1, 31, 101), effort.of(1, 2000, 10_000));
        let times = in_turn(samples, runs, [&mut ours, &mut list, &mut theirs]);
        let speeds = [speed(&times[0], &times[2]), speed(&times[1], &times[2])];
        let times = times.map(|times| format!("{:.1}", median(times)));
        let call = format!("step of {len}, loop: Adam's step");
        table.row(["Lamb".into(), call].into_iter().chain(times).chain(speeds));
    }
}

fn main() {
    let arguments = Arguments::parse();
    let about = "ns, medians; the speed of the loop is 100 %. One minute for the usual four optimizers.";
    let mut table =
        arguments.table(about, &["optimizer", "call", "apply", "apply_all", "loop", "speed of apply", "of apply_all"]);
    macro_rules! all {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            if arguments.wants_or(stringify!($Optimizer), &USUAL) {
                type Measured = gradstep::$Optimizer;
                measure::<Measured, Starts<{ sets_clock::<Measured, $slots>() }>, $slots>(&mut table, arguments.effort);
            }
        )*};
    }
    for_each_optimizer!(all);
    if arguments.wants("RowAdaGrad") {
        rows(&mut table, arguments.effort);
    }
    if arguments.wants("Lamb") {
        beside_adam(&mut table, arguments.effort);
    }
}
