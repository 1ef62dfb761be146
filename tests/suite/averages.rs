//! Averages of the weights and Lookahead: against f64, fused against a pass of their own, errors.

use gradstep::average::{Average, Lookahead, Swa, WeightEma};
use gradstep::rule::{Adapter, Follower, Rule};
use gradstep::*;
use gradstep_testkit::values::Source;
use gradstep_testkit::{assert_same_bits, backends, tolerance};

const N: usize = 61;

/// Weights of a few steps.
fn history(source: &mut Source) -> Vec<Vec<f32>> {
    (0..40).map(|_| source.many(N, Source::bell)).collect()
}

fn assert_near(found: &[f32], expected: impl Fn(usize) -> f64, scale: f64) {
    for (i, &found) in found.iter().enumerate() {
        let (found, expected) = (f64::from(found), expected(i));
        let error = (found - expected).abs() / (tolerance::UNIT * scale);
        assert!(error <= tolerance::AVERAGE_OF_WEIGHTS, "element {i}: {found}, expected {expected}, error {error}");
    }
}

#[test]
fn swa_is_the_mean_of_all() {
    let history = history(&mut Source::new(71));
    let (mut average, mut clock) = (vec![f32::NAN; N], 0);
    for (t, weights) in history.iter().enumerate() {
        Swa.tick(&mut clock).unwrap().apply(&mut average, weights).unwrap();
        assert_eq!(clock, t as u64 + 1);
        let mean = |i: usize| history[..=t].iter().map(|w| f64::from(w[i])).sum::<f64>() / (t + 1) as f64;
        assert_near(&average, mean, 4.0);
    }
}

#[test]
fn weight_ema_starts_at_the_first_weights() {
    for decay in [0.0, 0.5, 0.999] {
        let history = history(&mut Source::new(72));
        let (mut average, mut clock) = (vec![f32::NAN; N], 0);
        let mut exact: Vec<f64> = Vec::new();
        for weights in &history {
            WeightEma { decay, from_initial: false }.tick(&mut clock).unwrap().apply(&mut average, weights).unwrap();
            let weights = weights.iter().map(|&w| f64::from(w));
            exact = match exact.is_empty() {
                true => weights.collect(),
                false => exact.iter().zip(weights).map(|(a, w)| decay * a + (1.0 - decay) * w).collect(),
            };
            assert_near(&average, |i| exact[i], 4.0);
        }
    }
    assert_eq!(WeightEma::default(), WeightEma { decay: 0.999, from_initial: false });
    assert_eq!(WeightEma::timm(), WeightEma { decay: 0.9999, from_initial: true });
}

/// An optimizer with a slot, from the same start.
fn trained<U: Rule<1>, A: Adapter>(rule: Step<U, A>, backend: Backend, source: &mut Source) -> [Vec<f32>; 2] {
    let (mut params, mut state) = (source.many(N, Source::mixed), source.many(N, Source::mixed));
    rule.apply_on(backend, &mut params, &source.many(N, Source::mixed), [&mut state]).unwrap();
    [params, state]
}

/// The same with a follower's buffer behind it.
fn followed<U: Rule<2>, A: Adapter>(
    rule: Step<U, A>,
    backend: Backend,
    source: &mut Source,
    buffer: &[f32],
) -> [Vec<f32>; 3] {
    let (mut params, mut state) = (source.many(N, Source::mixed), source.many(N, Source::mixed));
    let mut buffer = buffer.to_vec();
    rule.apply_on(backend, &mut params, &source.many(N, Source::mixed), [&mut state, &mut buffer]).unwrap();
    [params, state, buffer]
}

#[test]
fn fused_it_is_what_a_pass_of_its_own_gives() {
    let momentum = Momentum::default().tick(&mut 0).unwrap().clip_by_value(0.7);
    let buffer = Source::new(74).many(N, Source::mixed);
    let same = |found: &[Vec<f32>], expected: &[Vec<f32>], case: &str| {
        for (found, expected) in found.iter().zip(expected) {
            assert_same_bits(found, expected, |_| case.to_owned());
        }
    };
    let averages: [Average; 3] =
        [Swa.tick(&mut 0).unwrap(), Swa.tick(&mut 9).unwrap(), WeightEma::default().tick(&mut 9).unwrap()];
    for backend in backends() {
        for average in averages {
            let [params, state] = trained(momentum, backend, &mut Source::new(73));
            let mut apart = buffer.clone();
            average.apply(&mut apart, &params).unwrap();
            let fused = followed(momentum.then(average), backend, &mut Source::new(73), &buffer);
            same(&fused, &[params, state, apart], &format!("{backend} {average:?}"));
        }
        let sync = Lookahead::default().tick(&mut 5).unwrap().unwrap();
        let [mut params, state] = trained(momentum, backend, &mut Source::new(73));
        let mut slow = buffer.clone();
        sync.apply(&mut params, &mut slow).unwrap();
        let fused = followed(momentum.then(sync), backend, &mut Source::new(73), &buffer);
        same(&fused, &[params, state, slow], &format!("{backend} {sync:?}"));
    }
}

