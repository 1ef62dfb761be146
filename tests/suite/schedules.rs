//! Schedules: against the formulas of papers and documentation, their ends, chains, errors.

use gradstep::schedule::*;
use gradstep::*;
use gradstep_testkit::{check, tolerance};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::f64::consts::PI;

const UNIT: f64 = f64::EPSILON / 2.0;

/// The largest error in units of the largest rate's last place.
pub(crate) fn assert_near(found: &[f64], expected: &[f64], bound: f64, name: &str) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let largest = expected.iter().copied().fold(0.0, f64::max);
    for (t, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs() / (UNIT * largest);
        assert!(found == expected || error <= bound, "{name}, step {t}: {found}, expected {expected}, error {error}");
    }
}

fn boxed(schedule: Result<impl Schedule + 'static, Error>) -> Box<dyn Schedule> {
    Box::new(schedule.unwrap())
}

pub(crate) fn rates(schedule: &dyn Schedule, steps: usize) -> Vec<f64> {
    (0..steps as u64).map(|step| schedule.at(step)).collect()
}

/// A schedule of each kind, the steps to compare it on, and the same one as a formula of the step.
type Formula = (&'static str, usize, Box<dyn Schedule>, Box<dyn Fn(f64) -> f64>);

fn of<S: Schedule + 'static>(
    name: &'static str,
    steps: usize,
    schedule: Result<S, Error>,
    formula: impl Fn(f64) -> f64 + 'static,
) -> Formula {
    (name, steps, boxed(schedule), Box::new(formula))
}

