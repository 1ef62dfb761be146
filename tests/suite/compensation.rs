//! Steps and averages that keep what rounding takes off.

use gradstep::average::{Swa, WeightEma};
use gradstep::*;
use gradstep_testkit::backends;
use gradstep_testkit::values::Source;

/// p and its compensation.
fn together(p: f32, rest: f32) -> f64 {
    f64::from(p) + f64::from(rest)
}

#[test]
fn small_steps_count() {
    let (sgd, steps) = (Sgd { lr: 1e-8, ..Sgd::DEFAULT }, 1_000_000);
    let (mut plain, mut p, mut rest) = ([1.0f32], [1.0f32], [0.0f32]);
    let (mut clock, mut other) = (0, 0);
    for _ in 0..steps {
        sgd.tick(&mut clock).unwrap().apply(&mut plain, &[1.0], []).unwrap();
        sgd.tick(&mut other).unwrap().compensated().apply(&mut p, &[1.0], [&mut rest]).unwrap();
    }
    assert_eq!((plain, p), ([1.0], [0.99]));
    // The rate is rounded to f32. Every step rounds the rest to 2⁻⁴⁹, the same way each time.
    assert!((together(p[0], rest[0]) - (1.0 - 1e6 * f64::from(1e-8f32))).abs() < 2e-9);
}

#[test]
fn small_decay_counts() {
    let adamw = AdamW { lr: 1e-6, weight_decay: 0.01, ..AdamW::DEFAULT };
    let (mut clock, mut p, [mut m, mut v, mut rest]) = (0, [1.0f32], [[0.0f32]; 3]);
    for _ in 0..1_000_000 {
        let step = adamw.tick(&mut clock).unwrap().compensated();
        step.apply(&mut p, &[0.0], [&mut m, &mut v, &mut rest]).unwrap();
    }
    assert!((together(p[0], rest[0]) - libm::exp(1e6 * libm::log1p(-1e-8))).abs() < 1e-9, "{p:?}");
}

/// Against the same updates summed in f64, for rules without weights in their updates.
#[test]
fn a_compensated_parameter_is_the_sum_of_its_updates() {
    let momentum = Momentum { lr: 0.01, ..Momentum::DEFAULT };
    for backend in backends() {
        let mut source = Source::new(141);
        let start = source.many(37, Source::plain);
        let (mut p, mut buffer, mut rest) = (start.clone(), vec![0.0f32; 37], vec![0.0f32; 37]);
        let mut sums: Vec<f64> = start.iter().map(|&p| p.into()).collect();
        let mut clock = 0;
        for _ in 0..1_000 {
            let grads = source.many(37, Source::bell);
            let step = momentum.tick(&mut clock).unwrap().compensated();
            step.apply_on(backend, &mut p, &grads, [&mut buffer, &mut rest]).unwrap();
            sums.iter_mut().zip(&buffer).for_each(|(sum, b)| *sum -= f64::from(0.01f32 * b));
        }
        for ((p, rest), sum) in p.iter().zip(&rest).zip(&sums) {
            // The compensation is rounded too, to 2⁻⁴⁸ of the parameter at most.
            assert!((together(*p, *rest) - sum).abs() < 1e-10, "{backend}: {p} {rest} {sum}");
            assert!(rest.abs() <= f32::EPSILON * p.abs());
        }
    }
}

