//! The same bits everywhere: 0 ULP between backends, at every length, position, alignment and split.

use gradstep::{AmsGrad, Backend, Optimizer, RmsPropMomentum};
use gradstep_testkit::values::{self, Source};
use gradstep_testkit::{Adapters, Run, Tensor, assert_same_bits, backends, check, registry};
use proptest::prelude::*;

/// The variants of each optimizer, bare and with adapters.
fn for_each_case(mut test: impl FnMut(&Run, Option<&Adapters>, &str)) {
    for entry in registry() {
        for variant in &entry.variants {
            test(variant, None, &format!("{} without adapters", variant.hyper()));
        }
        for adapters in &Adapters::EACH_AND_ALL {
            let variant = &entry.variants[0];
            test(variant, Some(adapters), &format!("{} with {adapters:?}", variant.hyper()));
        }
    }
}

/// Every backend against the scalar one over some steps; `grads` holds each step's.
fn assert_backends_agree(run: &Run, adapters: Option<&Adapters>, start: &Tensor, grads: &[Vec<f32>], case: &str) {
    let mut run = run.restart();
    let mut tensors: Vec<(Backend, Tensor)> = backends().map(|backend| (backend, start.clone())).collect();
    let mut expected = start.clone();
    for (t, grads) in grads.iter().enumerate() {
        let step = run.tick(adapters).unwrap();
        let before = expected.clone();
        expected.apply_on(Backend::Scalar, &step, grads);
        for (backend, tensor) in &mut tensors {
            tensor.apply_on(*backend, &step, grads);
            tensor.assert_same_bits(&expected, |i| {
                format!("{backend} at step {}: g {:e}, {}\n{case}", t + 1, grads[i], before.element(i))
            });
        }
    }
}

#[test]
fn every_backend_at_every_length() {
    let mut source = Source::new(1);
    for_each_case(|run, adapters, case| {
        for n in 0..=67 {
            let start = Tensor::new(run, &source.many(n, Source::mixed));
            let grads: Vec<_> = (0..3).map(|_| source.many(n, Source::mixed)).collect();
            assert_backends_agree(run, adapters, &start, &grads, &format!("length {n}, {case}"));
        }
    });
}

/// A root of −0 and an epsilon of −0 would make infinities of either sign.
#[test]
fn no_option_is_negative_zero() {
    let amsgrad = AmsGrad { eps: -0.0, weight_decay: -0.0, ..AmsGrad::default() };
    let rule = amsgrad.tick(&mut 0).unwrap();
    let step = |backend| {
        let (mut p, [mut m, mut v, mut v_max]) = ([1.0; 16], [[-0.0; 16]; 3]);
        rule.apply_on(backend, &mut p, &[1e-30; 16], [&mut m, &mut v, &mut v_max]).unwrap();
        p.map(f32::to_bits)
    };
    for backend in backends() {
        assert_eq!(step(backend), step(Backend::Scalar), "{backend}");
    }
}

/// The correction of u is the last f32 below 1, and that of the mean, its inverse, is 1.
#[test]
fn a_correction_that_is_nearly_one() {
    let rms_prop = RmsPropMomentum { bias_correction: true, lr: 0.5, ..RmsPropMomentum::default() };
    let rule = rms_prop.tick(&mut 1620).unwrap();
    let step = |backend| {
        let (mut p, mut h, mut b) = ([0.0; 16], [1.0; 16], [0.0; 16]);
        let grads = std::array::from_fn::<f32, 16, _>(|i| 1.0 + i as f32 / 7.0);
        rule.apply_on(backend, &mut p, &grads, [&mut h, &mut b]).unwrap();
        b.map(f32::to_bits)
    };
    for backend in backends() {
        assert_eq!(step(backend), step(Backend::Scalar), "{backend}");
    }
}

/// Slices so long that a backend may choose other vectors.
#[test]
fn every_backend_on_long_slices() {
    let mut source = Source::new(6);
    for entry in registry() {
        let variant = &entry.variants[0];
        for n in [(1 << 15) - 1, 1 << 15, (1 << 15) + 23] {
            let start = Tensor::new(variant, &source.many(n, Source::mixed));
            let grads = source.many(n, Source::mixed);
            let case = format!("length {n}, {}", variant.hyper());
            assert_backends_agree(variant, None, &start, &[grads], &case);
        }
    }
}

#[test]
fn every_backend_on_every_pair_of_special_numbers() {
    let special = values::special();
    let pairs: Vec<(f32, f32)> = special.iter().flat_map(|&p| special.iter().map(move |&g| (p, g))).collect();
    let params: Vec<f32> = pairs.iter().map(|pair| pair.0).collect();
    let mut source = Source::new(2);
    for_each_case(|run, adapters, case| {
        let mut start = Tensor::new(run, &params);
        for slot in &mut start.state {
            *slot = source.many(params.len(), Source::special);
        }
        let first = pairs.iter().map(|pair| pair.1).collect();
        let second = source.many(params.len(), Source::special);
        assert_backends_agree(run, adapters, &start, &[first, second], case);
    });
}