fn formulas() -> Vec<Formula> {
    let line = |a: f64, b: f64, x: f64| a * (1.0 - x) + b * x;
    let wave = |a: f64, b: f64, x: f64| b + (a - b) * (1.0 + (PI * x).cos()) / 2.0;
    let pow = libm::pow;
    /// Phases of a cycle: where they end, and the rate there.
    fn phases(step: f64, ends: &[(f64, f64)], way: impl Fn(f64, f64, f64) -> f64) -> f64 {
        for pair in ends.windows(2) {
            let [(begin, from), (end, to)] = pair else { unreachable!() };
            if step <= *end {
                return way(*from, *to, (step - begin) / (end - begin));
            }
        }
        ends.last().unwrap().1
    }
    let options = OneCycleOptions { div_factor: 10.0, final_div_factor: 100.0, pct_start: 0.4, ..Default::default() };
    let three = OneCycleOptions { three_phase: true, ..options };
    let triangle = |t: f64| {
        let cycle = (1.0 + t / 10.0).floor();
        let x = 1.0 + t / 10.0 - cycle;
        (cycle, if x <= 0.3 { x / 0.3 } else { (x - 1.0) / (0.3 - 1.0) })
    };
    let stable_decay = |shape| WarmupStableDecay::new(0.01, 0.1, 0.02, 4, 6, 10, shape);
    let trapezoid = move |t: f64, shape: &dyn Fn(f64) -> f64| match t {
        t if t < 4.0 => line(0.01, 0.1, t / 4.0),
        t if t < 10.0 => 0.1,
        t => 0.1 + (0.02 - 0.1) * shape(((t - 10.0) / 10.0).min(1.0)),
    };
    vec![
        of("constant", 30, Constant::new(0.1), |_| 0.1),
        of("linear", 30, Linear::new(0.3, 0.1, 20), move |t| line(0.3, 0.1, t.min(20.0) / 20.0)),
        of("linear of torch", 30, Linear::torch(0.3, 0.5, 0.25, 20), move |t| {
            0.3 * line(0.5, 0.25, t.min(20.0) / 20.0)
        }),
        of("linear of optax", 40, Linear::optax(0.1, 0.3, 20, 5), move |t| {
            line(0.1, 0.3, (t - 5.0).clamp(0.0, 20.0) / 20.0)
        }),
        of("polynomial", 30, Polynomial::new(0.3, 0.1, 1.5, 20), move |t| {
            0.1 + 0.2 * pow(1.0 - t.min(20.0) / 20.0, 1.5)
        }),
        of("polynomial of torch", 30, Polynomial::torch(0.3, 20, 3.0), move |t| {
            0.3 * pow(1.0 - t.min(20.0) / 20.0, 3.0)
        }),
        of("polynomial of optax, up", 40, Polynomial::optax(0.1, 0.3, 0.5, 20, 5), move |t| {
            0.3 - 0.2 * (1.0 - (t - 5.0).clamp(0.0, 20.0) / 20.0).sqrt()
        }),
        of("cosine", 40, Cosine::new(0.3, 0.1, 21), move |t| wave(0.3, 0.1, t.min(21.0) / 21.0)),
        of("cosine of torch", 60, Cosine::torch(0.3, 7, 0.1), move |t| wave(0.3, 0.1, t / 7.0)),
        of("cosine of optax", 30, CosinePower::optax(0.3, 20, 0.2, 0.7), move |t| {
            0.3 * (0.8 * pow(0.5 * (1.0 + (PI * t.min(20.0) / 20.0).cos()), 0.7) + 0.2)
        }),
        of("cosine with warm-up", 30, Cosine::with_warmup(0.02, 0.3, 0.1, 5, 20), move |t| match t {
            t if t < 5.0 => line(0.02, 0.3, t / 5.0),
            t => wave(0.3, 0.1, (t.min(20.0) - 5.0) / 15.0),
        }),
        of("restarts", 300, CosineRestarts::new(0.3, 0.1, 5, 3), move |t| {
            let mut starts = (0..).map(|i| 5.0 * (pow(3.0, f64::from(i)) - 1.0) / 2.0);
            let i = starts.position(|start| start > t).unwrap() - 1;
            let (begin, cycle) = (5.0 * (pow(3.0, i as f64) - 1.0) / 2.0, 5.0 * pow(3.0, i as f64));
            wave(0.3, 0.1, (t - begin) / cycle)
        }),
        of("restarts of one length", 30, CosineRestarts::new(0.3, 0.1, 6, 1), move |t| wave(0.3, 0.1, t % 6.0 / 6.0)),
        of("one cycle of torch", 40, OneCycle::torch(0.5, 31, options), move |t| {
            phases(t, &[(0.0, 0.05), (0.4 * 31.0 - 1.0, 0.5), (30.0, 0.05 / 100.0)], wave)
        }),
        of("one cycle of torch, three phases", 40, OneCycle::torch(0.5, 31, three), move |t| {
            let ends = [(0.0, 0.05), (0.4 * 31.0 - 1.0, 0.5), (2.0 * 0.4 * 31.0 - 2.0, 0.05), (30.0, 0.05 / 100.0)];
            phases(t, &ends, wave)
        }),
        of(
            "one cycle of optax",
            40,
            OneCycle::optax(31, 0.5, OneCycleOptions { anneal: Anneal::Linear, ..options }),
            move |t| phases(t, &[(0.0, 0.05), (12.0, 0.5), (31.0, 0.05 / 100.0)], line),
        ),
        of(
            "one cycle of optax, three phases",
            40,
            OneCycle::optax(31, 0.5, OneCycleOptions { pct_final: 0.7, ..three }),
            move |t| phases(t, &[(0.0, 0.05), (12.0, 0.5), (21.0, 0.05), (31.0, 0.05 / 100.0)], wave),
        ),
        of("step decay", 40, StepDecay::new(0.3, 7, 0.6), move |t| 0.3 * pow(0.6, (t / 7.0).floor())),
        of("milestones", 20, MultiStep::optax(0.3, [(4, 0.5), (9, 2.0), (9, 0.3)]), |t| match t {
            t if t < 4.0 => 0.3,
            t if t < 9.0 => 0.15,
            _ => 0.15 * 2.0 * 0.3,
        }),
        of("exponential, up to a limit", 40, Exponential::optax(0.1, 4, 1.5, 3, false, Some(0.4)), move |t| {
            (0.1 * pow(1.5, (t - 3.0).max(0.0) / 4.0)).min(0.4)
        }),
        of(
            "exponential, down to a limit in stairs",
            40,
            Exponential::optax(0.1, 4, 0.5, 3, true, Some(0.002)),
            move |t| (0.1 * pow(0.5, ((t - 3.0).max(0.0) / 4.0).floor())).max(0.002),
        ),
        of("exponential of torch", 40, Exponential::torch(0.1, 0.7), move |t| 0.1 * pow(0.7, t)),
        of("inverse root", 60, InverseSqrt::new(0.02, 0.3, 10), move |t| {
            if t < 10.0 { line(0.02, 0.3, t / 10.0) } else { 0.3 * 10f64.sqrt() / t.sqrt() }
        }),
        of("inverse root of the Transformer", 60, InverseSqrt::noam(2.0, 512, 9), move |t| {
            2.0 * pow(512.0, -0.5) * pow(t + 1.0, -0.5).min((t + 1.0) * pow(9.0, -1.5))
        }),
        of("inverse root of T5", 60, InverseSqrt::new(1.0 / 3.0, 1.0 / 3.0, 9), |t| 1.0 / t.max(9.0).sqrt()),
        of("linear decay", 30, stable_decay(DecayShape::Linear), move |t| trapezoid(t, &|x| x)),
        of("1-sqrt decay", 30, stable_decay(DecayShape::OneMinusSqrt), move |t| {
            trapezoid(t, &|x| 1.0 - (1.0 - x.sqrt()))
        }),
        of("cosine decay", 30, stable_decay(DecayShape::Cosine), move |t| {
            trapezoid(t, &|x| 0.5 * (1.0 - (PI * x).cos()))
        }),
        of("triangles", 40, Cyclic::new(0.1, 0.3, 3, 7, Amplitude::Triangular), move |t| 0.1 + 0.2 * triangle(t).1),
        of("triangles that halve", 40, Cyclic::new(0.1, 0.3, 3, 7, Amplitude::Triangular2), move |t| {
            0.1 + 0.2 * triangle(t).1 / pow(2.0, triangle(t).0 - 1.0)
        }),
        of("triangles that shrink", 40, Cyclic::new(0.1, 0.3, 3, 7, Amplitude::ExpRange(0.95)), move |t| {
            0.1 + 0.2 * triangle(t).1 * pow(0.95, t)
        }),
    ]
}

