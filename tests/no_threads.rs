//! Where no thread can be spawned, `par_apply` does all on the calling thread. Without the test harness, which spawns threads.
#![allow(clippy::expect_used, reason = "a panic is how a test fails")]

use gradstep::{Momentum, Optimizer};
use std::env;
use std::process::Command;

/// Above the number of elements from which a caller outside a pool asks for one.
const LEN: usize = 600_000;

fn main() {
    if env::var_os("GRADSTEP_WITHOUT_THREADS").is_none() {
        let program = env::current_exe().expect("the test has a path");
        let child = Command::new(program)
            .env("GRADSTEP_WITHOUT_THREADS", "1")
            // A stack that no machine has makes every spawn fail.
            .env("RUST_MIN_STACK", (1_u64 << 60).to_string())
            .env("RAYON_NUM_THREADS", "4")
            .status();
        assert!(child.expect("the test can start itself").success());
        return;
    }
    assert!(std::thread::Builder::new().spawn(|| ()).is_err(), "this test needs a machine without such stacks");
    let (mut params, mut buffer, grads) = (vec![1.0; LEN], vec![0.0; LEN], vec![0.5; LEN]);
    let step = Momentum { lr: 0.5, ..Momentum::DEFAULT }.tick(&mut 0).expect("valid hyper-parameters");
    for expected in [0.75, 0.5] {
        step.par_apply(&mut params, &grads, [&mut buffer]).expect("lengths are equal");
        buffer.fill(0.0);
        assert!(params.iter().all(|p| *p == expected));
    }
    println!("without threads: ok");
}
