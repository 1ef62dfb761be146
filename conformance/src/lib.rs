//! Drives everything that `gradstep` computes over fixed inputs and hashes the results: the same hashes on every target,
//! backend and compiler. Neither `std` nor an allocator nor much memory is needed, so that it runs on microcontrollers.
#![no_std]

mod inputs;
#[cfg(feature = "rules")]
mod rules;
mod scheduling;
mod stepping;
mod whole;

use gradstep::average::{Lookahead, Swa, WeightEma};
use gradstep::rule::{Adapter, Rule, Scope, Unadapted};
use gradstep::*;
use inputs::{Buffers, Dice, Hash, MAX};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::SeedableRng;
#[cfg(feature = "rules")]
pub use rules::rules;
use stepping::{Place, adapted, unless_refused};

/// Beyond every vector width and tail, and one of several vectors and a tail.
const LENGTHS: [usize; 36] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
    31, 32, 33, 67, MAX,
];

/// Calls `report` with each subject, in words, and its hash. Without a backend, steps go through [`Step::apply`].
///
/// # Errors
/// What a step refused, which is a fault of this crate, or a backend that this machine cannot run.
pub fn run(backend: Option<Backend>, mut report: impl FnMut([&str; 2], u64)) -> Result<(), Error> {
    let (place, mut buffers) = (Place(backend), Buffers::new());
    macro_rules! each {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            of_optimizer($Optimizer::DEFAULT, place, &mut buffers, &mut report)?;
        )*};
    }
    for_each_optimizer!(each);
    report(["followers", ""], followers(backend, &mut buffers)?);
    report(["passes", ""], passes(&mut buffers)?);
    report(["shuffle", ""], shuffle());
    scheduling::schedules(&mut report)?;
    whole::whole(place, &mut buffers, report)
}

/// The subjects of an optimizer. A function of its own, so that the stack has the steps of one optimizer at a time.
#[inline(never)]
fn of_optimizer<O: Optimizer<S>, const S: usize>(
    optimizer: O,
    place: Place,
    buffers: &mut Buffers,
    report: &mut impl FnMut([&str; 2], u64),
) -> Result<(), Error> {
    report([O::NAME, "plain"], ordinary(place, optimizer, |step| step, buffers)?);
    report([O::NAME, "adapted"], ordinary(place, optimizer, adapted, buffers)?);
    report([O::NAME, "special"], special(place, optimizer, buffers)?);
    report([O::NAME, "late"], late(place, optimizer, buffers)?);
    Ok(())
}

/// The shape of vectors.
fn slots<O: Optimizer<S>, const S: usize>(_: &O) -> [Extent; S] {
    O::SLOTS.map(|slot| slot.extent)
}

/// A loss for those that need one.
const LOSS: f64 = 0.75;

/// Five steps at every length, from the start that the optimizer asks for.
fn ordinary<O: Optimizer<S>, A: Adapter, const S: usize>(
    place: Place,
    optimizer: O,
    fuse: impl Fn(Step<O::Rule, Unadapted, O::Clock>) -> Step<O::Rule, A, O::Clock>,
    buffers: &mut Buffers,
) -> Result<u64, Error> {
    let (mut hash, slots) = (Hash::new(), slots(&optimizer));
    for len in LENGTHS {
        let (mut dice, shape) = (Dice::new(len as u64), Shape::vector(len));
        buffers.fill(&mut dice, Dice::ordinary);
        let mut clock = O::Clock::default();
        let (params, _, state) = buffers.shaped(&shape, &slots);
        optimizer.init(params, state)?;
        for _ in 0..5 {
            buffers.fill_grads(&mut dice, Dice::ordinary);
            let (params, grads, state) = buffers.shaped(&shape, &slots);
            let step = fuse(optimizer.begin(&clock)?).loss(LOSS);
            place.apply(&step, params, grads, state)?.commit(&mut clock)?;
        }
        hash.add(buffers, len, S);
    }
    Ok(hash.value())
}