#[test]
fn the_formulas() {
    for (name, steps, schedule, formula) in formulas() {
        let expected: Vec<f64> = (0..steps).map(|t| formula(t as f64)).collect();
        assert_near(&rates(schedule.as_ref(), steps), &expected, tolerance::SCHEDULE_FORMULA, name);
    }
}

/// The rates that a schedule was made of come back to the last bit, and the last one stays.
#[test]
fn ends_are_exact() {
    let (start, end) = (0.1, 0.007);
    let options = OneCycleOptions { div_factor: 3.0, final_div_factor: 7.0, ..OneCycleOptions::DEFAULT };
    let (first, last) = (start / 3.0, start / 3.0 / 7.0);
    for steps in [1, 2, 3, 10, 999, 1 << 40, u64::MAX] {
        let schedules: Vec<(&str, Box<dyn Schedule>)> = vec![
            ("linear", boxed(Linear::new(start, end, steps))),
            ("polynomial", boxed(Polynomial::new(start, end, 1.7, steps))),
            ("cosine", boxed(Cosine::new(start, end, steps))),
            ("cosine of optax", boxed(CosinePower::optax(start, steps, end / start, 2.0))),
            ("decay", boxed(WarmupStableDecay::new(0.0, start, end, 0, 0, steps, DecayShape::Linear))),
            ("1-sqrt", boxed(WarmupStableDecay::new(0.0, start, end, 0, 0, steps, DecayShape::OneMinusSqrt))),
        ];
        for (name, schedule) in schedules {
            assert_eq!(schedule.at(0), start, "{name} of {steps} steps");
            let end = if name == "cosine of optax" { end / start * start } else { end };
            for after in [steps, steps.saturating_add(1), steps.saturating_mul(2), u64::MAX] {
                assert_eq!(schedule.at(after), end, "{name} of {steps} steps, {after}");
            }
        }
        let torch = Cosine::torch(start, steps, end).unwrap();
        assert_eq!((torch.at(0), torch.at(steps)), (start, end));
        if let Some(period) = steps.checked_mul(2) {
            assert_eq!(torch.at(period), start, "of {steps} steps");
        }
        let restarts = CosineRestarts::new(start, end, steps, 2).unwrap();
        assert_eq!(restarts.at(0), start);
        assert!(steps == u64::MAX || restarts.at(steps) == start);
        let cyclic = Cyclic::new(end, start, steps, steps, Amplitude::Triangular).unwrap();
        assert_eq!((cyclic.at(0), cyclic.at(steps)), (end, start), "of {steps} steps");
        let inverse = InverseSqrt::new(end, start, steps).unwrap();
        assert_eq!((inverse.at(0), inverse.at(steps)), (end, start), "of {steps} steps");
        let cycle = OneCycle::optax(steps, start, options).unwrap();
        assert_eq!(cycle.at(steps), last, "of {steps} steps");
        assert!(steps < 10 || cycle.at(0) == first, "of {steps} steps");
        if steps >= 10 {
            let cycle = OneCycle::torch(start, steps, options).unwrap();
            assert_eq!((cycle.at(0), cycle.at(steps - 1), cycle.at(u64::MAX)), (first, last, last), "of {steps} steps");
        }
    }
    // A rise that takes all steps ends at the peak.
    let rising = OneCycle::torch(0.01, 10, OneCycleOptions { pct_start: 1.0, ..OneCycleOptions::DEFAULT }).unwrap();
    assert_eq!([9, 10, 100].map(|step| rising.at(step)), [0.01; 3]);
    let cycle = OneCycle::torch(0.5, 10, OneCycleOptions::DEFAULT).unwrap();
    assert_eq!((cycle.at(2), cycle.at(9)), (0.5, 0.5 / 25.0 / 1e4));
}

/// Near an end of 0 the rates are as exact as near the start, relatively.
#[test]
fn small_rates_are_exact() {
    let steps = 1_000_000;
    assert_eq!(Linear::new(1.0, 0.0, steps).unwrap().at(steps - 1), 1e-6);
    assert_eq!(Polynomial::torch(1.0, steps, 1.0).unwrap().at(steps - 1), 1e-6);
    // sin²(x/2) of a small angle by its series.
    let angle = PI / 2.0 * 1e-6;
    let expected = angle * angle * (1.0 - angle * angle / 3.0);
    for schedule in [Cosine::new(1.0, 0.0, steps).unwrap(), Cosine::torch(1.0, steps, 0.0).unwrap()] {
        assert_near(&[schedule.at(steps - 1)], &[expected], tolerance::SCHEDULE_FORMULA, "cosine");
    }
    let restarts = CosineRestarts::new(1.0, 0.0, steps, 1).unwrap();
    assert_near(&[restarts.at(steps - 1)], &[expected], tolerance::SCHEDULE_FORMULA, "restarts");
}

