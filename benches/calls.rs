//! What a call costs: steps over tiny tensors, the coefficients of a step, and the tensors of a whole model.
//!
//! `cargo bench --bench calls` prints nanoseconds; a loop written by hand over the same slices stands beside each step.
#![allow(clippy::unwrap_used)] // a benchmark that cannot run may stop

#[path = "step/by_hand.rs"]
mod by_hand;
#[path = "common/streams.rs"]
mod streams;
#[path = "common/turns.rs"]
mod turns;

use gradstep::{Adam, AdamW, Backend, Optimizer, Rule, Sgd};
use std::cell::RefCell;
use std::hint::black_box;
use streams::Streams;
use turns::{in_turn, median};

const LENGTHS: [usize; 9] = [0, 1, 3, 8, 10, 15, 16, 31, 100];

fn measure<O: Optimizer<S> + Default, const S: usize>(name: &str, quick: bool) {
    let (samples, runs) = if quick { (1, 1) } else { (101, 10_000) };
    let optimizer = O::default();
    let mut clock = O::Clock::default();
    let [tick] = in_turn(
        samples,
        runs,
        [&mut || {
            black_box(optimizer.tick(black_box(&mut clock)).unwrap());
        }],
    )
    .map(median);
    println!("| {name} | tick | {tick:.1} | |");
    let rule = optimizer.tick(&mut clock).unwrap();
    let loops = by_hand::of(name).unwrap();
    // Both work on the same tensors, in turn.
    let turns = |tensors: usize, len: usize, samples: usize, runs: usize| {
        let tensors = RefCell::new((0..tensors).map(|_| Streams::new(len, S)).collect::<Vec<_>>());
        let mut ours = || tensors.borrow_mut().iter_mut().for_each(|tensor| apply(black_box(&rule), tensor));
        let mut theirs = || tensors.borrow_mut().iter_mut().for_each(|tensor| loops(black_box(tensor)));
        in_turn(samples, runs, [&mut ours, &mut theirs]).map(median)
    };
    for len in LENGTHS {
        let [step, by_hand] = turns(1, len, samples, runs);
        println!("| {name} | step of {len} | {step:.1} | {by_hand:.1} |");
    }
    for (label, len) in [("100 × 768", 768), ("100 × 768²", 768 * 768)] {
        let [step, by_hand] = turns(100, if quick { 1 } else { len }, samples.min(31), 1);
        println!("| {name} | {label} | {step:.0} | {by_hand:.0} |");
    }
}

fn apply<U: Rule<S>, const S: usize>(rule: &U, streams: &mut Streams) {
    let (params, grads, state) = black_box(&mut *streams).split();
    rule.apply(params, grads, state).unwrap();
}

fn main() {
    let quick = !std::env::args().any(|argument| argument == "--bench");
    println!("backend {}, ns, medians\n\n| optimizer | call | gradstep | loop |\n|---|---|---|---|", Backend::active());
    // The shortest last: the CPU's clock takes a while to rise.
    measure::<Adam, 2>("Adam", quick);
    measure::<AdamW, 2>("AdamW", quick);
    measure::<Sgd, 0>("Sgd", quick);
}