/// Steps on special values in every stream, the state too. Finite ones where a step over all tensors would refuse others.
fn special<O: Optimizer<S>, const S: usize>(place: Place, optimizer: O, buffers: &mut Buffers) -> Result<u64, Error> {
    let (mut hash, mut dice, mut clock) = (Hash::new(), Dice::new(0), O::Clock::default());
    let looks_at_all = <O::Rule as Rule<S>>::PASSES.scope(0) == Some(Scope::All);
    let draw = if looks_at_all { Dice::special_but_finite } else { Dice::special };
    for _ in 0..40 {
        buffers.fill(&mut dice, draw);
        let (params, grads, state) = buffers.shaped(&Shape::vector(MAX), &slots(&optimizer));
        let step = optimizer.begin(&clock)?.loss(LOSS);
        if let Some(applied) = unless_refused(place.apply(&step, params, grads, state))? {
            applied.commit(&mut clock)?;
        }
        hash.add(buffers, MAX, S);
    }
    Ok(hash.value())
}

/// Steps whose coefficients are those of a clock that has run for a while.
fn late<O: Optimizer<S>, const S: usize>(place: Place, optimizer: O, buffers: &mut Buffers) -> Result<u64, Error> {
    const LEN: usize = 5;
    let (mut hash, mut dice, mut clock) = (Hash::new(), Dice::new(1), O::Clock::default());
    for t in 1..=200 {
        if t % 33 == 0 {
            buffers.fill(&mut dice, Dice::ordinary);
        }
        let (params, grads, state) = buffers.shaped(&Shape::vector(LEN), &slots(&optimizer));
        let step = optimizer.begin(&clock)?.loss(LOSS);
        if let Some(applied) = unless_refused(place.apply(&step, params, grads, state))? {
            applied.commit(&mut clock)?;
        }
        if t % 33 == 0 {
            hash.add(buffers, LEN, S);
        }
    }
    Ok(hash.value())
}

/// Averages of the weights and Lookahead behind a step.
fn followers(backend: Option<Backend>, buffers: &mut Buffers) -> Result<u64, Error> {
    let (place, optimizer) = (Place(backend), Momentum::default());
    let (ema, lookahead) = (WeightEma::default(), Lookahead { alpha: 0.3, period: 1 });
    let (mut hash, mut dice, mut clock, mut clocks) = (Hash::new(), Dice::new(2), 0, [0; 3]);
    for draw in [Dice::ordinary, Dice::special] {
        buffers.fill(&mut dice, draw);
        for _ in 0..4 {
            let step = optimizer.tick(&mut clock)?;
            let [swa_clock, ema_clock, lookahead_clock] = &mut clocks;
            let step = step.then(Swa.tick(swa_clock)?).then(ema.tick(ema_clock)?);
            if let Some(synchronize) = lookahead.tick(lookahead_clock)? {
                let (params, grads, state) = buffers.streams::<4>(MAX);
                place.apply(&step.then(synchronize), params, grads, state)?;
            }
            hash.add(buffers, MAX, 4);
        }
    }
    Ok(hash.value())
}

/// What goes over slices on the active backend alone.
fn passes(buffers: &mut Buffers) -> Result<u64, Error> {
    let (mut hash, mut dice) = (Hash::new(), Dice::new(3));
    let lookahead = Lookahead { alpha: 0.3, period: 1 };
    let (sgd, adamw) = (ScheduleFreeSgd::default(), ScheduleFreeAdamW { beta1: 0.7, ..ScheduleFreeAdamW::default() });
    for draw in [Dice::ordinary, Dice::special] {
        for len in LENGTHS {
            buffers.fill(&mut dice, draw);
            let (params, grads, [slow]) = buffers.streams(len);
            grad::accumulate(params, grads, 1.0 / 3.0)?;
            sgd.evaluate(params, grads)?;
            adamw.train(params, grads)?;
            Sophia::default().update_hessian(params, grads)?;
            Swa.tick(&mut 4)?.apply(params, grads)?;
            if let Some(synchronize) = lookahead.tick(&mut 0)? {
                synchronize.apply(params, slow)?;
            }
            hash.add(buffers, len, 1);
        }
    }
    Ok(hash.value())
}

fn shuffle() -> u64 {
    let mut rng = Pcg64Mcg::seed_from_u64(4);
    let mut hash = Hash::new();
    let mut items: [u16; MAX] = core::array::from_fn(|i| i as u16);
    for _ in 0..3 {
        sample::shuffle(&mut items, &mut rng);
        items.iter().for_each(|&item| hash.add_bits(item.into()));
    }
    hash.value()
}
