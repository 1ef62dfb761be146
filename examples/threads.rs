//! One step on several threads, in two ways: rayon's pool, and threads of your own. The bits are the same.
//!
//! `cargo run --release --example threads --features rayon`

use gradstep::{Error, Lion, Optimizer, Step, Tensor};
use std::thread;

const LEN: usize = 1 << 19;
const THREADS: usize = 4;

type Rule = <Lion as Optimizer<1>>::Rule;

/// Cuts the slices into pieces, one for each thread. A value depends on its own inputs alone, so any cut will do.
fn own_threads(step: Step<Rule>, tensor: Tensor<1>) -> Result<(), Error> {
    thread::scope(|scope| {
        let pieces = tensor.chunks(LEN.div_ceil(THREADS));
        let running: Vec<_> = pieces.map(|piece| scope.spawn(move || step.apply_all(&mut [piece]))).collect();
        running.into_iter().try_for_each(|thread| thread.join().unwrap_or(Ok(())))
    })
}

fn main() -> Result<(), Error> {
    let lion = Lion { lr: 0.01, ..Lion::DEFAULT };
    let grads: Vec<f32> = (0..LEN).map(|i| (i as f32).sin()).collect();
    let start = || (vec![1.0_f32; LEN], vec![0.0_f32; LEN], 0);

    let (mut params, mut exp_avg, mut clock) = start();
    for _ in 0..10 {
        lion.tick(&mut clock)?.apply(&mut params, &grads, [&mut exp_avg])?;
    }
    let alone = params;

    let (mut params, mut exp_avg, mut clock) = start();
    for _ in 0..10 {
        lion.tick(&mut clock)?.par_apply(&mut params, &grads, [&mut exp_avg])?;
    }
    assert_eq!(params, alone);

    let (mut params, mut exp_avg, mut clock) = start();
    for _ in 0..10 {
        own_threads(lion.tick(&mut clock)?, Tensor::new(&mut params, &grads, &mut [&mut exp_avg]))?;
    }
    assert_eq!(params, alone);
    println!("{LEN} parameters, 10 steps: one thread, rayon's and {THREADS} of our own gave the same bits");
    Ok(())
}
