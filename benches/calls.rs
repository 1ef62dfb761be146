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
    for len in LENGTHS {
        let (mut ours, mut theirs) = (Streams::new(len, S), Streams::new(len, S));
        let [step, by_hand] =
            in_turn(samples, runs, [&mut || apply(black_box(&rule), &mut ours), &mut || loops(black_box(&mut theirs))])
                .map(median);
        println!("| {name} | step of {len} | {step:.1} | {by_hand:.1} |");
    }
    for (label, len) in [("100 × 768", 768), ("100 × 768²", 768 * 768)] {
        let len = if quick { 1 } else { len };
        let mut tensors: Vec<Streams> = (0..100).map(|_| Streams::new(len, S)).collect();
        let mut others: Vec<Streams> = (0..100).map(|_| Streams::new(len, S)).collect();
        let mut ours = || tensors.iter_mut().for_each(|tensor| apply(black_box(&rule), tensor));
        let mut theirs = || others.iter_mut().for_each(loops);
        let [step, by_hand] = in_turn(samples.min(15), 1, [&mut ours, &mut theirs]).map(median);
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
    measure::<Sgd, 0>("Sgd", quick);
    measure::<Adam, 2>("Adam", quick);
    measure::<AdamW, 2>("AdamW", quick);
}
