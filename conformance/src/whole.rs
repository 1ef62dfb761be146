//! Sums, rows and blocks, and what looks at a whole tensor before a step.

use crate::inputs::{Buffers, Dice, Hash, MAX};
use crate::stepping::{Place, unless_refused};
use gradstep::clip::{AdaptiveClip, ClipNorm};
use gradstep::rule::{Adapter, Measure, Rule};
use gradstep::sam::Sam;
use gradstep::sum::{BLOCK, Sum};
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
    report(["units", ""], units(place, buffers)?);
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
            hash.add_f64(sum::max_abs(values).into());
            hash.add_f64(sum::count_non_finite(values) as f64);
        }
        total.iter().for_each(|sum| add_sum(&mut hash, sum));
    }
    Ok(hash.value())
}

/// Rows and blocks, of lengths that are less than a vector and more than one, and a last block that is shorter.
fn units(place: Place, buffers: &mut Buffers) -> Result<u64, Error> {
    let (mut hash, mut dice) = (Hash::new(), Dice::new(8));
    for (row_len, block_len) in [(1, 7), (5, 33), (25, 64), (100, 100)] {
        let shape = Shape::vector(100).rows(row_len).blocks(block_len);
        buffers.fill(&mut dice, Dice::ordinary);
        unit(place, RowAdaGrad::DEFAULT, &shape, buffers)?;
        unit(place, AdamMini::DEFAULT, &shape, buffers)?;
        hash.add(buffers, 100, 2);
    }
    Ok(hash.value())
}

/// Three steps of a tensor with this shape.
fn unit<O: Optimizer<S>, const S: usize>(
    place: Place,
    optimizer: O,
    shape: &Shape,
    buffers: &mut Buffers,
) -> Result<(), Error> {
    let (mut clock, extents) = (O::Clock::default(), O::SLOTS.map(|slot| slot.extent));
    let (params, _, state) = buffers.shaped(shape, &extents);
    optimizer.init_shaped(shape, params, state)?;
    for _ in 0..3 {
        let (params, grads, state) = buffers.shaped(shape, &extents);
        let mut tensors = [Tensor { params, grads, state, shape: *shape }];
        let step = optimizer.begin(&clock)?;
        let applied = match place.0 {
            None => step.apply_all(&mut tensors)?,
            Some(backend) => step.apply_all_on(backend, &mut tensors)?,
        };
        applied.commit(&mut clock)?;
    }
    Ok(())
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
                step(place, &adam_w.clip_norm(ClipNorm::torch(0.3)?), buffers, len)?;
                step(place, &Lamb::timm().tick(&mut { clock })?.clip_norm(ClipNorm::optax(1.0)?), buffers, len)?;
                step(place, &adam_w.adaptive_clip(AdaptiveClip::DEFAULT), buffers, len)?;
            }
            step(place, &adam_w.cautious_mean(), buffers, len)?;
            step(place, &adam_w.bound_update(1e-4), buffers, len)?;
            step(place, &adam_w.centralize_grads(), buffers, len)?;
            step(place, &Lamb::timm().tick(&mut { clock })?.cautious_mean(), buffers, len)?;
            step(place, &Sam::DEFAULT.perturb()?, buffers, len)?;
            step(place, &Sam::asam().perturb()?, buffers, len)?;
            hash.add(buffers, len, 2);
        }
    }
    Ok(hash.value())
}

fn step<U: Rule<S>, A: Adapter, const S: usize>(
    place: Place,
    step: &Step<U, A>,
    buffers: &mut Buffers,
    len: usize,
) -> Result<(), Error> {
    let (params, grads, state) = buffers.streams(len);
    unless_refused(place.apply(step, params, grads, state)).map(|_| ())
}
