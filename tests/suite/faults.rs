//! Numbers that were wrong once, with the right values by hand or in f64.

use gradstep::average::{Lookahead, WeightEma};
use gradstep::math::Lerp;
use gradstep::optim::{NAdamClock, ScheduleFreeClock};
use gradstep::*;
use gradstep_testkit::values::{self, Source};
use gradstep_testkit::{backends, check, tolerance};
use proptest::prelude::*;

fn bits<const N: usize>(values: [f32; N]) -> [u32; N] {
    values.map(f32::to_bits)
}

#[test]
fn lookahead_with_alpha_one_leaves_the_weights() {
    let start = [1e-9f32, 0.1, 3.0, 1.0];
    let slow = [1.0f32, 1.0, 1e8, -0.3];
    let sync = Lookahead { alpha: 1.0, period: 1 }.tick(&mut 0).unwrap().unwrap();
    let (mut w, mut s) = (start, slow);
    sync.apply(&mut w, &mut s).unwrap();
    assert_eq!((bits(w), bits(s)), (bits(start), bits(start)));
    let step = Sgd { lr: 0.0, ..Sgd::DEFAULT }.tick(&mut 0).unwrap().then(sync);
    for backend in backends() {
        let (mut w, mut s) = (start, slow);
        step.apply_on(backend, &mut w, &[1.0; 4], [&mut s]).unwrap();
        assert_eq!((bits(w), bits(s)), (bits(start), bits(start)), "{backend}");
    }
    let stay = Lookahead { alpha: 0.0, period: 1 }.tick(&mut 0).unwrap().unwrap();
    let (mut w, mut s) = (start, slow);
    stay.apply(&mut w, &mut s).unwrap();
    assert_eq!((bits(w), bits(s)), (bits(slow), bits(slow)));
}

#[test]
fn averages_neither_overflow_nor_lose_an_infinity() {
    let ema = WeightEma { decay: 0.9, from_initial: true };
    let mut average = [3e38f32, f32::INFINITY, f32::NEG_INFINITY, 1.0];
    ema.tick(&mut 0).unwrap().apply(&mut average, &[-3e38, 1.0, f32::MAX, f32::INFINITY]).unwrap();
    assert!((f64::from(average[0]) / 2.4e38 - 1.0).abs() <= tolerance::LERP * tolerance::UNIT, "{average:?}");
    assert_eq!(average[1..], [f32::INFINITY, f32::NEG_INFINITY, f32::INFINITY]);
    // Madgrad moves toward a point beyond the other end of the range.
    let step = Madgrad { momentum: 0.9, ..Madgrad::DEFAULT }.tick(&mut 0).unwrap();
    let (mut p, [mut s, mut v, mut x0]) = ([3e38f32], [[0.0f32], [1.0], [-3e38]]);
    step.apply(&mut p, &[0.0], [&mut s, &mut v, &mut x0]).unwrap();
    assert!((f64::from(p[0]) / 2.4e38 - 1.0).abs() <= tolerance::LERP * tolerance::UNIT, "{p:?}");
}

#[test]
fn interpolation_is_exact_at_both_ends_and_finite_between() {
    let inputs = (values::any_bits(), values::any_bits(), 0.0..=1.0f64);
    check(20_000, &inputs, &|(from, to, weight)| {
        prop_assert_eq!(Lerp::new(0.0).between(from, to).to_bits(), from.to_bits());
        prop_assert_eq!(Lerp::new(1.0).between(from, to).to_bits(), to.to_bits());
        let found = Lerp::new(weight).between(from, to);
        if from.is_finite() && to.is_finite() {
            let (a, b) = (f64::from(from), f64::from(to));
            let exact = a + weight * (b - a);
            let scale = a.abs().max(b.abs()) * tolerance::UNIT;
            prop_assert!(
                (f64::from(found) - exact).abs() <= tolerance::LERP * scale + tolerance::SMALLEST,
                "{} {} {}: {}",
                from,
                to,
                weight,
                found
            );
        }
        Ok(())
    });
}

