//! Everything that the crate's public functions can be asked to do, with inputs that the compiler cannot see: what
//! `scripts/no-panic` and `scripts/size` read the machine code of. Only printing an [`Error`] is left out: `core` prints
//! floats by code that checks its own bounds.
#![no_std]
#![no_main]

use core::hint::black_box;
use cortex_m_rt::entry;
use gradstep::average::{Lookahead, Swa, WeightEma};
use gradstep::clip::{AdaptiveClip, ClipNorm};
use gradstep::loss_scale::{DynamicLossScale, LossScale};
use gradstep::optim::Clock;
use gradstep::schedule::*;
use gradstep::sum::{self, Sum};
use gradstep::whole::*;
use gradstep::*;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::SeedableRng;
use semihosting::process;

const LEN: usize = 32;

/// Slices of any length up to [`LEN`].
struct Buffers([[f32; LEN]; 7]);

impl Buffers {
    const ORDINARY: Self = Buffers([[0.5; LEN]; 7]);

    fn streams<const S: usize>(&mut self) -> (&mut [f32], &[f32], [&mut [f32]; S]) {
        self.streams_of(LEN)
    }

    fn streams_of<const S: usize>(&mut self, len: usize) -> (&mut [f32], &[f32], [&mut [f32]; S]) {
        let len = black_box(len);
        let [params, grads, slots @ ..] = &mut self.0;
        let mut slots = slots.iter_mut();
        let state = [(); S].map(|()| slots.next().map_or(&mut [][..], |slot| first(slot, len)));
        (first(params, len), first(grads, len), state)
    }
}