#[test]
fn long_averages_do_not_drift() {
    const SETS: u32 = 1_000_000;
    let ramp = |i: u32| 1.0 + i as f32 / SETS as f32;
    let (mut plain, mut average, mut rest) = ([0.0f32], [0.0f32], [0.0f32]);
    let (mut clock, mut sum) = (0, 0.0);
    for i in 0..SETS {
        let swa = Swa.tick(&mut clock).unwrap();
        swa.apply(&mut plain, &[ramp(i)]).unwrap();
        swa.compensated().apply(&mut average, &mut rest, &[ramp(i)]).unwrap();
        sum += f64::from(ramp(i));
    }
    let mean = sum / f64::from(SETS);
    let off = |average: f32| (f64::from(average) - mean).abs();
    assert!(off(plain[0]) > 1e-2 && off(average[0]) < 2e-7, "{plain:?} {average:?} {mean}");

    let ema = WeightEma { decay: 1.0 - 1e-7, from_initial: true };
    let (mut plain, mut average, mut rest, mut clock) = ([1.0f32], [1.0f32], [0.0f32], 0);
    for _ in 0..SETS {
        let step = ema.tick(&mut clock).unwrap();
        step.apply(&mut plain, &[1.25]).unwrap();
        step.compensated().apply(&mut average, &mut rest, &[1.25]).unwrap();
    }
    let exact = 1.25 - 0.25 * libm::exp(f64::from(SETS) * libm::log1p(-1e-7));
    assert_eq!(plain, [1.0]);
    assert!((f64::from(average[0]) - exact).abs() < 2e-7, "{average:?} {exact}");
}

#[test]
fn compensated_averages_replace_stay_and_keep_infinities() {
    let replace = Swa.tick(&mut 0).unwrap().compensated();
    let stay = WeightEma { decay: 1.0, from_initial: true }.tick(&mut 0).unwrap().compensated();
    let between = WeightEma { decay: 0.5, from_initial: true }.tick(&mut 0).unwrap().compensated();
    let (mut average, mut rest) = ([f32::NAN, 3.0, f32::INFINITY], [f32::NAN, 1e-9, 0.0]);
    replace.apply(&mut average, &mut rest, &[1.0, -2.0, 5.0]).unwrap();
    assert_eq!((average, rest), ([1.0, -2.0, 5.0], [0.0; 3]));
    let (mut average, mut rest) = ([f32::INFINITY, 3.0], [0.0, 1e-9]);
    stay.apply(&mut average, &mut rest, &[f32::NAN, 7.0]).unwrap();
    assert_eq!((average, rest), ([f32::INFINITY, 3.0], [0.0, 1e-9]));
    let (mut average, mut rest) = ([f32::INFINITY, 1.0, f32::MAX, f32::MAX], [0.0, 0.0, 1e20, 0.0]);
    between.apply(&mut average, &mut rest, &[1.0, f32::NEG_INFINITY, -f32::MAX, f32::MAX]).unwrap();
    assert_eq!(average[..2], [f32::INFINITY, f32::NEG_INFINITY]);
    assert_eq!((average[2], average[3]), (0.0, f32::MAX));
    assert!(rest.iter().all(|rest| rest.is_finite()));
}

#[test]
fn lengths_are_checked() {
    let update = Swa.tick(&mut 3).unwrap().compensated();
    let (mut average, mut rest) = ([1.0f32; 3], [0.0f32; 3]);
    let length = |slice, found| Err(Error::Length { slice, expected: 3, found });
    assert_eq!(update.apply(&mut average[..2], &mut rest, &[5.0; 3]), length(Slice::Average, 2));
    assert_eq!(update.apply(&mut average, &mut rest[..1], &[5.0; 3]), length(Slice::Compensation, 1));
    assert_eq!((average, rest), ([1.0; 3], [0.0; 3]));
}

#[test]
fn a_compensated_average_follows_a_step() {
    let swa = |clock: &mut u64| Swa.tick(clock).unwrap().compensated();
    let sgd = Sgd { lr: 0.1, ..Sgd::DEFAULT }.tick(&mut 0).unwrap();
    for backend in backends() {
        let (mut p, [mut average, mut rest]) = ([1.0f32; 21], [[0.0f32; 21]; 2]);
        let (mut w, mut apart, mut apart_rest, mut clocks) = ([1.0f32; 21], [0.0f32; 21], [0.0f32; 21], [0, 0]);
        for _ in 0..20 {
            sgd.then(swa(&mut clocks[0])).apply_on(backend, &mut p, &[0.3; 21], [&mut average, &mut rest]).unwrap();
            sgd.apply_on(backend, &mut w, &[0.3; 21], []).unwrap();
            swa(&mut clocks[1]).apply(&mut apart, &mut apart_rest, &w).unwrap();
        }
        assert_eq!((p, average, rest), (w, apart, apart_rest), "{backend}");
    }
}
