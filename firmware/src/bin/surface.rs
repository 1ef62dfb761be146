//! Everything that the crate's public functions can be asked to do, with inputs that the compiler cannot see: what
//! `scripts/no-panic` and `scripts/size` read the machine code of. Only printing an [`Error`] is left out: `core` prints
//! floats by code that checks its own bounds.
#![no_std]
#![no_main]

use core::hint::black_box;
use cortex_m_rt::entry;
use gradstep::average::{Lookahead, Swa, WeightEma};
use gradstep::*;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::SeedableRng;
use semihosting::process;

const LEN: usize = 32;

/// Slices of any length up to [`LEN`].
struct Buffers([[f32; LEN]; 7]);

impl Buffers {
    fn streams<const S: usize>(&mut self) -> (&mut [f32], &[f32], [&mut [f32]; S]) {
        let [params, grads, slots @ ..] = &mut self.0;
        let mut slots = slots.iter_mut();
        let state = [(); S].map(|()| slots.next().map_or(&mut [][..], any_length));
        (any_length(params), any_length(grads), state)
    }
}

fn any_length(stream: &mut [f32; LEN]) -> &mut [f32] {
    stream.get_mut(..black_box(LEN)).unwrap_or_default()
}

#[inline(never)]
fn tick<O: Optimizer<S>, const S: usize>(optimizer: &O, clock: &mut O::Clock) -> Result<Step<O::Rule>, Error> {
    optimizer.tick(clock)
}

#[inline(never)]
fn step<O: Optimizer<S>, const S: usize>(
    step: &Step<O::Rule>,
    params: &mut [f32],
    grads: &[f32],
    state: [&mut [f32]; S],
) -> Result<(), Error> {
    step.apply(params, grads, state)
}

fn optimizer<O: Optimizer<S>, const S: usize>(buffers: &mut Buffers) -> Result<(), Error> {
    let (optimizer, mut clock) = (black_box(O::default()), black_box(O::Clock::default()));
    let (params, _, state) = buffers.streams();
    optimizer.init(params, state)?;
    let ready = tick(&optimizer, &mut clock)?;
    let (params, grads, state) = buffers.streams();
    step::<O, S>(&ready, params, grads, state)?;
    let x = black_box(0.5);
    let adapted = ready.scale_grads(x).clip_grads(x).l2(x).decoupled_decay(x).maximize();
    let (params, grads, state) = buffers.streams();
    adapted.apply_on(black_box(Backend::Scalar), params, grads, state)
}

fn others(buffers: &mut Buffers) -> Result<(), Error> {
    let x = black_box(0.5);
    let (swa, ema) =
        (Swa.tick(black_box(&mut 0))?, WeightEma { decay: x, ..WeightEma::default() }.tick(black_box(&mut 0))?);
    let lookahead = Lookahead { alpha: x, period: black_box(1) };
    let step = black_box(Momentum::default()).tick(black_box(&mut 0))?.then(swa).then(ema);
    let (params, grads, [slow]) = buffers.streams();
    swa.apply(params, grads)?;
    grad::accumulate(params, grads, x)?;
    black_box(ScheduleFreeSgd::default()).evaluate(params, grads)?;
    black_box(ScheduleFreeAdamW::default()).train(params, grads)?;
    black_box(Sophia::default()).update_hessian(params, grads)?;
    sample::shuffle(params, &mut black_box(Pcg64Mcg::seed_from_u64(0)));
    sample::normal(params, &mut black_box(Pcg64Mcg::seed_from_u64(0)));
    if let Some(synchronize) = lookahead.tick(black_box(&mut 0))? {
        synchronize.apply(params, slow)?;
        let (params, grads, state) = buffers.streams();
        step.then(synchronize).apply(params, grads, state)?;
    }
    Ok(())
}

fn all(buffers: &mut Buffers) -> Result<(), Error> {
    macro_rules! each {
        ($($Optimizer:ident: $slots:literal,)*) => { $(optimizer::<$Optimizer, $slots>(buffers)?;)* };
    }
    for_each_optimizer!(each);
    others(buffers)
}

#[entry]
fn main() -> ! {
    let result = all(&mut Buffers([[0.0; LEN]; 7]));
    process::exit(i32::from(result.is_err()))
}