/// An epsilon that rounding turns into 0 would divide 0 by 0.
#[test]
fn a_tiny_epsilon_is_an_error() {
    let tiny = Adam { eps: 1e-44, ..Adam::DEFAULT };
    // At the first step it is multiplied by √(1−β2), and f32 has no such number.
    let error = tiny.tick(&mut 0).unwrap_err();
    assert!(matches!(error, Error::Coefficient { name: "eps", value: 1e-44, .. }), "{error}");
    // Later it fits, and a frozen parameter stays.
    let (mut p, mut m, mut v) = ([1.0f32], [0.0], [0.0]);
    tiny.tick(&mut 100_000).unwrap().apply(&mut p, &[0.0], [&mut m, &mut v]).unwrap();
    assert_eq!(p, [1.0]);
}

#[test]
fn madgrad_without_epsilon_leaves_a_parameter_without_gradient() {
    let optimizer = Madgrad { eps: 0.0, ..Madgrad::DEFAULT };
    for backend in backends() {
        let mut clock = 0;
        let (mut p, [mut s, mut v, mut x0]) = ([1.0f32; 9], [[0.0f32; 9]; 3]);
        optimizer.init(&p, [&mut s, &mut v, &mut x0]).unwrap();
        let mut step = |p: &mut [f32; 9], g: f32| {
            optimizer.tick(&mut clock).unwrap().apply_on(backend, p, &[g; 9], [&mut s, &mut v, &mut x0]).unwrap();
        };
        step(&mut p, 0.0);
        assert_eq!(p, [1.0; 9], "{backend}");
        step(&mut p, 1e-12);
        assert!(p.iter().all(|p| *p < 1.0 && p.is_finite()), "{backend}: {p:?}");
        step(&mut p, f32::NAN);
        assert!(p.iter().all(|p| p.is_nan()), "{backend}");
    }
}

/// One gradient, then zeros: the norm fades to zero and does not stay subnormal.
#[test]
fn the_norm_of_keras_adamax_ends_at_zero() {
    let optimizer = Adamax::keras();
    let (mut clock, mut p, mut m, mut u) = (0, [1.0f32; 3], [0.0f32; 3], [2e-38f32; 3]);
    for t in 1..=2_000 {
        optimizer.tick(&mut clock).unwrap().apply(&mut p, &[0.0; 3], [&mut m, &mut u]).unwrap();
        assert!(t % 64 != 0 || u.iter().all(|u| !u.is_subnormal()), "{u:?}");
    }
    assert_eq!(u, [0.0; 3]);
}

#[test]
fn clocks_that_no_run_reaches_are_errors() {
    let nadam = NAdam::DEFAULT;
    let bad = [(5, 0.0), (5, -3.0), (5, f64::NAN), (5, 2.0), (0, 0.5), (0, 0.0), (0, f64::NAN)];
    for (step, mu_product) in bad {
        let mut clock = NAdamClock { step, mu_product };
        let error = nadam.tick(&mut clock).unwrap_err();
        assert!(matches!(error, Error::Clock { name: "mu_product", .. }), "{error}");
        assert_eq!(clock.step, step);
    }
    // It underflows in a long run.
    assert!(nadam.tick(&mut NAdamClock { step: 10_000, mu_product: 0.0 }).is_ok());
    let bad = [
        (3, 0.1, f64::NAN, "weight_sum"),
        (3, 0.1, -1.0, "weight_sum"),
        (3, 0.1, 0.005, "weight_sum"),
        (3, f64::NAN, 1.0, "lr_max"),
        (3, -1.0, 1.0, "lr_max"),
        (0, 0.1, 0.0, "lr_max"),
        (0, 0.0, 1.0, "weight_sum"),
    ];
    for (step, lr_max, weight_sum, expected) in bad {
        let mut clock = ScheduleFreeClock { step, lr_max, weight_sum };
        let error = ScheduleFreeSgd::DEFAULT.tick(&mut clock).unwrap_err();
        assert!(matches!(error, Error::Clock { name, .. } if name == expected), "{error}");
        assert_eq!(clock.step, step);
    }
}

