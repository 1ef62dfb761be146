//! State of frozen elements: it fades to zero and never stays below the normal range.

use gradstep::{Adam, Backend, Optimizer};
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
