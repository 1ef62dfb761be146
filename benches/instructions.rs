//! One step of every optimizer on every backend that valgrind knows, for `scripts/instructions.py` to count. `--list`
//! lists the cases; with the name of one it runs that.
#![allow(clippy::unwrap_used)] // a benchmark that cannot run may stop

use gradstep::{Backend, Optimizer, for_each_optimizer};

/// Whole vectors, and eight, two and one more.
const LEN: usize = 1003;

#[inline(never)]
fn counted(run: &mut dyn FnMut()) {
    run();
}

fn case<O: Optimizer<S>, const S: usize>(wanted: Option<&str>) {
    let name = O::NAME;
    let optimizer = O::default();
    let (mut params, grads, mut state) = ([0.5; LEN], [0.25; LEN], [[0.0; LEN]; S]);
    optimizer.init(&params, state.each_mut().map(|slot| &mut slot[..])).unwrap();
    let mut clock = O::Clock::default();
    let mut step = optimizer.tick(&mut clock).unwrap();
    let run = |case: String, run: &mut dyn FnMut()| match wanted {
        None => println!("{case}"),
        Some(wanted) if wanted == case => counted(run),
        Some(_) => {}
    };
    for backend in [Backend::Scalar, Backend::Portable, Backend::Avx2] {
        run(format!("{name} {backend}"), &mut || {
            let state = state.each_mut().map(|slot| &mut slot[..]);
            std::hint::black_box(step).apply_on(backend, &mut params, &grads, state).unwrap();
        });
    }
    run(format!("{name} tick"), &mut || step = optimizer.tick(&mut clock).unwrap());
    let _ = std::hint::black_box(step);
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = arguments.iter().find(|argument| !argument.starts_with("--"));
    if argument.is_none() && !arguments.iter().any(|argument| argument == "--list") {
        println!("scripts/instructions.py counts the instructions of each step with this program");
        return;
    }
    macro_rules! cases {
        ($($Optimizer:ident: $slots:literal,)*) => {
            $(case::<gradstep::$Optimizer, $slots>(argument.map(String::as_str));)*
        };
    }
    for_each_optimizer!(cases);
}
