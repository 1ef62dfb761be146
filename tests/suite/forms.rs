//! Presets under changing rates and settings, against parameters that the libraries gave: each name says whose form it is.

use gradstep::*;
use gradstep_testkit::tolerance::UNIT;

/// A library's f32 and four digits of its parameters.
fn assert_near(found: &[f32], expected: &[f64], digits: f64, whose: &str) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let error = (f64::from(*found) - expected).abs();
        assert!(error <= digits + 8.0 * UNIT * expected.abs(), "{whose}: {found}, expected {expected}");
    }
}

/// The parameter after each step from `p`, with the same gradient in all of them.
fn run<O: Optimizer<S>, const S: usize>(optimizer: O, p: f32, g: f32, steps: usize) -> Vec<f32> {
    let (mut params, mut state, mut clock) = ([p], [[0.0_f32]; S], O::Clock::default());
    optimizer.init(&params, state.each_mut().map(|slot| &mut slot[..])).unwrap();
    let mut step = || {
        let step = optimizer.tick(&mut clock).unwrap();
        step.apply(&mut params, &[g], state.each_mut().map(|slot| &mut slot[..])).unwrap();
        params[0]
    };
    (0..steps).map(|_| step()).collect()
}

/// optax 0.2.8 divides the moment by `1 − β1ᵗ`; the authors do not. The estimate is taken in after the step.
#[test]
fn forms_of_sophia() {
    let trajectory = |sophia: Sophia| -> Vec<f32> {
        let (mut p, mut m, mut h, mut clock) = ([0.0], [0.0], [0.0], 0);
        let mut step = || {
            sophia.tick(&mut clock).unwrap().apply(&mut p, &[0.005], [&mut m, &mut h]).unwrap();
            sophia.update_hessian(&mut h, &[100.0]).unwrap();
            p[0]
        };
        (0..5).map(|_| step()).collect()
    };
    let optax = Sophia { lr: 0.1, weight_decay: 0.0, ..Sophia::optax() };
    assert_near(&trajectory(optax), &[-0.1, -0.15, -0.1751, -0.1920, -0.2046], 5.1e-5, "optax");
    let authors = Sophia { lr: 0.1, ..Sophia::DEFAULT };
    assert_near(&trajectory(authors), &[-0.1, -0.1034, -0.1060, -0.1082, -0.1103], 5.1e-5, "authors");
}

/// The authors' code and optax add epsilon to the learning rate.
#[test]
fn forms_of_madgrad() {
    let found = run(Madgrad { lr: 1e-5, ..Madgrad::DEFAULT }, 0.0, 1.0, 3);
    assert_near(&found, &[-4.946e-5, -1.335e-4, -2.478e-4], 5.1e-8, "madgrad 1.3");
    assert_eq!(run(Madgrad { lr: 0.0, ..Madgrad::DEFAULT }, 1.0, 1.0, 3), [1.0; 3]);
}

/// optax and Keras keep the learning rate inside the buffer, PyTorch outside, whatever way the momentum is added.
#[test]
fn forms_of_rms_prop_with_momentum() {
    let rates = [0.1, 0.01, 0.001];
    let trajectory = |optimizer: RmsProp| -> Vec<f32> {
        let (mut p, mut h, mut b, mut clock) = ([0.0], [0.0], [0.0], 0);
        let mut step = |lr| {
            let optimizer = RmsPropMomentum { lr, ..optimizer.with_momentum(0.9) };
            optimizer.tick(&mut clock).unwrap().apply(&mut p, &[1.0], [&mut h, &mut b]).unwrap();
            p[0]
        };
        rates.map(&mut step).to_vec()
    };
    assert_near(&trajectory(RmsProp::optax()), &[-0.3162, -0.6238, -0.9025], 5.1e-5, "optax");
    // The buffer by hand, in f64.
    for (optimizer, inside) in [(RmsProp::optax(), true), (RmsProp::keras(), true), (RmsProp::torch(), false)] {
        let (mut p, mut h, mut b) = (0.0_f64, 0.0_f64, 0.0_f64);
        let expected = rates.map(|lr| {
            h = optimizer.decay * h + (1.0 - optimizer.decay);
            let u = 1.0 / ((h + optimizer.eps_root).sqrt() + optimizer.eps);
            b = 0.9 * b + if inside { lr * u } else { u };
            p -= if inside { b } else { lr * b };
            p
        });
        assert_near(&trajectory(optimizer), &expected, 0.0, "by hand");
    }
    assert!(RmsPropMomentum::keras().lr_in_buffer && RmsProp::keras().centered().with_momentum(0.9).lr_in_buffer);
    assert!(!RmsProp::torch().with_momentum(0.9).lr_in_buffer);
}
