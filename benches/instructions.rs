//! One step and one tick of every optimizer, on every backend that valgrind knows, for `scripts/instructions.py` to count: it
//! counts each call of `counted`. Prints the names of the calls in their order.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a benchmark that cannot run may stop

use gradstep::{Backend, Clock, Optimizer, Shape, for_each_optimizer};
use std::hint::black_box;

/// Whole vectors, and eight, two and one more.
const LEN: usize = 1003;

#[inline(never)]
fn counted(run: &mut dyn FnMut()) {
    run();
}

fn case<O: Optimizer<S>, const S: usize>() {
    let (optimizer, mut clock) = (O::default(), O::Clock::default());
    let (mut params, grads, mut state) = ([0.5; LEN], [0.25; LEN], [[0.0; LEN]; S]);
    let mut lens = O::SLOTS.map(|slot| slot.extent.len(&Shape::vector(LEN))).into_iter();
    let mut state = state.each_mut().map(|slot| &mut slot[..lens.next().unwrap()]);
    optimizer.init(&params, state.each_mut().map(|slot| &mut **slot)).unwrap();
    let step = optimizer.begin(&clock).unwrap().loss(0.5);
    let run = |what: &str, run: &mut dyn FnMut()| {
        println!("{} {what}", O::NAME);
        counted(run);
    };
    for backend in [Backend::Scalar, Backend::Portable, Backend::Avx2] {
        // The CPU is asked once.
        assert!(backend.is_supported());
        run(&backend.to_string(), &mut || {
            let state = state.each_mut().map(|slot| &mut **slot);
            let _ = black_box(step).apply_on(backend, &mut params, &grads, state).unwrap();
        });
    }
    *clock.step() = 1;
    run("tick", &mut || {
        let _ = black_box(optimizer.begin(&clock).unwrap());
    });
}

fn main() {
    if !std::env::args().any(|argument| argument == "--count") {
        println!("scripts/instructions.py counts the instructions of each step with this program");
        return;
    }
    macro_rules! cases {
        ($($Optimizer:ident: $slots:literal,)*) => { $(case::<gradstep::$Optimizer, $slots>();)* };
    }
    for_each_optimizer!(cases);
}
