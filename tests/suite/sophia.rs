//! Sophia's average of the caller's Hessian estimates.

use gradstep::*;
use gradstep_testkit::tolerance;
use gradstep_testkit::values::Source;

#[test]
fn the_hessian_is_a_moving_average_of_the_estimates() {
    let sophia = Sophia { beta2: 0.9, ..Sophia::default() };
    let mut source = Source::new(91);
    let (mut h, mut exact) = (vec![0.0f32; 37], vec![0.0f64; 37]);
    for _ in 0..50 {
        let estimate = source.many(37, Source::plain);
        sophia.update_hessian(&mut h, &estimate).unwrap();
        for ((h, exact), estimate) in h.iter().zip(&mut exact).zip(estimate) {
            *exact = 0.9 * *exact + (1.0 - 0.9) * f64::from(estimate);
            assert!((f64::from(*h) - *exact).abs() <= tolerance::FEW_ROUNDINGS * tolerance::UNIT, "{h} {exact}");
        }
    }
}

/// Where the curvature is large the step is Newton's, elsewhere it is clipped.
#[test]
fn steps_are_newtons_or_clipped() {
    let sophia = Sophia { lr: 0.5, beta1: 0.0, gamma: 1.0, eps: 1e-8, ..Sophia::default() };
    let (mut params, mut m, mut h) = ([0.0f32; 4], [0.0; 4], [8.0, 0.125, 0.0, -1.0]);
    sophia.tick(&mut 0).unwrap().apply(&mut params, &[2.0, 2.0, -1.0, -1.0], [&mut m, &mut h]).unwrap();
    assert_eq!(params, [-0.125, -0.5, 0.5, 0.5]);
    assert_eq!(h, [8.0, 0.125, 0.0, -1.0]);
}

#[test]
fn errors_change_nothing() {
    let mut h = [1.0f32; 3];
    let length = Err(Error::Length { slice: Slice::Estimate, expected: 3, found: 2 });
    assert_eq!(Sophia::default().update_hessian(&mut h, &[2.0; 2]), length);
    for beta2 in [f64::NAN, 1.0, -0.1] {
        let result = Sophia { beta2, ..Sophia::default() }.update_hessian(&mut h, &[2.0; 3]);
        assert!(matches!(result, Err(Error::HyperParameter { name: "beta2", .. })));
    }
    assert_eq!(h, [1.0; 3]);
}