fn first(stream: &mut [f32; LEN], len: usize) -> &mut [f32] {
    stream.get_mut(..len).unwrap_or_default()
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
    let _ = tick(&optimizer, &mut clock)?;
    // A later step, which `scripts/size.py` counts the instructions of: powers take longer there than at first.
    *clock.step() = 999;
    let ready = tick(&optimizer, &mut clock)?;
    for len in [LEN / 2, LEN] {
        let (params, grads, state) = buffers.streams_of(len);
        step::<O, S>(&ready, params, grads, state)?;
    }
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
    let (params, grads, []) = buffers.streams();
    swa.apply(params, grads)?;
    grad::accumulate(params, grads, x)?;
    let (params, grads, mut state) = buffers.streams::<2>();
    let mut tensor = Tensor::new(params, grads, &mut state);
    let first = tensor.take(black_box(3));
    black_box(Adam::default())
        .tick(black_box(&mut 5))?
        .with(black_box(Some(rule::ClipGrads::new(x))))
        .apply_all(&mut [first])?;
    tensor.chunks(black_box(3)).for_each(|chunk| drop(black_box(chunk)));
    let (params, grads, [slow]) = buffers.streams();
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

fn schedules() -> Result<(), Error> {
    let (x, n) = (black_box(0.5), black_box(7));
    let options = black_box(OneCycleOptions::DEFAULT);
    let rates = [
        Constant::new(x)?.then(n, Linear::torch(x, x, x, n)?).at(n),
        Linear::optax(x, x, n, n)?.warmup(x, n)?.at(n),
        Polynomial::torch(x, n, x)?.then(n, Polynomial::optax(x, x, x, n, n)?).at(n),
        Cosine::torch(x, n, x)?.then(n, Cosine::optax(x, n, x, x)?).at(n),
        Cosine::with_warmup(x, x, x, n, black_box(9))?.at(n),
        CosineRestarts::new(x, x, n, n)?.at(n),
        OneCycle::torch(x, n, options)?.then(n, OneCycle::optax(n, x, options)?).at(n),
        StepDecay::new(x, n, x)?.then(n, MultiStep::torch(x, [n, n], x)?).at(n),
        Exponential::torch(x, x)?.then(n, Exponential::optax(x, n, x, n, black_box(true), black_box(Some(x)))?).at(n),
        InverseSqrt::new(x, x, n)?.then(n, InverseSqrt::noam(x, n, n)?).at(n),
        WarmupStableDecay::new(x, x, x, n, n, n, black_box(DecayShape::OneMinusSqrt))?.at(n),
        Cyclic::new(x, x, n, n, black_box(Amplitude::ExpRange(x)))?.at(n),
    ];
    let mut plateau = Plateau::new(black_box(rates).into_iter().sum());
    black_box(ReduceOnPlateau::DEFAULT).update(&mut plateau, x)?;
    let (dynamic, mut scale) = (black_box(DynamicLossScale::DEFAULT), LossScale::new(x)?);
    dynamic.update(&mut scale, black_box(true))?;
    let scale = LossScale::from_bytes(black_box(&scale.to_bytes()))?;
    black_box((dynamic.start()?.inverse(), scale.scale(), scale.good_steps(), plateau));
    Ok(())
}

#[inline(never)]
fn norm(values: &[f32]) -> f64 {
    Sum::squares(values).root()
}

/// Adam whose gradients are clipped by a factor.
#[inline(never)]
fn clipped(
    step: &Step<<Adam as Optimizer<2>>::Rule>,
    factor: f64,
    params: &mut [f32],
    grads: &[f32],
    state: [&mut [f32]; 2],
) -> Result<(), Error> {
    step.scale_grads(factor).apply(params, grads, state)
}

/// What `scripts/size.py` counts the instructions of besides optimizers.
fn counted(buffers: &mut Buffers) -> Result<(), Error> {
    let adam = black_box(Adam::default()).tick(black_box(&mut 0))?;
    for len in [LEN / 2, LEN] {
        let (params, grads, state) = buffers.streams_of(len);
        black_box(norm(grads));
        clipped(&adam, black_box(0.5), params, grads, state)?;
    }
    Ok(())
}

fn sums(buffers: &mut Buffers) -> Result<(), Error> {
    let (params, grads, [buffer]) = buffers.streams_of(LEN / 2);
    let mut total = Sum::squares(grads) + Sum::magnitudes(grads);
    total += Sum::values(grads);
    total.merge(&Sum::products(grads, params)?);
    let total = Sum::from_bytes(&black_box(total.to_bytes())).starting_at(black_box(0))?.expect_len(black_box(64))?;
    black_box((total.value(), total.mean(), total.is_finite()));
    black_box((sum::largest(grads), sum::count_non_finite(grads), sum::larger(black_box(1.0), black_box(2.0))));
    let norm = grad::accumulate_squares(params, grads, black_box(0.5))?.root();
    let clip = ClipNorm::torch(black_box(1.0))?;
    black_box((clip.verdict(norm), ClipNorm::optax(black_box(1.0))?.factor(norm)?));
    let adaptive = black_box(AdaptiveClip::DEFAULT);
    black_box(adaptive.factor_of(params, grads)?);
    let mut grads = [0.0; LEN / 2];
    let step = black_box(Momentum::default()).tick(black_box(&mut 0))?;
    step.apply_zeroing(params, &mut grads, [buffer])?;
    let (params, grads, state) = buffers.streams();
    let adam = black_box(Adam::default()).tick(black_box(&mut 0))?;
    adam.clip_norm(clip).apply(params, grads, state)?;
    let (params, grads, state) = buffers.streams();
    adam.adaptive_clip(adaptive).apply_rows_with(&mut [(); 4], black_box(LEN / 4), params, grads, state)?;
    let (params, grads, state) = buffers.streams();
    adam.centered().apply(params, grads, state)?;
    let (params, grads, state) = buffers.streams();
    adam.cautious_mean().apply(params, grads, state)?;
    let (params, grads, state) = buffers.streams();
    adam.bound_update(black_box(1.0))?.apply(params, grads, state)?;
    let (params, grads, state) = buffers.streams();
    black_box(Sam::DEFAULT).climb()?.apply(params, grads, state)
}

fn whole<O: WholeOptimizer<S, K>, const S: usize, const K: usize>(buffers: &mut Buffers) -> Result<(), Error> {
    let (optimizer, mut clock) = (black_box(O::default()), black_box(O::Clock::default()));
    let mut memory = Default::default();
    let (params, _, state) = buffers.streams();
    optimizer.init(params, state)?;
    let step = optimizer.tick(&mut clock)?.scale_grads(black_box(0.5)).clip_grads(black_box(0.5)).maximize();
    let (params, grads, state) = buffers.streams();
    step.apply_with(&mut memory, params, grads, state)?;
    let (params, grads, mut state) = buffers.streams();
    step.apply_all_with(&mut memory, &mut [Tensor::new(params, grads, &mut state)])?;
    let (params, grads, state) = buffers.streams();
    step.apply_rows_with(&mut [memory; 4], black_box(LEN / 4), params, grads, state)
}

fn lbfgs(buffers: &mut Buffers) -> Result<(), Error> {
    type State = LbfgsState<2>;
    let (lbfgs, mut state, mut memory) = (black_box(Lbfgs::DEFAULT), black_box(State::START), [0.0; State::ROWS * LEN]);
    let (params, grads, []) = buffers.streams();
    let memory = memory.get_mut(..black_box(State::ROWS * LEN)).unwrap_or_default();
    let tensors = &mut [LbfgsTensor::new(params, grads, memory)];
    black_box(lbfgs.step(&mut state, tensors)?);
    let ray = lbfgs.direction(&mut state, tensors)?;
    let mut search = black_box(StrongWolfe::DEFAULT).search(black_box(1.0), ray)?;
    while let Trial::Evaluate(t) = search.trial() {
        state.move_to(t, tensors)?;
        search.report(black_box(0.5), state.slope(tensors)?)?;
    }
    black_box((search, state.pairs()));
    Ok(())
}

fn all(buffers: &mut Buffers) -> Result<(), Error> {
    macro_rules! each {
        ($($Optimizer:ident: $slots:literal,)*) => { $(optimizer::<$Optimizer, $slots>(buffers)?;)* };
    }
    for_each_optimizer!(each);
    macro_rules! each_whole {
        ($($Optimizer:ident: $slots:literal, $sums:literal;)*) => { $(whole::<$Optimizer, $slots, $sums>(buffers)?;)* };
    }
    for_each_whole_optimizer!(each_whole);
    others(buffers)?;
    // Ordinary numbers again: what is not finite is an error here.
    *buffers = Buffers::ORDINARY;
    counted(buffers)?;
    sums(buffers)?;
    *buffers = Buffers::ORDINARY;
    lbfgs(buffers)?;
    schedules()
}

#[entry]
fn main() -> ! {
    let mut buffers = Buffers::ORDINARY;
    let result = all(&mut buffers);
    process::exit(i32::from(result.is_err()))
}