#[test]
fn chains_count_from_their_boundaries() {
    let (down, up) = (Linear::new(0.4, 0.2, 100).unwrap(), Linear::new(0.5, 0.9, 100).unwrap());
    let chain = down.then(10, up);
    assert_eq!((chain.at(9), chain.at(10), chain.at(11)), (down.at(9), 0.5, up.at(1)));
    let of_three = chain.then(25, down);
    assert_eq!((of_three.at(9), of_three.at(24), of_three.at(25)), (down.at(9), up.at(14), 0.4));
    let nested = down.then(10, up.then(15, down));
    for step in (0..200).chain([u64::MAX]) {
        assert_eq!(nested.at(step), of_three.at(step), "{step}");
    }
    assert_eq!((down.then(0, up).at(0), down.then(u64::MAX, up).at(u64::MAX - 1)), (0.5, 0.2));
    assert_eq!(down.then(u64::MAX, up).at(u64::MAX), 0.5);
    let warm = down.warmup(0.25, 8).unwrap();
    assert_eq!((warm.at(0), warm.at(4), warm.at(8), warm.at(9)), (0.1, 0.25, 0.4, down.at(1)));
    assert_eq!(down.warmup(0.25, 0).unwrap().at(0), 0.4);
    assert_eq!(Cosine::with_warmup(0.0, 0.4, 0.0, 0, 10).unwrap().at(0), 0.4);
    let stable = WarmupStableDecay::new(0.1, 0.4, 0.2, 5, u64::MAX, 10, DecayShape::Linear).unwrap();
    assert_eq!((stable.at(0), stable.at(5), stable.at(u64::MAX)), (0.1, 0.4, 0.4));
    // A reference is a schedule, and so is a type of the caller's.
    struct Half;
    impl Schedule for Half {
        fn at(&self, _step: u64) -> f64 {
            0.5
        }
    }
    assert_eq!((&Half as &dyn Schedule).then(1, &Half).at(7), 0.5);
    assert!(matches!(Constant::new(1.0).unwrap().then(3, Half).warmup(2.0, 1), Err(Error::HyperParameter { .. })));
}

/// Rates of any size, lengths from one step to all that there are.
fn settings() -> impl Strategy<Value = ([f64; 3], [u64; 3], f64)> {
    let rate = || prop_oneof![4 => 0.0..2.0, 1 => Just(0.0), 1 => Just(f64::from(f32::MAX)), 1 => Just(1e-45)];
    let length = || prop_oneof![3 => 1..30u64, 2 => 1..100_000u64, 1 => 1..=u64::MAX, 1 => Just(u64::MAX)];
    let part = prop_oneof![3 => 1e-3..1.0, 1 => Just(1.0), 1 => Just(1e-40)];
    ([rate(), rate(), rate()], [length(), length(), length()], part)
}

/// Schedules that stay between their rates, and others, of the same settings.
fn schedules(rates: [f64; 3], lengths: [u64; 3], part: f64) -> [Vec<Box<dyn Schedule>>; 2] {
    let ([a, b, c], [n, m, k]) = (rates, lengths);
    let shapes = [DecayShape::Linear, DecayShape::OneMinusSqrt, DecayShape::Cosine];
    let amplitudes = [Amplitude::Triangular, Amplitude::Triangular2, Amplitude::ExpRange(part)];
    let mut within: Vec<Box<dyn Schedule>> = vec![
        boxed(Constant::new(a)),
        boxed(Linear::optax(a, b, n, m)),
        boxed(Polynomial::optax(a, b, 2.0 * part, n, m)),
        boxed(Polynomial::new(a, b, 1e38, n)),
        boxed(Cosine::new(a, b, n)),
        boxed(Cosine::torch(a, n, b)),
        boxed(CosineRestarts::new(a, b, n, 1)),
        boxed(CosineRestarts::new(a, b, n, m)),
        Box::new(Linear::new(a, b, n).unwrap().then(m, Cosine::new(b, c, k).unwrap())),
    ];
    within.extend(shapes.map(|shape| boxed(WarmupStableDecay::new(a, b, c, n, m, k, shape))));
    within.extend(amplitudes.map(|amplitude| boxed(Cyclic::new(a, b, n, m, amplitude))));
    let mut others: Vec<Box<dyn Schedule>> = vec![
        boxed(InverseSqrt::new(a, b, n)),
        boxed(StepDecay::new(a, n, part)),
        boxed(StepDecay::new(a, n, 3e38)),
        boxed(MultiStep::torch(a, [n, m, k, n], 3e38)),
        boxed(MultiStep::optax(a, [(n, 3e38), (m, 3e38), (m, 0.0)])),
        boxed(Exponential::torch(a, part)),
        boxed(Exponential::torch(a, 3e38)),
        boxed(Exponential::optax(a, n, 1.0 + part, m, true, None)),
        boxed(CosinePower::optax(a, n, 1.0, part)),
    ];
    if let Ok(noam) = InverseSqrt::noam(a, n, m) {
        others.push(Box::new(noam));
    }
    let options = OneCycleOptions { pct_start: part, pct_final: 1.0, ..OneCycleOptions::LINEAR };
    others.extend(OneCycle::torch(a, n, options).map(|cycle| -> Box<dyn Schedule> { Box::new(cycle) }));
    others.extend(OneCycle::optax(n, a, options).map(|cycle| -> Box<dyn Schedule> { Box::new(cycle) }));
    [within, others]
}

