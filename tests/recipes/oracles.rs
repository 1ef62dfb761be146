//! Every optimizer that looks at more than an element, step by step against its formula in f64, with random hyper-parameters.

use gradstep::rule::Rule;
use gradstep::*;
use gradstep_testkit::oracle::{Dice, Given, Numbers, Oracle};
use gradstep_testkit::tolerance;
use gradstep_testkit::values::Source;

/// Rows and their length. A vector is one row.
const SHAPES: [(usize, Option<usize>); 3] = [(37, None), (48, Some(12)), (30, Some(1))];

/// The largest error of all steps, in units of 2⁻²⁴ of the largest parameter and of the largest number of a slot.
fn largest_error<O: Oracle<S>, const S: usize>(optimizer: O, seed: u64) -> f64 {
    let (mut source, mut largest) = (Source::new(seed), 0.0_f64);
    for (len, row_len) in SHAPES {
        let shape = row_len.map_or(Shape::vector(len), |row_len| Shape::vector(len).rows(row_len));
        let mut params = source.many(len, Source::plain);
        let mut state = O::SLOTS.map(|slot| vec![0.0; slot.extent.len(&shape)]);
        optimizer.init_shaped(&shape, &params, state.each_mut().map(|slot| &mut slot[..])).unwrap();
        let mut clock = O::Clock::default();
        for t in 1..=6 {
            let (grads, loss) = (source.many(len, Source::plain), 0.3 + f64::from(t as u32 % 3));
            let wide = |slice: &[f32]| slice.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
            let mut numbers =
                Numbers { params: wide(&params), grads: wide(&grads), state: state.each_ref().map(|slot| wide(slot)) };
            let mut values = clock.save().values;
            optimizer.step_tensor(Given { t, loss, row_len }, &mut values, &mut numbers);
            let mut tensor = Tensor { shape, ..Tensor::new(&mut params, &grads, &mut state) };
            let step = optimizer.begin(&clock).unwrap().loss(loss);
            step.apply_all(core::slice::from_mut(&mut tensor)).unwrap().commit(&mut clock).unwrap();
            let error = |found: &[f32], expected: &[f64], before: f64| {
                let size = expected.iter().fold(before, |size, x| size.max(x.abs()));
                let errors = found.iter().zip(expected).map(|(found, expected)| (f64::from(*found) - expected).abs());
                let is_known = found.iter().all(|x| x.is_finite()) && size.is_finite();
                if is_known { errors.fold(0.0, f64::max) / size / tolerance::UNIT } else { f64::INFINITY }
            };
            let before = numbers.grads.iter().fold(f64::MIN_POSITIVE, |size, g| size.max(g.abs()));
            largest = largest.max(error(&params, &numbers.params, 1.0));
            for (found, expected) in state.iter().zip(&numbers.state) {
                largest = largest.max(error(found, expected, before * 1e-6));
            }
            for (found, expected) in clock.save().values.into_iter().zip(values) {
                // Sums of products of both signs, which f32 has rounded.
                largest = largest.max((found - expected).abs() / expected.abs().max(0.1) / tolerance::UNIT);
            }
        }
    }
    largest
}

/// What is too far from its formula of the default, every preset, and random hyper-parameters.
fn check<O: Oracle<S>, const S: usize>() -> Vec<String> {
    if <O::Rule as Rule<S>>::PASSES.is_empty() {
        return vec![];
    }
    let mut variants: Vec<O> = O::PRESETS.iter().map(|preset| preset.value).collect();
    variants.push(O::DEFAULT);
    let mut source = Source::new(S as u64 + 77);
    for _ in 0..100 {
        let rolls: Vec<f64> = (0..32).map(|_| source.below(1 << 20) as f64 / f64::from(1 << 20)).collect();
        variants.push(O::random(&mut Dice::new(&rolls)));
    }
    let runs =
        variants.into_iter().enumerate().map(|(seed, optimizer)| (largest_error(optimizer, seed as u64), optimizer));
    runs.filter(|(error, _)| *error > tolerance::WHOLE_STEP)
        .map(|(error, optimizer)| format!("off by {error}: {optimizer:?}"))
        .collect()
}

#[test]
fn every_step_is_that_of_its_formula() {
    macro_rules! each {
        ($($Optimizer:ident: $slots:literal,)*) => { [$(check::<$Optimizer, $slots>()),*] };
    }
    let far = for_each_optimizer!(each).concat();
    assert!(far.is_empty(), "{}", far.join("\n"));
}
