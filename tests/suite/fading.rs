//! State of frozen elements: it fades to zero and never stays below the normal range.

use gradstep::any::AnyOptimizer;
use gradstep::{Adam, Backend, Extent, Optimizer, Shape};
use gradstep_testkit::{Tensor, registry};

/// Gradients that stay at zero: the slots that an optimizer says fade end at exactly zero, and after each step that sweeps
/// no number is subnormal.
#[test]
fn state_of_frozen_elements_ends_at_zero() {
    /// Enough for the slowest default, AdEMAMix's β3 of .9999, to lose a factor of five.
    const STEPS: usize = 20_000;
    const N: usize = 5;
    for entry in registry() {
        let mut run = entry.variants[0].restart();
        let mut tensor = Tensor::new(&run, &[1.0; N]);
        let start: Vec<f32> = (1..=N).map(|i| f32::MIN_POSITIVE * i as f32).collect();
        for &slot in entry.fading {
            tensor.state[slot].clone_from(&start);
        }
        for t in 1..=STEPS {
            tensor.apply_on(Backend::active(), &run.tick(None).unwrap(), &[0.0; N]);
            for &slot in entry.fading.iter().filter(|_| t % 64 == 0) {
                let values = &tensor.state[slot];
                assert!(values.iter().all(|value| !value.is_subnormal()), "{} slot {slot}: {values:?}", entry.name);
            }
        }
        for &slot in entry.fading {
            assert_eq!(tensor.state[slot], [0.0; N], "{} slot {slot}", entry.name);
        }
    }
}

/// Whatever epsilon is: averages of elements whose gradients stay zero are zero in the end, and nothing is left that a CPU is slow
/// with.
#[test]
fn nothing_stays_subnormal() {
    /// Enough for averages of squares of the gradient below with decay rates of .99, and a multiple of 64.
    const STEPS: usize = 64 * 100;
    /// Its square is a normal number, and the average of its squares after some steps is none.
    const GRAD: f32 = 1.0 / (1u64 << 62) as f32;
    let mut optimizers = AnyOptimizer::ALL.to_vec();
    for optimizer in AnyOptimizer::ALL {
        optimizers.extend(optimizer.presets().iter().map(|preset| optimizer.preset(preset).unwrap()));
        for eps in [1e-9, 1e-15, 0.0] {
            let mut changed = *optimizer;
            if changed.set("eps", eps).is_ok() && changed.begin(&changed.clock()).is_ok() {
                optimizers.push(changed);
            }
        }
    }
    for mut optimizer in optimizers {
        for rate in ["beta2", "beta3"] {
            let _ = optimizer.set(rate, 0.99);
        }
        let mut state: Vec<Vec<f32>> =
            optimizer.slots().map(|slot| vec![0.0; slot.extent.len(&Shape::vector(3))]).collect();
        let (mut params, mut clock) = (vec![1.0; 3], optimizer.clock());
        optimizer.init(&params, &mut state).unwrap();
        for t in 0..STEPS {
            let step = optimizer.begin(&clock).unwrap().loss(1.0);
            step.apply(&mut params, &[if t < 64 { GRAD } else { 0.0 }; 3], &mut state)
                .unwrap()
                .commit(&mut clock)
                .unwrap();
        }
        for (slot, values) in optimizer.slots().zip(&state) {
            // A maximum does not fall, and one number of a tensor takes no time.
            let is_left = slot.name.starts_with("max_") || slot.extent != Extent::Element;
            assert!(is_left || values.iter().all(|value| !value.is_subnormal()), "{optimizer:?}: {state:?}");
        }
    }
}

/// After gradients of ordinary size too: one whose epsilon is below 2e-9.
#[test]
fn a_second_moment_that_rounding_would_hold() {
    let adam = Adam { eps: 1e-9, ..Adam::DEFAULT };
    let (mut p, mut m, mut v, mut clock) = ([1.0], [0.0], [0.0], 0);
    for t in 0..120_000 {
        let g = if t < 50 { 0.3 } else { 0.0 };
        adam.tick(&mut clock).unwrap().apply(&mut p, &[g], [&mut m, &mut v]).unwrap();
    }
    assert_eq!((m, v), ([0.0], [0.0]));
}

/// A tiny second moment becomes zero only where epsilon is so large that no step can tell, and only after a step
/// that sweeps.
#[test]
fn a_second_moment_is_swept_only_where_epsilon_hides_it() {
    let cases = [(1e-8, 0.0, true), (0.0, 1e-8, true), (1e-15, 0.0, false), (0.0, 1e-30, false), (0.0, 0.0, false)];
    for (eps, eps_root, hidden) in cases {
        for clock in [62, 63, 64] {
            let step = Adam { eps, eps_root, ..Adam::default() }.tick(&mut clock.clone()).unwrap();
            let (mut params, mut m, mut v) = ([1.0f32], [0.0f32], [f32::MIN_POSITIVE]);
            step.apply(&mut params, &[0.0], [&mut m, &mut v]).unwrap();
            let swept = hidden && clock == 63;
            assert!(if swept { v == [0.0] } else { v[0].is_subnormal() }, "{eps}, {eps_root} after {clock}: {v:?}");
        }
    }
}

/// Millions of steps from now a step is still a step: no coefficient turns into NaN, infinity or zero.
#[test]
fn late_steps() {
    for entry in registry() {
        for variant in &entry.variants {
            let mut run = variant.restart();
            let mut tensor = Tensor::new(&run, &[1.0; 3]);
            if entry.name == "AdaHessian" {
                // Without an estimate of the Hessian it divides by eps alone.
                tensor.state[2].fill(1.0);
            }
            for t in 0..20_000 {
                // Their mean is zero: COCOB wins its bets on a mean that stays, and so grows without bound.
                let g = if t % 3 == 0 { 0.5 } else { -0.25 };
                tensor.apply_on(Backend::active(), &run.tick(None).unwrap(), &[g, 0.0, -g]);
            }
            let finite = tensor.params.iter().chain(tensor.state.iter().flatten()).all(|value| value.is_finite());
            assert!(finite || run.hyper().contains("eps: 0.0"), "{}: {}", run.hyper(), tensor.element(0));
        }
    }
}
