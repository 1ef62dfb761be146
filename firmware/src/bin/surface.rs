//! Everything that the crate's public functions can be asked to do, with inputs that the compiler cannot see: what
//! `scripts/no-panic` and `scripts/size` read the machine code of. Only printing an [`Error`] is left out: `core` prints
//! floats by code that checks its own bounds.
#![no_std]
#![no_main]

use core::hint::black_box;
use cortex_m_rt::entry;
use gradstep::average::{Lookahead, Swa, WeightEma};
use gradstep::clip::{AdaptiveClip, ClipNorm};
use gradstep::lbfgs::{Lbfgs, LbfgsState, LbfgsTensor, LineSearch, Ray, StrongWolfe, Trial};
use gradstep::loss_scale::{DynamicLossScale, LossScale};
use gradstep::optim::{Carried, Clock};
use gradstep::rule::{Adapter, Rule, Unadapted};
use gradstep::sam::Sam;
use gradstep::schedule::*;
use gradstep::sum::{self, Sum, Sums};
use gradstep::*;
use gradstep_testkit::{Start, Starts, sets_clock};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::SeedableRng;
use semihosting::process;

const LEN: usize = 32;

/// Slices of any length up to [`LEN`].
struct Buffers([[f32; LEN]; 7]);

/// Parameters, gradients and state.
type Slices<'a, const S: usize> = (&'a mut [f32], &'a [f32], [&'a mut [f32]; S]);

impl Buffers {
    const ORDINARY: Self = Buffers([[0.5; LEN]; 7]);

    fn streams<const S: usize>(&mut self) -> Slices<'_, S> {
        self.streams_of(LEN)
    }

    fn streams_of<const S: usize>(&mut self, len: usize) -> Slices<'_, S> {
        self.shaped(&Shape::vector(len), &[Extent::Element; S])
    }

    /// The slices of a tensor whose slots have these extents.
    fn shaped<const S: usize>(&mut self, shape: &Shape, extents: &[Extent; S]) -> Slices<'_, S> {
        let len = black_box(shape.len);
        let [params, grads, slots @ ..] = &mut self.0;
        let mut slots = slots.iter_mut();
        let state = extents.map(|extent| {
            let len = if extent == Extent::Element { len } else { black_box(extent.len(shape)) };
            slots.next().map_or(&mut [][..], |slot| first(slot, len))
        });
        (first(params, len), first(grads, len), state)
    }
}

fn first(stream: &mut [f32; LEN], len: usize) -> &mut [f32] {
    stream.get_mut(..len).unwrap_or_default()
}

/// What a step carries of its clock where it is begun by `T`.
type CarriedBy<T, O, const S: usize> = <T as Start>::Carried<<O as Optimizer<S>>::Clock>;

#[inline(never)]
fn tick<O: Optimizer<S>, T: Start, const S: usize>(
    optimizer: &O,
    clock: &mut O::Clock,
) -> Result<Step<O::Rule, Unadapted, CarriedBy<T, O, S>>, Error> {
    T::start(optimizer, clock)
}

#[inline(never)]
fn step<O: Optimizer<S>, C: Carried, const S: usize>(
    step: &Step<O::Rule, Unadapted, C>,
    params: &mut [f32],
    grads: &[f32],
    state: [&mut [f32]; S],
) -> Result<C::Applied, Error> {
    step.apply(params, grads, state)
}

fn optimizer<O: Optimizer<S>, T: Start, const S: usize>(buffers: &mut Buffers) -> Result<(), Error> {
    let (optimizer, mut clock) = (black_box(O::default()), black_box(O::Clock::default()));
    let (x, extents) = (black_box(0.5), O::SLOTS.map(|slot| slot.extent));
    let (params, _, state) = buffers.shaped(&Shape::vector(LEN), &extents);
    optimizer.init(params, state)?;
    let _ = tick::<O, T, S>(&optimizer, &mut clock)?;
    // A later step, which `scripts/size.py` counts the instructions of: powers take longer there than at first.
    *clock.step() = 999;
    let ready = tick::<O, T, S>(&optimizer, &mut clock)?.loss(x);
    for len in [LEN / 2, LEN] {
        let (params, grads, state) = buffers.shaped(&Shape::vector(len), &extents);
        step::<O, _, S>(&ready, params, grads, state)?;
    }
    let adapted = ready.scale_grads(x).clip_by_value(x).l2(x).decoupled_decay(x).maximize();
    let (params, grads, state) = buffers.shaped(&Shape::vector(LEN), &extents);
    adapted.apply_on(black_box(Backend::Scalar), params, grads, state)?;
    if const { <O::Rule as Rule<S>>::PASSES.is_empty() } { Ok(()) } else { looking::<O, S>(buffers) }
}

