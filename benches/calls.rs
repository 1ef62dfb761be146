//! What a call costs: steps over tiny tensors, the coefficients of a step, and the tensors of a whole model.
//!
//! `cargo bench --bench calls` prints nanoseconds; next to each step is a loop written by hand over the same slices.
//! `--csv FILE` writes the table to a file.
#![allow(clippy::unwrap_used)] // a benchmark that cannot run may stop

use gradstep::rule::Rule;
use gradstep::{Adam, AdamW, Backend, Optimizer, Sgd, Step};
use gradstep_testkit::bench::{Arguments, Streams, Table, by_hand, in_turn, median};
use std::cell::RefCell;
use std::hint::black_box;

const LENGTHS: [usize; 9] = [0, 1, 3, 8, 10, 15, 16, 31, 100];

fn measure<O: Optimizer<S>, const S: usize>(table: &mut Table, quick: bool) {
    let name = O::NAME;
    let (samples, runs) = if quick { (1, 1) } else { (101, 10_000) };
    let optimizer = O::default();
    let mut clock = O::Clock::default();
    let [tick] = in_turn(
        samples,
        runs,
        [&mut || {
            let _ = black_box(optimizer.tick(black_box(&mut clock)).unwrap());
        }],
    )
    .map(median);
    table.row([name.into(), "tick".into(), format!("{tick:.1}"), String::new()]);
    let step = optimizer.tick(&mut clock).unwrap();
    let loops = by_hand::of(name).unwrap();
    // Both work on the same tensors, in turn.
    let turns = |tensors: usize, len: usize, samples: usize, runs: usize| {
        let tensors = RefCell::new((0..tensors).map(|_| Streams::new(len, S)).collect::<Vec<_>>());
        let mut ours = || tensors.borrow_mut().iter_mut().for_each(|tensor| apply(black_box(&step), tensor));
        let mut theirs = || tensors.borrow_mut().iter_mut().for_each(|tensor| loops(black_box(tensor)));
        in_turn(samples, runs, [&mut ours, &mut theirs]).map(median)
    };
    for len in LENGTHS {
        let [step, by_hand] = turns(1, len, samples, runs);
        table.row([name.into(), format!("step of {len}"), format!("{step:.1}"), format!("{by_hand:.1}")]);
    }
    for (label, len) in [("100 × 768", 768), ("100 × 768²", 768 * 768)] {
        let [step, by_hand] = turns(100, if quick { 1 } else { len }, samples.min(31), 1);
        table.row([name.into(), label.into(), format!("{step:.0}"), format!("{by_hand:.0}")]);
    }
}

fn apply<U: Rule<S>, const S: usize>(step: &Step<U>, streams: &mut Streams) {
    let (params, grads, state) = black_box(&mut *streams).split();
    step.apply(params, grads, state).unwrap();
}

fn main() {
    let arguments = Arguments::parse();
    println!("backend {}, ns, medians\n", Backend::active());
    let mut table = arguments.table(&["optimizer", "call", "gradstep", "loop"]);
    // The shortest last: the CPU's clock takes a while to rise.
    measure::<Adam, 2>(&mut table, arguments.is_quick);
    measure::<AdamW, 2>(&mut table, arguments.is_quick);
    measure::<Sgd, 0>(&mut table, arguments.is_quick);
}
