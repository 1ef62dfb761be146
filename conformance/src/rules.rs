//! The loops that a training step runs in, for `scripts/check_asm.py` to look for in the machine code.

extern crate std;

use crate::stepping::adapted;
use core::any::type_name;
use core::hint::black_box;
use gradstep::rule::{Adapted, Adapter, Average, Chain, Followed, Rule, ScaleGrads, Scope, Unadapted};
use gradstep::sum::{self, Sum};
use gradstep::{AdamW, Error, Extent, Optimizer, Step, Tensor, for_each_optimizer, grad};
use std::format;

/// Takes what the machine code has to have: a function of the backends, what it does with the slices, the type of its formula,
/// and the slots that it writes.
type Report<'a> = &'a mut dyn FnMut([&str; 3], usize);

/// Calls `report` with the functions of every rule, and keeps their code for `scripts/check_asm.py`.
pub fn rules(report: Report<'_>) {
    macro_rules! each {
        ($($Optimizer:ident: $slots:literal,)*) => {$({
            type Of = <gradstep::$Optimizer as Optimizer<$slots>>::Rule;
            let slots = <gradstep::$Optimizer as Optimizer<$slots>>::SLOTS;
            let written = slots.iter().filter(|slot| slot.is_written && slot.extent == Extent::Element).count();
            bare::<Of, $slots>(written, report);
            step(written, adapted::<Of, ()>, report);
        })*};
    }
    for_each_optimizer!(each);
    training_step(report);
}

/// A step of one tensor, one that zeroes the gradients, and one of a list. A rule with passes takes one tensor after another.
fn bare<U: Rule<S>, const S: usize>(written: usize, report: Report<'_>) {
    step(written, |step: Step<U>| step, report);
    zeroing::<U, Unadapted, S>(written, report);
    if U::PASSES.is_empty() {
        let all: for<'a> fn(&Step<U>, &mut [Tensor<'a, S>]) -> Result<(), Error> = |step, list| step.apply_all(list);
        black_box(all);
        report(["drive", "list", type_name::<Adapted<U, Unadapted>>()], written);
    }
}

/// The functions of the backends that make a step: the passes within a tensor and the update, and the update alone.
fn functions<U: Rule<S>, A: Adapter, const S: usize>() -> impl Iterator<Item = &'static str> {
    let passes = <Adapted<U, A> as Rule<S>>::PASSES;
    let within = (0..passes.len()).any(|pass| passes.scope(pass) != Some(Scope::All));
    within.then_some("units").into_iter().chain(["drive"])
}

fn step<U: Rule<S>, A: Adapter, const S: usize>(written: usize, _: fn(Step<U>) -> Step<U, A>, report: Report<'_>) {
    black_box(Step::<U, A>::apply_on::<S> as fn(&Step<U, A>, _, &mut [f32], &[f32], [&mut [f32]; S]) -> _);
    for function in functions::<U, A, S>() {
        report([function, "Step", type_name::<Adapted<U, A>>()], written);
    }
    let passes = <Adapted<U, A> as Rule<S>>::PASSES.len();
    if passes > 0 {
        black_box(Step::<U, A>::measure::<S> as fn(&Step<U, A>, &[f32], &[f32], [&[f32]; S]) -> _);
    }
    for pass in 0..passes {
        if <Adapted<U, A> as Rule<S>>::PASSES.scope(pass) != Some(Scope::All) {
            report(["units", "sums", type_name::<Adapted<U, A>>()], 0);
        }
        let of_pass = format!("gradstep::run::blocks::OfPass<{}, {pass}>", type_name::<Adapted<U, A>>());
        report(["measure", "Measuring", &of_pass], 0);
    }
}

fn zeroing<U: Rule<S>, A: Adapter, const S: usize>(written: usize, report: Report<'_>) {
    black_box(Step::<U, A>::apply_zeroing::<S> as fn(&Step<U, A>, &mut [f32], &mut [f32], [&mut [f32]; S]) -> _);
    for function in functions::<U, A, S>() {
        report([function, "StepZeroing", type_name::<Adapted<U, A>>()], written);
    }
}

/// README's training step: sums of gradients, their norm, and the rest in one pass.
fn training_step(report: Report<'_>) {
    black_box(grad::accumulate as fn(&mut [f32], &[f32], _) -> _);
    report(["drive", "Step", "gradstep::grad::Accumulate"], 0);
    black_box(grad::accumulate_squares as fn(&mut [f32], &[f32], _) -> _);
    report(["measure", "Step", "gradstep::grad::Accumulate"], 0);
    black_box(Sum::squares as fn(&[f32]) -> _);
    report(["measure", "Measuring", "gradstep::sum::Squares"], 0);
    black_box(sum::max_abs as fn(&[f32]) -> _);
    report(["max_abs", "", ""], 0);
    type Averaged = Followed<<AdamW as Optimizer<2>>::Rule, Average>;
    zeroing::<Averaged, Chain<Unadapted, ScaleGrads>, 3>(3, report);
}