#[test]
fn every_rate_is_one_that_an_optimizer_accepts() {
    let steps = prop_oneof![0..100u64, 0..1_000_000u64, any::<u64>(), Just(u64::MAX)];
    check(4_000, &(settings(), steps), &|((rates, lengths, part), step)| {
        let [within, others] = schedules(rates, lengths, part);
        let (least, most) =
            rates.iter().fold((f64::MAX, 0f64), |(least, most), &rate| (rate.min(least), rate.max(most)));
        for (i, schedule) in within.iter().enumerate() {
            let rate = schedule.at(step);
            prop_assert!(rate >= least && rate <= most, "schedule {i}: {rate} at {step}");
        }
        let mut sgd = Sgd::DEFAULT;
        for (i, schedule) in within.iter().chain(&others).enumerate() {
            sgd.lr = schedule.at(step);
            prop_assert!(sgd.tick(&mut 0).is_ok(), "schedule {i}: {} at {step}", sgd.lr);
        }
        Ok(())
    });
}

#[test]
fn a_warm_up_does_not_fall() {
    let starts = (0.0..1.0, 0.0..1.0, 1..2_000u64);
    check(300, &starts, &|(factor, peak, warmup)| {
        let schedules: [Box<dyn Schedule>; 4] = [
            boxed(Constant::new(peak).unwrap().warmup(factor, warmup)),
            boxed(Cosine::with_warmup(factor * peak, peak, 0.0, warmup, warmup + 1)),
            boxed(InverseSqrt::new(factor * peak, peak, warmup)),
            boxed(WarmupStableDecay::new(factor * peak, peak, 0.0, warmup, 1, 1, DecayShape::Linear)),
        ];
        for schedule in &schedules {
            prop_assert_eq!((schedule.at(0), schedule.at(warmup)), (factor * peak, peak));
            for step in 0..warmup {
                prop_assert!(schedule.at(step) <= schedule.at(step + 1), "step {}", step);
            }
        }
        Ok(())
    });
}

/// A value below what f32 can tell from 0 is no rate for an optimizer, and one above the largest f32 neither.
#[test]
fn rates_beyond_f32() {
    let falling = Exponential::torch(0.1, 0.5).unwrap();
    assert_eq!((falling.at(146), falling.at(147)), (0.1 * libm::pow(0.5, 146.0), 0.0));
    let rising = Exponential::torch(0.1, 2.0).unwrap();
    assert_eq!((rising.at(131), rising.at(132)), (0.1 * libm::pow(2.0, 131.0), f64::from(f32::MAX)));
    let doubling = StepDecay::new(0.1, 1, 2.0).unwrap();
    assert_eq!((doubling.at(131), doubling.at(132)), (0.1 * libm::pow(2.0, 131.0), f64::from(f32::MAX)));
    assert_eq!((rising.at(u64::MAX), Exponential::torch(0.0, 2.0).unwrap().at(u64::MAX)), (f64::from(f32::MAX), 0.0));
}

#[test]
fn a_plateau() {
    let settings = ReduceOnPlateau { factor: 0.5, patience: 2, relative: 0.1, ..ReduceOnPlateau::DEFAULT };
    let lrs = |settings: ReduceOnPlateau, metrics: &[f64]| {
        let mut state = Plateau::new(1.0);
        metrics
            .iter()
            .map(|&metric| settings.update(&mut state, metric).map(|()| state.lr).unwrap())
            .collect::<Vec<_>>()
    };
    // Better by a tenth counts, by less does not; the third bad one reduces.
    assert_eq!(lrs(settings, &[10.0, 8.9, 8.1, 8.1, 8.1, 8.1]), [1.0, 1.0, 1.0, 1.0, 0.5, 0.5]);
    let absolute = ReduceOnPlateau { relative: 0.0, absolute: 1.0, ..settings };
    assert_eq!(lrs(absolute, &[10.0, 8.9, 8.0, 8.0, 8.0]), [1.0, 1.0, 1.0, 1.0, 0.5]);
    let growing = ReduceOnPlateau { maximize: true, ..settings };
    assert_eq!(lrs(growing, &[1.0, 1.2, 1.3, 1.3, 1.3]), [1.0, 1.0, 1.0, 1.0, 0.5]);
    assert_eq!(lrs(ReduceOnPlateau { absolute: 0.2, ..growing }, &[1.0, 1.2, 1.3, 1.3]), [1.0, 1.0, 1.0, 0.5]);
    let cooling = ReduceOnPlateau { patience: 0, cooldown: 2, ..settings };
    assert_eq!(lrs(cooling, &[1.0; 9]), [1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125]);
    let floor = ReduceOnPlateau { patience: 0, min_lr: 0.4, ..settings };
    assert_eq!(lrs(floor, &[1.0; 4]), [1.0, 0.5, 0.4, 0.4]);
    let lazy = ReduceOnPlateau { patience: 0, eps: 0.25, ..settings };
    assert_eq!(lrs(lazy, &[1.0; 4]), [1.0, 0.5, 0.5, 0.5]);
    assert_eq!(lrs(settings, &[1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]), [1.0, 1.0, 1.0, 0.5]);
    // optax reduces at the tenth, torch at the eleventh bad metric.
    let reduced_at = |settings| lrs(settings, &[1.0; 20]).iter().position(|&lr| lr < 1.0);
    assert_eq!((reduced_at(ReduceOnPlateau::optax()), reduced_at(ReduceOnPlateau::torch())), (Some(10), Some(11)));
    // Below zero, torch and optax take a worse metric for a better one.
    for (maximize, worse, better) in [(false, [-1.0, -0.95], [-1.0, -1.11]), (true, [-1.0, -1.05], [-1.0, -0.89])] {
        let strict = ReduceOnPlateau { patience: 0, maximize, ..settings };
        assert_eq!((lrs(strict, &worse), lrs(strict, &better)), (vec![1.0, 0.5], vec![1.0, 1.0]));
        let signed = ReduceOnPlateau { signed: true, ..strict };
        assert_eq!((lrs(signed, &worse), lrs(signed, &better)), (vec![1.0, 1.0], vec![1.0, 1.0]));
    }
    let presets = [ReduceOnPlateau::torch(), ReduceOnPlateau::optax(), ReduceOnPlateau::default()];
    assert_eq!(presets.map(|preset| preset.signed), [true, true, false]);
    // What an optimizer would refuse becomes 0.
    let last = lrs(ReduceOnPlateau { patience: 0, eps: 0.0, factor: 1e-30, ..settings }, &[1.0; 4]);
    assert_eq!(last, [1.0, 1e-30, 0.0, 0.0]);
}