/// A rule's own adapters and errors work under a follower.
#[test]
fn a_follower_changes_nothing_of_the_step() {
    let average = Swa.tick(&mut 0).unwrap();
    let sgd = Sgd { lr: 0.5, ..Sgd::default() }.tick(&mut 0).unwrap();
    let (mut params, mut buffer) = ([1.0f32; 9], [7.0f32; 9]);
    sgd.scale_grads(0.5).then(average).apply(&mut params, &[1.0; 9], [&mut buffer]).unwrap();
    assert_eq!((params, buffer), ([0.75; 9], [0.75; 9]));
    let bad = sgd.clip_by_value(-1.0).then(average);
    assert!(matches!(
        bad.apply(&mut params, &[1.0; 9], [&mut buffer]),
        Err(Error::HyperParameter { name: "clip_by_value", .. })
    ));
    let short = sgd.then(average).apply(&mut params, &[1.0; 9], [&mut buffer[..8]]);
    assert_eq!(short, Err(Error::Length { slice: Slice::State(0), expected: 9, found: 8 }));
    assert_eq!((params, buffer), ([0.75; 9], [0.75; 9]));
}

/// Eight slots are the most: seven of a rule and one of a follower.
#[test]
fn followers_stack_up_to_eight_slots() {
    let average = Swa.tick(&mut 0).unwrap();
    let adan = Adan::default().tick(&mut 0).unwrap().then(average).then(average).then(average).then(average);
    let mut state = [[0.0f32; 5]; 8];
    let mut params = [1.0f32; 5];
    adan.apply(&mut params, &[1.0; 5], state.each_mut().map(|slot| &mut slot[..])).unwrap();
    for slot in &state[4..] {
        assert_eq!(slot, &params);
    }
}

#[test]
fn lookahead_synchronizes_every_period() {
    let lookahead = Lookahead { alpha: 0.25, period: 3 };
    let (mut clock, mut due) = (0, Vec::new());
    for _ in 0..9 {
        due.push(lookahead.tick(&mut clock).unwrap().is_some());
    }
    assert_eq!(due, [false, false, true, false, false, true, false, false, true]);
    let sync = Lookahead { period: 1, ..lookahead }.tick(&mut 0).unwrap().unwrap();
    assert_eq!(sync.follow(2.0f32, [1.0]), (1.25, [1.25]));
    assert_eq!(Lookahead::default(), Lookahead { alpha: 0.5, period: 6 });
}

#[test]
fn errors_change_nothing() {
    for decay in [f64::NAN, f64::INFINITY, -0.1, 1.0 + 1e-9] {
        let mut clock = 3;
        assert!(matches!(
            WeightEma { decay, ..WeightEma::DEFAULT }.tick(&mut clock),
            Err(Error::HyperParameter { name: "decay", .. })
        ));
        assert_eq!(clock, 3);
    }
    for alpha in [f64::NAN, -0.1, 1.1] {
        let mut clock = 3;
        let result = Lookahead { alpha, period: 2 }.tick(&mut clock);
        assert!(matches!(result, Err(Error::HyperParameter { name: "alpha", .. })));
        assert_eq!(clock, 3);
    }
    let mut clock = 3;
    let result = Lookahead { alpha: 0.5, period: 0 }.tick(&mut clock);
    assert!(matches!(result, Err(Error::HyperParameter { name: "period", .. })));
    assert_eq!(clock, 3);

    let mut clock = u64::MAX;
    assert_eq!(Swa.tick(&mut clock), Err(Error::ClockOverflow));
    assert_eq!(WeightEma::default().tick(&mut clock), Err(Error::ClockOverflow));
    assert_eq!(Lookahead::default().tick(&mut clock), Err(Error::ClockOverflow));
    assert_eq!(clock, u64::MAX);

    let mut average = [1.0f32; 3];
    let length = |slice, expected, found| Err(Error::Length { slice, expected, found });
    assert_eq!(Swa.tick(&mut 1).unwrap().apply(&mut average, &[5.0; 2]), length(Slice::Average, 2, 3));
    let sync = Lookahead { period: 1, ..Lookahead::default() }.tick(&mut 0).unwrap().unwrap();
    assert_eq!(sync.apply(&mut average, &mut [5.0; 2]), length(Slice::Slow, 3, 2));
    assert_eq!(average, [1.0; 3]);
}

/// The weights before training count as the first ones.
#[test]
fn an_average_can_start_from_the_initial_weights() {
    let ema = WeightEma { decay: 0.75, from_initial: true };
    let (mut average, mut clock) = ([8.0f32; 3], 0);
    ema.tick(&mut clock).unwrap().apply(&mut average, &[4.0; 3]).unwrap();
    assert_eq!((average, clock), ([7.0; 3], 1));
}

/// Momentum schedules of BYOL and DINO end at exactly 1.
#[test]
fn an_average_with_a_decay_of_one_stays() {
    let start = [-0.0f32, 1e-40, 3.0, f32::INFINITY];
    let mut average = start;
    WeightEma { decay: 1.0, from_initial: true }.tick(&mut 0).unwrap().apply(&mut average, &[f32::MAX; 4]).unwrap();
    assert_eq!(average.map(f32::to_bits), start.map(f32::to_bits));
}
