//! What small numbers cost: a step over state that fades below the normal range, against one over ordinary values.
//!
//! `cargo bench --bench subnormals` prints, for each optimizer under zero gradients, how many times as long as over
//! ordinary state a step takes over state of the worst power of two from 2⁻⁹⁰ to 2⁻¹⁴⁹, which one that is, and how many
//! times as long it takes over state that has been left to fade from there: frozen elements.
#![allow(clippy::unwrap_used)] // a benchmark that cannot run may stop

#[path = "common/streams.rs"]
mod streams;
#[path = "common/turns.rs"]
mod turns;

use gradstep::{Backend, Optimizer, Rule, for_each_optimizer};
use streams::Streams;
use turns::in_turn;

const LEN: usize = 1 << 12;

/// Steps after which every moment with the usual decay rates has left the normal range, from 2⁻⁹⁰.
const FADING: usize = 40_000;

/// The state at its start, then a step without gradients.
fn restart_and_step<U: Rule<S>, const S: usize>(rule: &U, start: f32, streams: &mut Streams, grads: &[f32]) {
    let (params, _, mut state) = streams.split::<S>();
    state.iter_mut().for_each(|slot| slot.fill(start));
    rule.apply(params, grads, state).unwrap();
}

fn measure<O: Optimizer<S> + Default, const S: usize>(name: &str, quick: bool) {
    let (samples, runs, fading) = if quick { (1, 1, 1) } else { (31, 20, FADING) };
    let mut clock = O::Clock::default();
    let rule = (0..10).map(|_| O::default().tick(&mut clock).unwrap()).last().unwrap();
    let grads = vec![0.0; LEN];
    let (mut ordinary, mut fading_streams) = (Streams::new(LEN, S), Streams::new(LEN, S));
    let mut ratio_at = |exponent: i32| {
        let start = libm::exp2(f64::from(exponent)) as f32;
        let [usual, small] = in_turn(
            samples,
            runs,
            [&mut || restart_and_step::<_, S>(&rule, 0.5, &mut ordinary, &grads), &mut || {
                restart_and_step::<_, S>(&rule, start, &mut fading_streams, &grads)
            }],
        );
        small / usual
    };
    let (worst, at) =
        (-149..=-90).map(|exponent| (ratio_at(exponent), exponent)).max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    let mut frozen = Streams::new(LEN, S);
    restart_and_step::<_, S>(&rule, libm::exp2(-90.0) as f32, &mut frozen, &grads);
    let mut step = |streams: &mut Streams| {
        let (params, _, state) = streams.split::<S>();
        rule.apply(params, &grads, state).unwrap();
    };
    (0..fading).for_each(|_| step(&mut frozen));
    let mut fresh = Streams::new(LEN, S);
    let step = std::cell::RefCell::new(step);
    let [usual, still] =
        in_turn(samples, runs, [&mut || step.borrow_mut()(&mut fresh), &mut || step.borrow_mut()(&mut frozen)]);
    println!("| {name} | {worst:.2} | 2^{at} | {:.2} |", still / usual);
}

fn main() {
    let quick = !std::env::args().any(|argument| argument == "--bench");
    println!("backend {}, {LEN} parameters, medians\n", Backend::active());
    println!("| optimizer | fading, at worst | state | frozen |\n|---|---|---|---|");
    macro_rules! rows {
        ($($Optimizer:ident: $slots:literal,)*) => {
            $(if $slots > 0 { measure::<gradstep::$Optimizer, $slots>(stringify!($Optimizer), quick); })*
        };
    }
    for_each_optimizer!(rows);
}