/// What an optimizer can do besides that looks at more than an element: lists, groups, shapes and pieces.
fn looking<O: Optimizer<S>, const S: usize>(buffers: &mut Buffers) -> Result<(), Error> {
    let (optimizer, mut clock, x) = (black_box(O::default()), black_box(O::Clock::default()), black_box(0.5));
    let extents = O::SLOTS.map(|slot| slot.extent);
    let shape = Shape::vector(LEN).rows(black_box(8)).blocks(black_box(5));
    let (params, _, state) = buffers.shaped(&shape, &extents);
    optimizer.init_shaped(&shape, params, state)?;
    let step = optimizer.begin(&clock)?.loss(x).clip_by_value(x);
    let (params, grads, state) = buffers.shaped(&shape, &extents);
    step.apply_all(&mut [Tensor { params, grads, state, shape }])?.commit(&mut clock)?;
    let (params, grads, state) = buffers.shaped(&shape, &extents);
    let backend = black_box(Backend::Scalar);
    step.apply_all_on(backend, &mut [Tensor { params, grads, state, shape }])?
        .commit(&mut black_box(O::Clock::START))?;
    let groups = O::begin_groups([&optimizer, &optimizer], &clock)?.map(|step| step.loss(x));
    let (params, grads, state) = buffers.shaped(&shape, &extents);
    let lists = [&mut [Tensor { params, grads, state, shape }][..], &mut []];
    Step::apply_groups(groups, lists)?.commit(&mut clock)?;
    pieces(optimizer.begin(&clock)?.loss(x).scale_grads(x), &extents, buffers)?.commit(&mut clock)
}

/// The passes of an engine over one tensor.
fn pieces<U: Rule<S>, A: Adapter, C: Carried, const S: usize>(
    mut step: Step<U, A, C>,
    extents: &[Extent; S],
    buffers: &mut Buffers,
) -> Result<C::Applied, Error> {
    // A matrix of one row and one block.
    let shape = Shape::vector(LEN).rows(black_box(LEN));
    while step.scope().is_some() {
        let (params, grads, mut state) = buffers.shaped(&shape, extents);
        let sums = step.measure(params, grads, state.each_ref().map(|slot| &**slot))?;
        let Sums(sums) = black_box(sums) + Sums::ZERO;
        let sums = Sums(black_box(sums.map(|sum| sum.to_bytes())).map(|bytes| Sum::from_bytes(&bytes)));
        step = step.update(&sums, &shape, state.each_mut().map(|slot| &mut **slot))?;
        step = if step.gathers() { step.gathered() } else { step };
    }
    let (params, grads, state) = buffers.shaped(&shape, extents);
    step.apply(params, grads, state)?;
    step.applied()
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
        .with(black_box(Some(rule::ClipByValue::new(x))))
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
    let step = black_box(Adam::default()).tick(black_box(&mut 5))?;
    let (params, grads, state) = buffers.streams();
    step.cautious().clamp_params(-x, x).apply(params, grads, state)?;
    let (params, grads, state) = buffers.streams();
    step.compensated().apply(params, grads, state)
}

/// Clocks and hyper-parameters as data.
fn data() -> Result<(), Error> {
    let mut clock = optim::ProdigyClock::load(&ClockData::from_bytes(&black_box(ClockData::default().to_bytes())));
    let mut prodigy = Prodigy::preset(black_box("optax"))?;
    prodigy.set(black_box("d0"), black_box(0.5))?;
    prodigy.set(black_box("decay_form"), black_box("fixed"))?;
    black_box((prodigy.get(black_box("maximize"))?, Prodigy::FIELDS.len()));
    prodigy.set_lr(black_box(prodigy.lr()));
    let step = prodigy.begin(&clock)?;
    let mut params = [0.5; 4];
    let mut state = [[0.0; 4]; 4];
    step.apply(&mut params, &[0.5; 4], state.each_mut().map(|slot| &mut slot[..]))?.commit(&mut clock)?;
    let [first, second] = Adam::tick_groups([&Adam::DEFAULT, &black_box(Adam::DEFAULT)], black_box(&mut 0))?;
    let _ = black_box([first, second]);
    black_box(clock.save().to_bytes());
    let mut clock = black_box(0);
    Lamb::DEFAULT.begin(&clock)?.commit(&mut clock)
}

