//! The two views of schedule-free weights: y to train with, x to evaluate with.

use gradstep::*;
use gradstep_testkit::tolerance;
use gradstep_testkit::values::Source;

const N: usize = 37;

/// x of the paper, in f64: the mean of all z, weighted by the square of the largest rate so far.
#[test]
fn evaluate_gives_the_weighted_mean_of_all_z() {
    let optimizer = ScheduleFreeSgd { lr: 0.3, beta1: 0.9, warmup: 7, ..ScheduleFreeSgd::default() };
    let mut source = Source::new(81);
    let mut params = source.many(N, Source::plain);
    let mut z = vec![f32::NAN; N];
    optimizer.init(&params, [&mut z]).unwrap();
    let start = params.clone();
    let (mut clock, mut sums, mut weights) = (gradstep::optim::ScheduleFreeClock::default(), vec![0.0f64; N], 0.0);
    for t in 1..=30 {
        let rule = optimizer.tick(&mut clock).unwrap();
        rule.apply(&mut params, &source.many(N, Source::plain), [&mut z]).unwrap();
        let lr = 0.3 * (f64::from(t) / 7.0).min(1.0);
        weights += lr * lr;
        for (sum, &z) in sums.iter_mut().zip(&z) {
            *sum += lr * lr * f64::from(z);
        }
        let mut x = params.clone();
        optimizer.evaluate(&mut x, &z).unwrap();
        for (i, (&found, sum)) in x.iter().zip(&sums).enumerate() {
            let error = (f64::from(found) - sum / weights).abs() / tolerance::UNIT;
            assert!(error <= tolerance::SCHEDULE_FREE_X, "step {t}, element {i}: error {error}");
        }
    }
    assert_ne!(params, start);
    assert_eq!(clock.step, 30);
}

#[test]
fn training_weights_come_back() {
    let optimizer = ScheduleFreeAdamW { beta1: 0.8, ..ScheduleFreeAdamW::default() };
    let mut source = Source::new(82);
    let (start, z) = (source.many(N, Source::plain), source.many(N, Source::plain));
    let mut params = start.clone();
    optimizer.evaluate(&mut params, &z).unwrap();
    for ((&x, &y), &z) in params.iter().zip(&start).zip(&z) {
        let (y, z) = (f64::from(y), f64::from(z));
        assert!(
            (f64::from(x) - (y - 0.2 * z) / 0.8).abs() <= tolerance::FEW_ROUNDINGS * tolerance::UNIT,
            "{y} {z}: {x}"
        );
    }
    optimizer.train(&mut params, &z).unwrap();
    for (&found, &expected) in params.iter().zip(&start) {
        assert!((found - expected).abs() <= (tolerance::FEW_ROUNDINGS * tolerance::UNIT) as f32, "{found} {expected}");
    }
}

#[test]
fn errors_change_nothing() {
    for beta1 in [0.0, 1.0, f64::NAN, -0.5] {
        let optimizer = ScheduleFreeSgd { beta1, ..ScheduleFreeSgd::default() };
        let mut params = [1.0f32; 3];
        for result in [optimizer.evaluate(&mut params, &[2.0; 3]), optimizer.train(&mut params, &[2.0; 3])] {
            assert!(matches!(result, Err(Error::HyperParameter { name: "beta1", .. })), "{beta1}");
        }
        assert_eq!(params, [1.0; 3]);
    }
    let mut params = [1.0f32; 3];
    let length = Err(Error::Length { slice: Slice::Z, expected: 3, found: 4 });
    assert_eq!(ScheduleFreeSgd::default().evaluate(&mut params, &[2.0; 4]), length);
    assert_eq!(ScheduleFreeAdamW::default().train(&mut params, &[2.0; 4]), length);
    assert_eq!(params, [1.0; 3]);
}
