//! Every step of every optimizer against its f64 oracle.

use gradstep::Backend;
use gradstep_testkit::oracle::Dice;
use gradstep_testkit::{Run, Tensor, check, expect, registry, values};
use proptest::prelude::*;
use std::cell::Cell;

const CASES: u32 = 128;
const STEPS: usize = 10;

/// Tails of every vector width, whole vectors, and both.
const LENGTHS: [usize; 6] = [1, 3, 8, 16, 21, 37];

#[test]
fn every_step_is_as_accurate_as_its_oracle() {
    let column = || prop::collection::vec(values::moderate(), LENGTHS[LENGTHS.len() - 1]);
    let strategy = (
        prop::collection::vec(0.0..1.0f64, 16),
        prop::sample::select(&LENGTHS[..]),
        column(),
        prop::collection::vec(column(), STEPS),
    );
    println!("largest error of one step, in 2^-24 of its scale: parameter, state");
    for entry in registry() {
        let worst = [Cell::new(0.0f64), Cell::new(0.0f64)];
        let (compared, skipped) = (Cell::new(0), Cell::new(0));
        let one_run = |run: &mut Run, params: &[f32], grads: &[Vec<f32>]| {
            let mut tensor = Tensor::new(run, params);
            for (i, &p) in params.iter().enumerate() {
                for (slot, start) in run.oracle_start(p.into()).into_iter().enumerate() {
                    prop_assert_eq!(tensor.state[slot][i], start as f32, "start of slot {}", slot);
                }
            }
            for (t, step_grads) in grads.iter().enumerate() {
                // What the caller brings, for example an estimate of the Hessian: the gradients of the step before.
                for slot in run.inputs() {
                    tensor.state[slot].copy_from_slice(&grads[(t + STEPS - 1) % STEPS][..params.len()]);
                }
                let grads = step_grads;
                let before = tensor.clone();
                let step = run.tick(None).unwrap();
                tensor.apply_on(Backend::active(), &step, &grads[..params.len()]);
                for i in 0..params.len() {
                    // Something was divided by zero without an epsilon; how that goes on is the subject of the bits.
                    let finite = |values: &Vec<f32>| values[i].is_finite();
                    if !finite(&before.params) || !before.state.iter().all(finite) {
                        continue;
                    }
                    let state: Vec<f64> = before.state.iter().map(|slot| slot[i].into()).collect();
                    let Some(expected) = expect(run, before.params[i].into(), grads[i].into(), &state) else {
                        skipped.set(skipped.get() + 1);
                        continue;
                    };
                    compared.set(compared.get() + 1);
                    let found = std::iter::once(&tensor.params).chain(&tensor.state).map(|values| values[i]);
                    for (place, (found, expected)) in found.zip(&expected).enumerate() {
                        let error = expected.error(found);
                        let bound = if place == 0 { run.bound().param } else { run.bound().state };
                        prop_assert!(
                            error <= bound,
                            "step {}, {}: found {found:e}, expected {:e}, error {error:.2} units of 2^-24 of {:e}, \
                             bound {bound}\ng {:e}, {}\n{}",
                            t + 1,
                            if place == 0 { "parameter".to_owned() } else { format!("slot {}", place - 1) },
                            expected.value,
                            expected.scale,
                            grads[i],
                            before.element(i),
                            run.hyper()
                        );
                        let worst = &worst[place.min(1)];
                        worst.set(worst.get().max(error));
                    }
                }
            }
            Ok(())
        };
        check(CASES, &strategy, &|(dice, n, params, grads)| {
            one_run(&mut (entry.random)(&mut Dice::new(&dice)), &params[..n], &grads)
        });
        let each_variant = (prop::sample::select((0..entry.variants.len()).collect::<Vec<_>>()), column());
        let each_variant = (each_variant, prop::collection::vec(column(), STEPS));
        check(CASES, &each_variant, &|((variant, params), grads)| {
            one_run(&mut entry.variants[variant].restart(), &params, &grads)
        });
        let bound = entry.variants[0].bound();
        println!(
            "{:24} {:5.2} of {:4} {:5.2} of {:4}",
            entry.name,
            worst[0].get(),
            bound.param,
            worst[1].get(),
            bound.state
        );
        // A sign may hang on rounding now and then, not as a rule.
        assert!(skipped.get() * 50 < compared.get(), "{}: {skipped:?} of {compared:?}", entry.name);
    }
}