/// What an error blames.
fn blamed(error: Option<Error>) -> Option<&'static str> {
    match error {
        Some(
            Error::HyperParameter { name, .. }
            | Error::Coefficient { name, .. }
            | Error::Above { name, .. }
            | Error::Clock { name, .. },
        ) => Some(name),
        _ => None,
    }
}

#[test]
fn bad_arguments_are_named() {
    let options = OneCycleOptions::DEFAULT;
    let cycle = |options| [OneCycle::torch(0.1, 9, options).err(), OneCycle::optax(9, 0.1, options).err()];
    let wsd = |a, b, c| WarmupStableDecay::new(a, b, c, 1, 2, 3, DecayShape::Linear).err();
    for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e-3, 1e39, 1e-50] {
        let mut found: Vec<(&str, Option<Error>)> = vec![
            ("lr", Constant::new(x).err()),
            ("start", Linear::new(x, 0.0, 1).err()),
            ("end", Linear::new(0.0, x, 1).err()),
            ("lr", Linear::torch(x, 0.1, 1.0, 1).err()),
            ("start_factor", Linear::torch(0.1, x, 1.0, 1).err()),
            ("end_factor", Linear::torch(0.1, 0.1, x, 1).err()),
            ("start", Linear::optax(x, 0.1, 1, 0).err()),
            ("end", Linear::optax(0.1, x, 1, 0).err()),
            ("start", Polynomial::new(x, 0.1, 1.0, 1).err()),
            ("end", Polynomial::optax(0.1, x, 1.0, 1, 0).err()),
            ("power", Polynomial::torch(0.1, 1, x).err()),
            ("start", Cosine::new(x, 0.1, 1).err()),
            ("end", Cosine::torch(0.1, 1, x).err()),
            ("alpha", CosinePower::optax(0.1, 1, x, 1.0).err()),
            ("exponent", CosinePower::optax(0.1, 1, 0.0, x).err()),
            ("start", Cosine::with_warmup(x, 0.1, 0.0, 1, 2).err()),
            ("peak", Cosine::with_warmup(0.1, x, 0.0, 1, 2).err()),
            ("end", Cosine::with_warmup(0.1, 0.1, x, 1, 2).err()),
            ("start", CosineRestarts::new(x, 0.0, 1, 1).err()),
            ("end", CosineRestarts::new(0.1, x, 1, 1).err()),
            ("max_lr", OneCycle::torch(x, 9, options).err()),
            ("peak_value", OneCycle::optax(9, x, options).err()),
            ("lr", StepDecay::new(x, 1, 0.1).err()),
            ("gamma", StepDecay::new(0.1, 1, x).err()),
            ("lr", MultiStep::torch(x, [1], 0.1).err()),
            ("factor", MultiStep::torch(0.1, [1], x).err()),
            ("factor", MultiStep::optax(0.1, [(1, 0.1), (2, x)]).err()),
            ("lr", Exponential::torch(x, 0.1).err()),
            ("gamma", Exponential::torch(0.1, x).err()),
            ("lr", Exponential::optax(x, 1, 0.1, 0, false, None).err()),
            ("decay_rate", Exponential::optax(0.1, 1, x, 0, false, None).err()),
            ("end_value", Exponential::optax(0.1, 1, 0.1, 0, false, Some(x)).err()),
            ("start", InverseSqrt::new(x, 0.1, 1).err()),
            ("peak", InverseSqrt::new(0.1, x, 1).err()),
            ("factor", InverseSqrt::noam(x, 1, 1).err()),
            ("start", wsd(x, 0.1, 0.0)),
            ("peak", wsd(0.1, x, 0.0)),
            ("end", wsd(0.1, 0.1, x)),
            ("base", Cyclic::new(x, 0.1, 1, 1, Amplitude::Triangular).err()),
            ("peak", Cyclic::new(0.1, x, 1, 1, Amplitude::Triangular).err()),
            ("gamma", Cyclic::new(0.1, 0.1, 1, 1, Amplitude::ExpRange(x)).err()),
            ("start_factor", Constant::new(0.1).unwrap().warmup(x, 1).err()),
        ];
        for (name, options) in [
            ("pct_start", OneCycleOptions { pct_start: x, ..options }),
            ("pct_final", OneCycleOptions { pct_final: x, ..options }),
            ("div_factor", OneCycleOptions { div_factor: x, ..options }),
            ("final_div_factor", OneCycleOptions { final_div_factor: x, ..options }),
        ] {
            found.extend(cycle(options).map(|error| (name, error)));
        }
        let plateau = |settings: ReduceOnPlateau| {
            let mut state = Plateau { bad: 3, ..Plateau::new(0.1) };
            let error = settings.update(&mut state, 1.0).err();
            assert_eq!(state, Plateau { bad: 3, ..Plateau::new(0.1) });
            error
        };
        found.extend([
            ("factor", plateau(ReduceOnPlateau { factor: x, ..ReduceOnPlateau::DEFAULT })),
            ("relative", plateau(ReduceOnPlateau { relative: x, ..ReduceOnPlateau::DEFAULT })),
            ("absolute", plateau(ReduceOnPlateau { absolute: x, ..ReduceOnPlateau::DEFAULT })),
            ("min_lr", plateau(ReduceOnPlateau { min_lr: x, ..ReduceOnPlateau::DEFAULT })),
            ("eps", plateau(ReduceOnPlateau { eps: x, ..ReduceOnPlateau::DEFAULT })),
        ]);
        for (i, (name, error)) in found.into_iter().enumerate() {
            assert_eq!(blamed(error), Some(name), "{i}: {x}");
        }
        if !(x > 0.0 && x < 1.0) {
            let error = ReduceOnPlateau::DEFAULT.update(&mut Plateau::new(x), 1.0).err();
            assert!(matches!(error, Some(Error::Clock { name: "lr", .. })), "{x}");
        }
    }
    for (name, error) in [
        ("start_factor", Linear::torch(0.1, 1.1, 1.0, 1).err()),
        ("alpha", CosinePower::optax(0.1, 1, 1.1, 1.0).err()),
        ("power", Polynomial::torch(0.1, 1, 0.0).err()),
        ("gamma", StepDecay::new(0.1, 1, 0.0).err()),
        ("gamma", Cyclic::new(0.1, 0.1, 1, 1, Amplitude::ExpRange(1.1)).err()),
        ("steps", Linear::new(0.1, 0.1, 0).err()),
        ("steps", Linear::optax(0.1, 0.1, 0, 5).err()),
        ("steps", Polynomial::new(0.1, 0.1, 1.0, 0).err()),
        ("steps", Cosine::new(0.1, 0.1, 0).err()),
        ("steps", Cosine::torch(0.1, 0, 0.1).err()),
        ("steps", Cosine::with_warmup(0.1, 0.1, 0.1, 0, 0).err()),
        ("t_0", CosineRestarts::new(0.1, 0.1, 0, 1).err()),
        ("t_mult", CosineRestarts::new(0.1, 0.1, 1, 0).err()),
        ("total_steps", OneCycle::torch(0.1, 0, options).err()),
        ("transition_steps", OneCycle::optax(0, 0.1, options).err()),
        ("period", StepDecay::new(0.1, 0, 0.1).err()),
        ("milestone", MultiStep::torch(0.1, [3, 0], 0.1).err()),
        ("transition_steps", Exponential::optax(0.1, 0, 0.1, 0, false, None).err()),
        ("warmup", InverseSqrt::new(0.1, 0.1, 0).err()),
        ("warmup", InverseSqrt::noam(0.1, 1, 0).err()),
        ("d_model", InverseSqrt::noam(0.1, 0, 1).err()),
        ("decay", WarmupStableDecay::new(0.1, 0.1, 0.1, 1, 1, 0, DecayShape::Linear).err()),
        ("up", Cyclic::new(0.1, 0.1, 0, 1, Amplitude::Triangular).err()),
        ("down", Cyclic::new(0.1, 0.1, 1, 0, Amplitude::Triangular).err()),
        // Less than a step of rise.
        ("pct_start", OneCycle::torch(0.1, 3, options).err()),
        // Rates that f32 turns into 0.
        ("final_div_factor", OneCycle::optax(9, 1e-20, OneCycleOptions { final_div_factor: 1e30, ..options }).err()),
        ("div_factor", OneCycle::optax(9, 1e-20, OneCycleOptions { div_factor: 1e30, ..options }).err()),
        ("start", Constant::new(1e-20).unwrap().warmup(1e-30, 3).err()),
    ] {
        assert_eq!(blamed(error), Some(name), "{error:?}");
    }
}