#[test]
fn centered_rms_prop_is_bounded_where_the_variance_cancels() {
    let run = |optimizer: RmsPropCentered, steps: usize, gradient: &mut dyn FnMut() -> f32| {
        let (mut clock, mut p, mut h, mut mean) = (0, [0.0f32], [0.0f32], [0.0f32]);
        let mut largest = 0.0f32;
        for _ in 0..steps {
            let before = p[0];
            optimizer.tick(&mut clock).unwrap().apply(&mut p, &[gradient()], [&mut h, &mut mean]).unwrap();
            largest = largest.max((p[0] - before).abs());
        }
        (p[0], largest)
    };
    // f64 has −1.02e4. The averages end half a unit over their weight before the gradient, so the variance stays at 3e-6 of h.
    let (p, _) = run(RmsPropCentered::torch(), 1_700, &mut || 0.1);
    assert!((-1.03e4..-2e3).contains(&p), "{p}");
    let mut source = Source::new(131);
    let (p, largest) = run(RmsPropCentered::torch(), 3_000, &mut || 1000.0 + source.bell());
    assert!(largest < 100.0 && p > -60_000.0, "{p} {largest}");
}

#[test]
fn radam_can_skip_its_first_steps() {
    let optimizer =
        RAdam { degenerated_to_sgd: false, weight_decay: 0.1, decay_form: DecayForm::Decoupled, ..RAdam::DEFAULT };
    let (mut clock, mut p, mut m, mut v) = (0, [1.0f32], [0.0f32], [0.0f32]);
    for t in 1..=7 {
        let moment = m[0];
        optimizer.tick(&mut clock).unwrap().apply(&mut p, &[1.0], [&mut m, &mut v]).unwrap();
        assert!(m[0] > moment);
        assert_eq!(p[0] == 1.0, t <= 5, "step {t}: {p:?}");
    }
    // ρ is 4.996 at step 5 with β2 = .999.
    let early = RAdam { threshold: 4.5, degenerated_to_sgd: false, ..RAdam::DEFAULT };
    let (mut p, mut m, mut v) = ([1.0f32], [0.1f32], [0.001f32]);
    early.tick(&mut 4).unwrap().apply(&mut p, &[1.0], [&mut m, &mut v]).unwrap();
    assert_ne!(p, [1.0]);
}

/// Two groups that share a clock begin from the same one.
#[test]
fn a_begun_step_changes_nothing() {
    let optimizer = NAdam::DEFAULT;
    let clock = NAdamClock::default();
    let first = optimizer.begin(&clock).unwrap();
    assert_eq!(first, optimizer.begin(&clock).unwrap());
    let (mut ticked, mut committed) = (clock, clock);
    assert_eq!(optimizer.tick(&mut ticked).unwrap().rule(), first.rule());
    first.commit(&mut committed).unwrap();
    assert_eq!((ticked, committed.step), (committed, 1));
    // Another group may commit the same step, but no step of another time.
    first.commit(&mut committed).unwrap();
    optimizer.begin(&committed).unwrap().commit(&mut committed).unwrap();
    assert_eq!(first.commit(&mut committed), Err(Error::Stale { step: 1, clock: 2 }));
}

#[test]
fn cautious_moves_only_where_update_and_gradient_agree() {
    let step = Momentum { lr: 1.0, momentum: 0.5, ..Momentum::DEFAULT }.tick(&mut 1).unwrap().cautious();
    for backend in backends() {
        // The buffers turn some updates against their gradient; the product of the last pair underflows.
        let grads = [1.0f32, 1.0, -1.0, 0.0, -0.0, f32::NAN, 1e-30, -1e-30];
        let mut buffer = [0.0f32, -4.0, 4.0, 2.0, -2.0, 0.0, 0.0, 0.0];
        let mut p = [0.0f32; 8];
        step.apply_on(backend, &mut p, &grads, [&mut buffer]).unwrap();
        assert_eq!(p[..5], [-1.0, 0.0, 0.0, 0.0, 0.0], "{backend}");
        assert!(p[5].is_nan(), "{backend}");
        assert_eq!(p[6..], [-1e-30, 1e-30], "{backend}");
    }
}

