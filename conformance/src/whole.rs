//! Sums, and the optimizers that look at a whole tensor.

use crate::inputs::{Buffers, Dice, Hash, MAX};
use crate::stepping::Place;
use gradstep::clip::{AdaptiveClip, ClipNorm};
use gradstep::rule::{Adapter, Measure};
use gradstep::sum::{BLOCK, Sum};
use gradstep::whole::*;
use gradstep::*;

/// Products, squares, magnitudes and values at once.
#[derive(Clone, Copy)]
struct All;

impl Measure<0, 4> for All {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, []: [R; 0]) -> [[R; 2]; 4] {
        let one = R::splat(1.0);
        [[p, g], [p, p], [p.abs(), one], [p, one]]
    }
}

/// Calls `report` with each subject and its hash.
pub(crate) fn whole(place: Place, buffers: &mut Buffers, mut report: impl FnMut([&str; 2], u64)) -> Result<(), Error> {
    report(["sums", ""], sums(place)?);
    macro_rules! each {
        ($($Optimizer:ident: $slots:literal, $sums:literal;)*) => {$(
            let optimizer = $Optimizer::default();
            report([stringify!($Optimizer), "plain"], ordinary(place, optimizer, buffers)?);
            report([stringify!($Optimizer), "special"], special(place, optimizer, buffers)?);
        )*};
    }
    for_each_whole_optimizer!(each);
    report(["wrappers", ""], wrappers(place, buffers)?);
    Ok(())
}

fn add_sum(hash: &mut Hash, sum: &Sum) {
    sum.to_bytes().chunks_exact(4).for_each(|word| {
        hash.add_bits(word.try_into().map_or(0, u32::from_le_bytes));
    });
    hash.add_f64(sum.value());
    hash.add_f64(sum.root());
}

/// Tensors of one block, of more than one, and pieces of blocks.
fn sums(place: Place) -> Result<u64, Error> {
    let mut hash = Hash::new();
    let (mut values, mut factors) = ([0.0; BLOCK], [0.0; BLOCK]);
    for draw in [Dice::ordinary, Dice::special_but_finite, Dice::special] {
        let mut dice = Dice::new(5);
        let mut total = [Sum::ZERO; 4];
        for len in [BLOCK, BLOCK, 0, 1, 31, 32, 33, 67, BLOCK - 1, 500] {
            values.iter_mut().chain(&mut factors).for_each(|value| *value = draw(&mut dice));
            let (values, factors) = (values.split_at(len).0, factors.split_at(len).0);
            let sums = match place.0 {
                Some(backend) => sum::measure_on(backend, &All, values, factors, [])?,
                None => sum::measure(&All, values, factors, [])?,
            };
            for (total, sum) in total.iter_mut().zip(&sums) {
                add_sum(&mut hash, sum);
                total.merge(sum);
            }
            hash.add_f64(sum::largest(values).into());
            hash.add_f64(sum::count_non_finite(values) as f64);
        }
        total.iter().for_each(|sum| add_sum(&mut hash, sum));
    }
    Ok(hash.value())
}

/// Both phases of a step.
fn step<P: Phases<S, K>, A: Adapter, const S: usize, const K: usize>(
    place: Place,
    step: &WholeStep<P, A>,
    memory: &mut P::Memory,
    buffers: &mut Buffers,
    len: usize,
) -> Result<(), Error> {
    let (params, grads, mut state) = buffers.streams(len);
    let reading = state.each_mut().map(|slot| &**slot);
    let sums = match place.0 {
        Some(backend) => step.measure_with_on(backend, memory, params, grads, reading)?,
        None => step.measure_with(memory, params, grads, reading)?,
    };
    place.apply(&step.update_with(memory, &sums), params, grads, state)
}

/// Three steps at some lengths, from the start that the optimizer asks for.
fn ordinary<O: WholeOptimizer<S, K>, const S: usize, const K: usize>(
    place: Place,
    optimizer: O,
    buffers: &mut Buffers,
) -> Result<u64, Error> {
    let mut hash = Hash::new();
    for len in [0, 1, 7, 8, 15, 16, 31, 32, 33, 67, MAX] {
        let mut dice = Dice::new(len as u64);
        buffers.fill(&mut dice, Dice::ordinary);
        let (params, _, state) = buffers.streams(len);
        optimizer.init(params, state)?;
        let (mut clock, mut memory) = (O::Clock::default(), Default::default());
        for _ in 0..3 {
            buffers.fill_grads(&mut dice, Dice::ordinary);
            step(place, &optimizer.tick(&mut clock)?, &mut memory, buffers, len)?;
        }
        hash.add(buffers, len, S);
    }
    Ok(hash.value())
}

/// Steps on special values in every stream, the state too.
fn special<O: WholeOptimizer<S, K>, const S: usize, const K: usize>(
    place: Place,
    optimizer: O,
    buffers: &mut Buffers,
) -> Result<u64, Error> {
    let (mut hash, mut dice) = (Hash::new(), Dice::new(6));
    for draw in [Dice::special_but_finite, Dice::special] {
        let (mut clock, mut memory) = (O::Clock::default(), Default::default());
        for len in [1, 3, 5, 16, MAX, MAX] {
            buffers.fill(&mut dice, draw);
            step(place, &optimizer.tick(&mut clock)?, &mut memory, buffers, len)?;
            hash.add(buffers, len, S);
        }
    }
    Ok(hash.value())
}

/// Steps of an element-wise optimizer that look at a whole tensor first.
fn wrappers(place: Place, buffers: &mut Buffers) -> Result<u64, Error> {
    let (mut hash, mut dice, mut clock) = (Hash::new(), Dice::new(7), 0);
    for clips in [true, false] {
        let draw = if clips { Dice::ordinary } else { Dice::special };
        buffers.fill(&mut dice, draw);
        for len in [1, 16, MAX] {
            buffers.fill_grads(&mut dice, draw);
            let adam_w = AdamW::default().tick(&mut clock)?;
            if clips {
                let (params, _, state) = buffers.streams(len);
                AdamW::default().init(params, state)?;
                step(place, &adam_w.clip_norm(ClipNorm::torch(0.3)?), &mut (), buffers, len)?;
                step(place, &adam_w.adaptive_clip(AdaptiveClip::DEFAULT), &mut (), buffers, len)?;
            }
            step(place, &adam_w.cautious_mean(), &mut (), buffers, len)?;
            step(place, &adam_w.bound_update(1e-4)?, &mut (), buffers, len)?;
            step(place, &adam_w.centered(), &mut (), buffers, len)?;
            step(place, &Lamb::timm().tick(&mut { clock })?.cautious_mean(), &mut (), buffers, len)?;
            step(place, &Sam::DEFAULT.climb()?, &mut (), buffers, len)?;
            step(place, &Sam::asam().climb()?, &mut (), buffers, len)?;
            hash.add(buffers, len, 2);
        }
    }
    Ok(hash.value())
}