#[test]
fn a_part_that_is_longer_than_the_whole() {
    let error = Cosine::with_warmup(0.0, 0.1, 0.0, 12, 10).err();
    assert_eq!(error, Some(Error::Above { name: "warmup", value: 12.0, limit: "steps − 1", most: 9.0 }));
    assert_eq!(error.unwrap().to_string(), "warmup is 12, above steps − 1, which is 9");
    assert_eq!(error.unwrap().kind(), "argument above another one");
    assert!(Cosine::with_warmup(0.0, 0.1, 0.0, 10, 10).is_err() && Cosine::with_warmup(0.0, 0.1, 0.0, 9, 10).is_ok());
    let three = OneCycleOptions { three_phase: true, ..OneCycleOptions::DEFAULT };
    let torch = OneCycle::torch(0.1, 10, OneCycleOptions { pct_start: 0.6, ..three }).err();
    assert_eq!(torch, Some(Error::Above { name: "pct_start", value: 0.6, limit: "a half", most: 0.5 }));
    let optax = OneCycle::optax(10, 0.1, OneCycleOptions { pct_start: 0.9, ..three }).err();
    assert_eq!(optax, Some(Error::Above { name: "pct_start", value: 0.9, limit: "pct_final", most: 0.85 }));
}

/// What is written comes back, and what no constructor gives is refused.
#[test]
fn serde_checks_what_it_reads() {
    macro_rules! each {
        ($($schedule:expr => $Type:ty),+ $(,)?) => {$(
            let schedule: $Type = $schedule;
            let json = serde_json::to_value(&schedule).unwrap();
            assert_eq!(serde_json::from_value::<$Type>(json.clone()).unwrap(), schedule, "{json}");
            let fields: BTreeMap<String, serde_json::Value> = serde_json::from_value(json).unwrap();
            for (name, value) in &fields {
                if !value.is_number() || name == "begin" || name == "first" && value.is_u64() {
                    continue;
                }
                let mut bad = fields.clone();
                bad.insert(name.clone(), if value.is_u64() { 0.into() } else { (-1.0).into() });
                let is_optional = matches!((stringify!($Type), name.as_str()),
                    ("WarmupStableDecay", "warmup" | "stable"));
                let read = serde_json::from_value::<$Type>(serde_json::to_value(&bad).unwrap());
                assert_eq!(read.is_ok(), is_optional, "{} {name}", stringify!($Type));
            }
            let mut unknown = fields;
            unknown.insert("other".into(), 1.into());
            assert!(serde_json::from_value::<$Type>(serde_json::to_value(&unknown).unwrap()).is_err());
        )+};
    }
    each! {
        Constant::new(0.1).unwrap() => Constant,
        Linear::optax(0.1, 0.2, 3, 4).unwrap() => Linear,
        Polynomial::optax(0.1, 0.2, 1.5, 3, 4).unwrap() => Polynomial,
        CosinePower::optax(0.1, 3, 0.5, 2.0).unwrap() => CosinePower,
        Cosine::optax(0.1, 3, 0.5).unwrap() => Cosine,
        CosineRestarts::new(0.1, 0.2, 3, 2).unwrap() => CosineRestarts,
        OneCycle::torch(0.1, 30, OneCycleOptions::LINEAR).unwrap() => OneCycle,
        StepDecay::new(0.1, 3, 0.5).unwrap() => StepDecay,
        MultiStep::optax(0.1, [(3, 0.5), (7, 0.25)]).unwrap() => MultiStep<2>,
        Exponential::optax(0.1, 3, 0.5, 2, true, Some(0.01)).unwrap() => Exponential,
        InverseSqrt::noam(0.1, 64, 10).unwrap() => InverseSqrt,
        WarmupStableDecay::new(0.1, 0.2, 0.3, 4, 5, 6, DecayShape::OneMinusSqrt).unwrap() => WarmupStableDecay,
        Cyclic::new(0.1, 0.2, 3, 4, Amplitude::ExpRange(0.9)).unwrap() => Cyclic,
    }
    let chain = Constant::new(0.1).unwrap().warmup(0.1, 5).unwrap();
    let json = serde_json::to_string(&chain).unwrap();
    assert_eq!(serde_json::from_str::<Then<Linear, Constant>>(&json).unwrap(), chain);
    for bad in [r#"{"lr":0.1,"milestones":[[3,0.5]]}"#, r#"{"lr":0.1,"milestones":[[3,0.5],[4,0.5],[5,0.5]]}"#] {
        assert!(serde_json::from_str::<MultiStep<2>>(bad).is_err());
    }
    let mut state = Plateau::new(0.1);
    assert_eq!(serde_json::from_str::<Plateau>(&serde_json::to_string(&state).unwrap()).unwrap(), state);
    ReduceOnPlateau::DEFAULT.update(&mut state, 3.0).unwrap();
    assert_eq!(serde_json::from_str::<Plateau>(&serde_json::to_string(&state).unwrap()).unwrap(), state);
    assert_eq!(serde_json::from_str::<ReduceOnPlateau>("{}").unwrap(), ReduceOnPlateau::DEFAULT);
}