fn schedules() -> Result<(), Error> {
    let (x, n) = (black_box(0.5), black_box(7));
    let options = black_box(OneCycleOptions::DEFAULT);
    let rates = [
        Constant::new(x)?.then(n, Linear::torch(x, x, x, n)?).at(n),
        Linear::optax(x, x, n, n)?.warmup(x, n)?.at(n),
        Polynomial::torch(x, n, x)?.then(n, Polynomial::optax(x, x, x, n, n)?).at(n),
        Cosine::torch(x, n, x)?.then(n, CosinePower::optax(x, n, x, x)?).at(n),
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
    black_box((sum::max_abs(grads), sum::count_non_finite(grads), sum::larger(black_box(1.0), black_box(2.0))));
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
    let shape = Shape::vector(params.len()).rows(black_box(LEN / 4));
    adam.adaptive_clip(adaptive).apply_all(&mut [Tensor { params, grads, state, shape }])?;
    let (params, grads, state) = buffers.streams();
    adam.centralize_grads().apply_all(&mut [Tensor { params, grads, state, shape }])?;
    let (params, grads, state) = buffers.streams();
    adam.cautious_mean().apply(params, grads, state)?;
    let (params, grads, state) = buffers.streams();
    adam.bound_update(black_box(1.0)).apply(params, grads, state)?;
    let (params, grads, state) = buffers.streams();
    black_box(Sam::DEFAULT).perturb()?.apply(params, grads, state)?;
    // Passes over all tensors, then over each.
    let mut clock = black_box(0);
    let lamb = black_box(Lamb::timm()).begin(&clock)?.clip_norm(clip).cautious_mean();
    let (params, grads, state) = buffers.streams();
    lamb.apply_all(&mut [Tensor { params, grads, state, shape }])?.commit(&mut clock)
}

fn lbfgs(buffers: &mut Buffers) -> Result<(), Error> {
    type State = LbfgsState<2>;
    let (lbfgs, mut state) = (black_box(Lbfgs::DEFAULT), black_box(State::START));
    let mut history = [0.0; State::ROWS * LEN];
    let (params, grads, []) = buffers.streams();
    let history = history.get_mut(..black_box(State::ROWS * LEN)).unwrap_or_default();
    let tensors = &mut [LbfgsTensor::new(params, grads, history)];
    black_box(lbfgs.step(&mut state, tensors)?);
    let ray = lbfgs.direction(&mut state, tensors)?;
    let ray = Ray::from_bytes(black_box(&ray.to_bytes()))?;
    let mut search = black_box(StrongWolfe::DEFAULT).search(black_box(1.0), ray)?;
    while let Trial::Evaluate(t) = search.trial() {
        state.move_to(t, tensors)?;
        search.report(black_box(0.5), state.slope(tensors)?)?;
        search = LineSearch::from_bytes(black_box(&search.to_bytes()))?;
    }
    let mut bytes = [0; State::BYTES];
    let bytes = bytes.get_mut(..black_box(State::BYTES)).unwrap_or_default();
    state.to_bytes(bytes)?;
    black_box((search.evaluations(), State::from_bytes(bytes)?.pairs()));
    Ok(())
}

fn all(buffers: &mut Buffers) -> Result<(), Error> {
    macro_rules! each {
        ($($Optimizer:ident: $slots:literal,)*) => {
            $(optimizer::<$Optimizer, Starts<{ sets_clock::<$Optimizer, $slots>() }>, $slots>(buffers)?;)*
        };
    }
    for_each_optimizer!(each);
    others(buffers)?;
    // Ordinary numbers again: what is not finite is an error here.
    *buffers = Buffers::ORDINARY;
    counted(buffers)?;
    sums(buffers)?;
    *buffers = Buffers::ORDINARY;
    lbfgs(buffers)?;
    data()?;
    schedules()
}

#[entry]
fn main() -> ! {
    let mut buffers = Buffers::ORDINARY;
    let result = all(&mut buffers);
    process::exit(i32::from(result.is_err()))
}