/// What a field held, not what was derived from it.
#[test]
fn errors_give_the_value_of_the_field() {
    let held = |error: Option<Error>| match error {
        Some(Error::Coefficient { name, value, .. } | Error::HyperParameter { name, value, .. }) => (name, value),
        other => panic!("{other:?}"),
    };
    assert_eq!(held(Ftrl { lr: 1e-40, ..Ftrl::DEFAULT }.tick(&mut 0).err()), ("lr", 1e-40));
    let adamw = AdamW { lr: 1e30, weight_decay: 1e30, ..AdamW::DEFAULT };
    assert_eq!(held(adamw.tick(&mut 0).err()), ("weight_decay", 1e30));
    let step = Sgd::DEFAULT.tick(&mut 0).unwrap().scale_grads(1e300);
    assert_eq!(held(step.apply(&mut [1.0], &[1.0], []).err()), ("scale_grads", 1e300));
}

/// A decay that is off does not read p.
#[test]
fn asgd_without_lambda_keeps_an_infinite_parameter() {
    for backend in backends() {
        let asgd = Asgd { lambda: 0.0, ..Asgd::DEFAULT };
        let (mut p, mut a) = ([f32::INFINITY; 9], [0.0f32; 9]);
        asgd.tick(&mut Default::default()).unwrap().apply_on(backend, &mut p, &[1.0; 9], [&mut a]).unwrap();
        assert_eq!(p, [f32::INFINITY; 9], "{backend}");
    }
}

/// An adapter whose check passes once.
#[derive(Clone, Copy)]
struct Fickle<'a>(&'a std::sync::atomic::AtomicU32);

impl rule::Adapter for Fickle<'_> {
    fn check(&self) -> Result<(), Error> {
        match self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => Ok(()),
            _ => Err(Error::ClockOverflow),
        }
    }
}

/// A step over many pieces happens as a whole or not at all.
#[test]
fn a_check_is_asked_once() {
    const LEN: usize = 1 << 20;
    let step = Sgd { lr: 1.0, ..Sgd::DEFAULT }.tick(&mut 0).unwrap();
    let count = std::sync::atomic::AtomicU32::new(0);
    let (mut params, grads) = (vec![1.0f32; LEN], vec![1.0f32; LEN]);
    let fickle = step.with(Fickle(&count));
    assert_eq!(fickle.par_apply(&mut params, &grads, []), Ok(()));
    assert!(params.iter().all(|p| *p == 0.0));
    assert_eq!(fickle.par_apply(&mut params, &grads, []), Err(Error::ClockOverflow));
    assert!(params.iter().all(|p| *p == 0.0));
    for is_list_parallel in [false, true] {
        count.store(0, std::sync::atomic::Ordering::Relaxed);
        let mut tensors: Vec<_> = params
            .chunks_mut(LEN / 4)
            .zip(grads.chunks(LEN / 4))
            .map(|(p, g)| Tensor { shape: Shape::vector(p.len()), params: p, grads: g, state: [] })
            .collect();
        let result = if is_list_parallel { fickle.par_apply_all(&mut tensors) } else { fickle.apply_all(&mut tensors) };
        assert_eq!(result, Ok(()));
    }
    assert!(params.iter().all(|p| *p == -2.0));
    let any = any::AnyOptimizer::from_name("sgd").unwrap().tick(&mut Default::default()).unwrap().with(Fickle(&count));
    for is_list_parallel in [false, true] {
        count.store(0, std::sync::atomic::Ordering::Relaxed);
        let mut states: Vec<[Vec<f32>; 0]> = vec![[]; 4];
        let mut tensors: Vec<_> = params
            .chunks_mut(LEN / 4)
            .zip(grads.chunks(LEN / 4))
            .zip(&mut states)
            .map(|((p, g), state)| any::AnyTensor::new(p, g, state))
            .collect();
        let result = if is_list_parallel { any.par_apply_all(&mut tensors) } else { any.apply_all(&mut tensors) };
        assert!(result.is_ok());
    }
}
