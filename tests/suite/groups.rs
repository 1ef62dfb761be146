//! Several groups of parameters on one clock, and parameters that stay in a box.

use gradstep::any::AnyOptimizer;
use gradstep::optim::NAdamClock;
use gradstep::*;
use gradstep_testkit::backends;

#[test]
fn groups_share_a_clock_that_counts_once() {
    let matrices = AdamW { lr: 0.1, weight_decay: 0.5, ..AdamW::DEFAULT };
    let biases = AdamW { weight_decay: 0.0, ..matrices };
    let (mut clock, mut alone) = (0, 0);
    for _ in 0..3 {
        let [first, second] = AdamW::tick_groups([&matrices, &biases], &mut clock).unwrap();
        let mut other = alone;
        assert_eq!(second, biases.tick(&mut other).unwrap());
        assert_eq!(first, matrices.tick(&mut alone).unwrap());
        assert_eq!((clock, other), (alone, alone));
    }
    // The first step of Adam is lr, whatever the gradient: .9 where a clock that is ticked twice gives .9256.
    let [_, step] = AdamW::tick_groups([&matrices, &biases], &mut 0).unwrap();
    let (mut p, mut m, mut v) = ([1.0f32], [0.0], [0.0]);
    step.apply(&mut p, &[0.3], [&mut m, &mut v]).unwrap();
    assert!((p[0] - 0.9).abs() < 1e-6, "{p:?}");
}

#[test]
fn groups_that_need_their_own_clock_are_an_error() {
    let (fast, slow) = (NAdam::DEFAULT, NAdam { beta1: 0.8, ..NAdam::DEFAULT });
    let mut clock = NAdamClock::default();
    assert_eq!(NAdam::tick_groups([&fast, &fast, &slow], &mut clock), Err(Error::GroupClock { group: 2 }));
    assert_eq!(clock, NAdamClock::default());
    // The learning rate is not in NAdam's clock, but in that of a schedule-free optimizer.
    let other = NAdam { lr: 0.1, weight_decay: 0.1, ..fast };
    assert!(NAdam::tick_groups([&fast, &other], &mut clock).is_ok());
    assert_eq!(clock.step, 1);
    let (first, second) = (ScheduleFreeSgd::DEFAULT, ScheduleFreeSgd { lr: 0.5, ..ScheduleFreeSgd::DEFAULT });
    let result = ScheduleFreeSgd::tick_groups([&first, &second], &mut Default::default());
    assert_eq!(result.err(), Some(Error::GroupClock { group: 1 }));

    let bad = Adam { beta1: 1.0, ..Adam::DEFAULT };
    let mut clock = 7;
    assert!(matches!(
        Adam::tick_groups([&Adam::DEFAULT, &bad], &mut clock),
        Err(Error::HyperParameter { name: "beta1", .. })
    ));
    assert_eq!(Adam::tick_groups([&Adam::DEFAULT], &mut u64::MAX.clone()), Err(Error::ClockOverflow));
    assert_eq!(clock, 7);
}

#[test]
fn groups_chosen_at_run_time() {
    let mut biases = AnyOptimizer::from_name("adamw").unwrap();
    let matrices = biases;
    biases.set("weight_decay", 0.0).unwrap();
    let mut clock = matrices.clock();
    let [first, second] = AnyOptimizer::tick_groups([&matrices, &biases], &mut clock).unwrap();
    assert_eq!(clock.step, 1);
    assert_ne!(first, second);
    let asgd = AnyOptimizer::from_name("asgd").unwrap();
    let result = AnyOptimizer::tick_groups([&matrices, &asgd], &mut clock);
    assert!(matches!(result, Err(Error::GroupClock { group: 1 } | Error::Clock { .. })), "{result:?}");
    assert_eq!(clock.step, 1);
}

#[test]
fn parameters_stay_in_their_box() {
    let sgd = Sgd { lr: 1.0, ..Sgd::DEFAULT }.tick(&mut 0).unwrap();
    let step = sgd.clamp_params(-0.5, 0.25);
    for backend in backends() {
        let mut p = [0.0f32; 19];
        let mut grads = [0.1f32; 19];
        (grads[0], grads[1], grads[2]) = (-3.0, 7.0, f32::NAN);
        step.apply_on(backend, &mut p, &grads, []).unwrap();
        assert_eq!(p[..2], [0.25, -0.5], "{backend}");
        assert!(p[2].is_nan());
        assert_eq!(p[3..], [-0.1; 16]);
    }
    // What is fused in later sees the bounded parameter.
    let average = average::Swa.tick(&mut 0).unwrap();
    let (mut p, mut mean) = ([0.0f32], [9.0f32]);
    step.then(average).apply(&mut p, &[1.0], [&mut mean]).unwrap();
    assert_eq!((p, mean), ([-0.5], [-0.5]));
}

#[test]
fn bounds_are_checked_before_anything_is_written() {
    let sgd = Sgd::DEFAULT.tick(&mut 0).unwrap();
    for (low, high, expected) in [
        (f64::NAN, 1.0, "low"),
        (f64::NEG_INFINITY, 1.0, "low"),
        (0.0, f64::INFINITY, "high"),
        (0.0, f64::NAN, "high"),
        (1.0, 0.5, "high"),
    ] {
        let mut p = [1.0f32; 3];
        let error = sgd.clamp_params(low, high).apply(&mut p, &[1.0; 3], []).unwrap_err();
        assert!(matches!(error, Error::HyperParameter { name, .. } if name == expected), "{error}");
        assert_eq!(p, [1.0; 3]);
    }
}
