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

/// The parameter after each step from `p`, with its gradient and learning rate.
fn scheduled<O: Optimizer<S>, const S: usize>(mut optimizer: O, p: f32, steps: &[(f32, f64)]) -> Vec<f32> {
    let (mut params, mut state, mut clock) = ([p], [[0.0_f32]; S], O::Clock::default());
    optimizer.init(&params, state.each_mut().map(|slot| &mut slot[..])).unwrap();
    let mut step = |&(g, lr): &(f32, f64)| {
        optimizer.set_lr(lr);
        let step = optimizer.tick(&mut clock).unwrap();
        step.apply(&mut params, &[g], state.each_mut().map(|slot| &mut slot[..])).unwrap();
        params[0]
    };
    steps.iter().map(&mut step).collect()
}

/// `{ weight_decay, ..keras() }` decays as Keras does: `p ← p − lr·wd·p` before the step.
#[test]
fn forms_of_decay_in_keras() {
    let heavy_ball = HeavyBall { lr: 0.1, weight_decay: 0.5, ..HeavyBall::keras() };
    assert_near(&run(heavy_ball, 1.0, 0.0, 4), &[0.95, 0.9025, 0.8574, 0.8145], 5.1e-5, "Keras");
    let coupled = HeavyBall { decay_form: DecayForm::Coupled, ..heavy_ball };
    assert_near(&run(coupled, 1.0, 0.0, 4), &[0.95, 0.8575, 0.7314, 0.5813], 5.1e-5, "by hand");
    let n_adam = NAdam { weight_decay: 0.5, ..NAdam::keras() };
    assert_near(&run(n_adam, 10.0, 1.0, 3), &[9.99394, 9.98817, 9.98246], 5.1e-6, "Keras");
}

/// Fixed decay does not see the learning rate, as `fixed_decay` of pytorch_optimizer.
#[test]
fn forms_of_fixed_decay() {
    let fixed = |lr| AdamW { lr, weight_decay: 0.25, decay_form: DecayForm::Fixed, ..AdamW::DEFAULT };
    assert_eq!(run(fixed(0.5), 1.0, 0.0, 3), [0.75, 0.5625, 0.421875]);
    assert_eq!(run(fixed(0.0), 1.0, 1.0, 3), [0.75, 0.5625, 0.421875]);
}

/// Every optimizer decays: coupled decay changes its gradient, the other two its parameters.
#[test]
fn forms_of_decay_of_every_optimizer() {
    use gradstep::any::AnyOptimizer;
    for optimizer in AnyOptimizer::ALL {
        let after = |form: &str, decay: f64| {
            let mut optimizer = *optimizer;
            optimizer.set("decay_form", form).unwrap();
            optimizer.set("weight_decay", decay).unwrap();
            let mut state: Vec<_> =
                optimizer.slots().map(|slot| vec![0.0; slot.extent.len(&Shape::vector(2))]).collect();
            let (mut p, mut clock) = ([2.0_f32, 3.0], optimizer.clock());
            optimizer.init(&p, &mut state).unwrap();
            for g in [0.5, 0.25, -0.125] {
                let step = optimizer.begin(&clock).unwrap().loss(0.5);
                step.apply(&mut p, &[g, 0.75 * g], &mut state).unwrap().commit(&mut clock).unwrap();
            }
            p[0]
        };
        let name = optimizer.name();
        let none = after("coupled", 0.0);
        assert_eq!([after("decoupled", 0.0), after("fixed", 0.0)], [none; 2], "{name}");
        for form in ["coupled", "decoupled", "fixed", "in_update"] {
            let decayed = after(form, 0.5);
            // The coupled penalty may not turn the sign that a rule takes.
            assert!(decayed != none || form == "coupled", "{name} {form}: {decayed}");
        }
    }
}

/// PyTorch's rate of a step is computed at the end of the step before.
#[test]
fn forms_of_asgd_under_a_schedule() {
    let found = scheduled(Asgd::torch(), 1.0, &[(1.0, 0.1), (1.0, 0.2), (1.0, 0.3)]);
    assert_near(&found, &[0.9, 0.8, 0.6], 5.1e-5, "torch");
}

/// timm and pytorch_optimizer keep the learning rate inside the moment.
#[test]
fn forms_of_la_prop_under_a_schedule() {
    let steps = [(1.0, 0.01), (-1.0, 0.001), (-1.0, 0.001)];
    let theirs = [-0.01, -0.0108, -0.01142];
    assert_near(&scheduled(LaProp::timm(), 0.0, &steps), &theirs, 5.1e-6, "timm");
    assert_near(&scheduled(LaProp::pytorch_optimizer(), 0.0, &steps), &theirs, 5.1e-6, "pytorch_optimizer");
    assert_near(&scheduled(LaProp::paper(), 0.0, &steps), &[-0.01, -0.00995, -0.00955], 5.1e-6, "the paper");
}

/// Keras adds epsilon to the root of the uncorrected moment in AMSGrad too.
#[test]
fn forms_of_amsgrad() {
    let near = |optimizer, expected: [f64; 3], whose| {
        assert_near(&run(optimizer, 0.0, 1e-6, 3), &expected, 5.1e-7, whose);
    };
    near(AmsGrad::keras(), [-2.40e-4, -5.49e-4, -9.03e-4], "Keras");
    near(AmsGrad { eps: 1e-7, ..AmsGrad::torch() }, [-9.09e-4, -1.818e-3, -2.727e-3], "torch");
}

/// The authors' warm-up starts at `lr/warmup`, optax's at 0.
#[test]
fn forms_of_schedule_free_warm_up() {
    let warming = |preset: ScheduleFreeSgd| run(ScheduleFreeSgd { lr: 1.0, warmup: 4, ..preset }, 0.0, 1.0, 4);
    assert_near(&warming(ScheduleFreeSgd::authors()), &[-0.25, -0.66, -1.2268, -1.9525], 5.1e-5, "authors");
    assert_near(&warming(ScheduleFreeSgd::optax()), &[0.0, -0.205, -0.573, -1.1025], 5.1e-4, "optax");
}

/// A PyTorch checkpoint of momentum has no step count. The first step of a clock takes the gradient without dampening, so a
/// clock that goes on from one starts at 1.
#[test]
fn forms_of_momentum_from_a_checkpoint() {
    let momentum = Momentum { lr: 1.0, momentum: 0.5, dampening: 0.5, ..Momentum::torch() };
    let (mut p, mut b) = ([0.0], [2.0]);
    let mut clock = 1;
    momentum.tick(&mut clock).unwrap().apply(&mut p, &[1.0], [&mut b]).unwrap();
    assert_eq!((p, b), ([-1.5], [1.5]));
}