/// An element alone gives what it gives in the slice.
#[test]
fn every_element_alone() {
    let mut source = Source::new(3);
    for_each_case(|run, adapters, case| {
        let mut run = run.restart();
        let mut whole = Tensor::new(&run, &source.many(53, Source::mixed));
        let mut single = whole.clone();
        for t in 1..=3 {
            let step = run.tick(adapters).unwrap();
            let grads = source.many(53, Source::mixed);
            let before = whole.clone();
            whole.apply_on(Backend::active(), &step, &grads);
            for i in 0..53 {
                single.apply_range(Backend::active(), &step, &grads, i..i + 1);
            }
            whole.assert_same_bits(&single, |i| format!("step {t}: g {:e}, {}\n{case}", grads[i], before.element(i)));
        }
    });
}

/// Slices that start off the alignment of a vector, each at another offset; what lies around them stays untouched.
#[test]
fn every_alignment() {
    const GUARD: f32 = 123.5;
    const N: usize = 39;
    let padded = |values: &[f32], offset: usize| {
        let mut padded = vec![GUARD; N + 8];
        padded[offset..offset + N].copy_from_slice(values);
        padded
    };
    let mut source = Source::new(4);
    for_each_case(|run, adapters, case| {
        for offset in 1..=3 {
            let mut run = run.restart();
            let start = Tensor::new(&run, &source.many(N, Source::plain));
            let grads = source.many(N, Source::plain);
            let step = run.tick(adapters).unwrap();
            let mut expected = start.clone();
            expected.apply_on(Backend::Scalar, &step, &grads);

            let offset_of = |slice: usize| 1 + (offset + slice) % 3;
            for backend in backends() {
                let mut params = padded(&start.params, offset_of(0));
                let grads = padded(&grads, offset_of(1));
                let mut state: Vec<Vec<f32>> =
                    start.state.iter().enumerate().map(|(s, slot)| padded(slot, offset_of(2 + s))).collect();
                let inside = |slice: usize| offset_of(slice)..offset_of(slice) + N;
                let slots = state.iter_mut().enumerate().map(|(s, slot)| &mut slot[inside(2 + s)]).collect();
                step.apply_on(backend, &mut params[inside(0)], &grads[inside(1)], slots).unwrap();

                let case = |_: usize| format!("{backend} at offset {offset}, {case}");
                assert_same_bits(&params, &padded(&expected.params, offset_of(0)), case);
                for (s, slot) in state.iter().enumerate() {
                    assert_same_bits(slot, &padded(&expected.state[s], offset_of(2 + s)), case);
                }
            }
        }
    });
}

/// `apply` is `apply_on` the active backend, and the active backend is supported.
#[test]
fn apply_runs_on_the_active_backend() {
    assert!(Backend::active().is_supported());
    let mut source = Source::new(5);
    for_each_case(|run, adapters, case| {
        let mut run = run.restart();
        let mut expected = Tensor::new(&run, &source.many(37, Source::plain));
        let mut found = expected.clone();
        let step = run.tick(adapters).unwrap();
        let grads = source.many(37, Source::plain);
        expected.apply_on(Backend::active(), &step, &grads);
        let Tensor { params, state } = &mut found;
        step.apply(params, &grads, state.iter_mut().map(|slot| &mut slot[..]).collect()).unwrap();
        found.assert_same_bits(&expected, |_| case.to_owned());
    });
}

/// Random hyper-parameters, lengths, bits, adapters and cuts: every backend on the pieces gives what the scalar
/// backend gives on the whole.
#[test]
fn any_split_of_anything() {
    const CASES: u32 = 100;
    let adapters = prop::option::of(prop::sample::select(Adapters::EACH_AND_ALL.to_vec()));
    let input = (1..400usize).prop_flat_map(|n| {
        let column = || prop::collection::vec(values::any_bits(), n);
        (column(), prop::collection::vec(column(), 2), prop::collection::vec(0..=n, 0..6))
    });
    let strategy = (prop::collection::vec(0.0..1.0f64, 16), adapters, input);
    for entry in registry() {
        check(CASES, &strategy, &|(dice, adapters, (params, grads, mut cuts))| {
            let n = params.len();
            cuts.extend([0, n]);
            cuts.sort_unstable();
            let mut run = (entry.random)(&mut gradstep_testkit::oracle::Dice::new(&dice));
            let mut expected = Tensor::new(&run, &params);
            let mut tensors: Vec<(Backend, Tensor)> = backends().map(|backend| (backend, expected.clone())).collect();
            for grads in &grads {
                let step = run.tick(adapters.as_ref()).unwrap();
                let before = expected.clone();
                expected.apply_on(Backend::Scalar, &step, grads);
                for (backend, tensor) in &mut tensors {
                    for cut in cuts.windows(2) {
                        tensor.apply_range(*backend, &step, grads, cut[0]..cut[1]);
                    }
                    tensor.assert_same_bits(&expected, |i| {
                        format!("{backend}: g {:e}, {}\n{}", grads[i], before.element(i), run.hyper())
                    });
                }
            }
            Ok(())
        });
    }
}
