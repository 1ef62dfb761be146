//! What the papers say of their rules, beyond the formula.

use gradstep::*;
use gradstep_testkit::values::Source;
use gradstep_testkit::{Run, Tensor, run, tolerance};

const N: usize = 61;
const STEPS: usize = 30;

/// Runs an optimizer on random gradients; `each` sees the tensor before and after every step, and the gradients.
fn watch(mut run: Run, seed: u64, mut each: impl FnMut(&Tensor, &Tensor, &[f32])) {
    let mut source = Source::new(seed);
    let mut tensor = Tensor::new(&run, &source.many(N, Source::plain));
    for t in 0..STEPS {
        // Orders of magnitude apart, and some of them zero.
        let size = [1.0, 1e-4, 30.0, 1e3][t % 4];
        let mut grads: Vec<f32> = source.many(N, Source::bell).iter().map(|g| size * g).collect();
        grads[t % N] = 0.0;
        let before = tensor.clone();
        tensor.apply_on(Backend::active(), &run.tick(None).unwrap(), &grads);
        each(&before, &tensor, &grads);
    }
}

/// The parameters at the end, with every gradient multiplied by a factor.
fn scaled(run: &Run, factor: f32) -> Vec<f32> {
    let mut run = run.restart();
    let mut source = Source::new(101);
    let mut tensor = Tensor::new(&run, &source.many(N, Source::plain));
    for _ in 0..STEPS {
        let grads: Vec<f32> = source.many(N, Source::bell).iter().map(|g| factor * g).collect();
        tensor.apply_on(Backend::active(), &run.tick(None).unwrap(), &grads);
    }
    tensor.params
}

#[test]
fn steps_of_sign_methods_are_at_most_lr() {
    const LR: f32 = 0.01;
    let lr = f64::from(LR);
    let runs = [
        run(SignSgd { lr, ..SignSgd::default() }),
        run(Signum { lr, ..Signum::default() }),
        run(Tiger { lr, weight_decay: 0.0, ..Tiger::default() }),
        run(Lion { lr, ..Lion::default() }),
        run(Sophia { lr, ..Sophia::default() }),
    ];
    for (i, run) in runs.into_iter().enumerate() {
        let hyper = run.hyper();
        let mut moved = 0;
        watch(run, 110 + i as u64, |before, after, _| {
            for (&p, &q) in before.params.iter().zip(&after.params) {
                // One rounding of a parameter below 2.
                assert!((q - p).abs() <= LR + f32::EPSILON, "{hyper}: {p} to {q}");
                moved += u32::from(p != q);
            }
        });
        assert!(moved as usize > N * STEPS / 2, "{hyper}");
    }
}

/// Without an epsilon only the direction counts: powers of two in the gradient change no bit.
#[test]
fn normalized_steps_do_not_see_the_scale_of_gradients() {
    let runs = [
        run(Adam { eps: 0.0, ..Adam::default() }),
        run(AdamW { eps: 0.0, weight_decay: 0.1, ..AdamW::default() }),
        run(AmsGrad { eps: 0.0, ..AmsGrad::default() }),
        run(Adamax { eps: 0.0, ..Adamax::default() }),
        run(NAdam { eps: 0.0, ..NAdam::default() }),
        run(AdaGrad { eps: 0.0, ..AdaGrad::default() }),
        run(RmsProp { eps: 0.0, ..RmsProp::default() }),
        run(Lion { weight_decay: 0.1, ..Lion::default() }),
        run(Tiger::default()),
        run(SignSgd::default()),
        run(Signum::default()),
        run(Rprop::default()),
        run(LaProp { eps: 0.0, weight_decay: 0.1, ..LaProp::default() }),
        run(Adan { eps: 0.0, ..Adan::default() }),
        run(AdEmaMix { eps: 0.0, ..AdEmaMix::default() }),
        run(Grams { eps: 0.0, weight_decay: 0.1, ..Grams::default() }),
        run(Adopt { eps: 0.0, ..Adopt::default() }),
        run(ScheduleFreeAdamW { eps: 0.0, weight_decay: 0.1, ..ScheduleFreeAdamW::default() }),
    ];
    for run in runs {
        let expected = scaled(&run, 1.0);
        for factor in [1.0 / 1024.0, 4.0, 65536.0] {
            assert_eq!(scaled(&run, factor), expected, "{} times {factor}", run.hyper());
        }
    }
    // The opposite, so that the comparison above is known to see something.
    let sgd = run(Sgd::default());
    assert_ne!(scaled(&sgd, 4.0), scaled(&sgd, 1.0));
}

/// Rprop takes the sign alone: any magnitudes give the same bits.
#[test]
fn rprop_ignores_magnitudes() {
    for optimizer in [Rprop::torch(), Rprop::optax()] {
        let (mut a, mut b) = (run(optimizer), run(optimizer));
        let mut source = Source::new(102);
        let params = source.many(N, Source::plain);
        let (mut first, mut second) = (Tensor::new(&a, &params), Tensor::new(&b, &params));
        for _ in 0..STEPS {
            let grads = source.many(N, Source::bell);
            let others: Vec<f32> = grads.iter().map(|g| g * (1.5 + source.plain())).collect();
            first.apply_on(Backend::active(), &a.tick(None).unwrap(), &grads);
            second.apply_on(Backend::active(), &b.tick(None).unwrap(), &others);
            assert_eq!(first.params, second.params);
        }
    }
}

#[test]
fn the_largest_moment_never_shrinks() {
    for optimizer in [AmsGrad::torch(), AmsGrad::optax()] {
        let mut grew = false;
        watch(run(optimizer), 103, |before, after, _| {
            for (&old, &new) in before.state[2].iter().zip(&after.state[2]) {
                assert!(new >= old);
                grew |= new > old;
            }
        });
        assert!(grew);
    }
}

#[test]
fn adamax_stays_above_every_gradient() {
    watch(run(Adamax::torch()), 104, |before, after, grads| {
        for ((&old, &u), g) in before.state[1].iter().zip(&after.state[1]).zip(grads) {
            assert!(u >= g.abs() && u >= 0.998 * old);
        }
    });
}

#[test]
fn yogi_moves_its_moment_by_the_square_of_the_gradient_at_most() {
    watch(run(Yogi::default()), 105, |before, after, grads| {
        for ((&old, &new), &g) in before.state[1].iter().zip(&after.state[1]).zip(grads) {
            let (bound, rounding) = (1e-3 * g * g * (1.0 + 4.0 * f32::EPSILON), f32::EPSILON * old.max(new));
            assert!((new - old).abs() <= bound + rounding, "{old} to {new} at {g}");
        }
    });
}

/// The first steps of RAdam are those of momentum with a correction: the second moment is not trusted yet.
#[test]
fn radam_starts_unrectified() {
    let optimizer = RAdam::torch();
    let mut clock = 0;
    let (mut params, mut m, mut v) = ([1.0f32], [0.0], [0.0]);
    for t in 1..=8 {
        let before = params[0];
        optimizer.tick(&mut clock).unwrap().apply(&mut params, &[100.0], [&mut m, &mut v]).unwrap();
        let step = before - params[0];
        // Five steps at β2 = .999 have too few degrees of freedom for a variance.
        let (low, high) = if t <= 5 { (0.0999, 0.1001) } else { (0.0, 0.001) };
        assert!(low <= step && step <= high, "step {t}: {step}");
    }
}

#[test]
fn adopt_only_fills_its_moment_at_first() {
    for optimizer in
        [Adopt { weight_decay: 0.5, ..Adopt::default() }, Adopt { clip: false, eps: 0.0, ..Adopt::default() }]
    {
        let mut params = [1.0f32, -0.0, f32::MAX];
        let (mut m, mut v) = ([0.0; 3], [0.0; 3]);
        let grads = [3.0, 0.0, f32::MIN_POSITIVE];
        optimizer.tick(&mut 0).unwrap().apply(&mut params, &grads, [&mut m, &mut v]).unwrap();
        assert_eq!(params.map(f32::to_bits), [1.0f32, -0.0, f32::MAX].map(f32::to_bits));
        assert_eq!((m, v), ([0.0; 3], [9.0, 0.0, 0.0]));
    }
}

#[test]
fn grams_moves_against_the_gradient() {
    watch(run(Grams::default()), 106, |before, after, grads| {
        for ((&p, &q), &g) in before.params.iter().zip(&after.params).zip(grads) {
            assert!(if g == 0.0 { p == q } else { (p - q) * g >= 0.0 }, "{p} to {q} at {g}");
        }
    });
}

/// Parameters whose gradients never outweigh the penalty are exactly zero.
#[test]
fn ftrl_is_sparse() {
    let optimizer = Ftrl { lr: 0.5, l1: 3.0, ..Ftrl::default() };
    let mut clock = 0;
    let (mut params, mut z, mut n) = ([0.0f32; 2], [0.0; 2], [0.0; 2]);
    optimizer.init(&params, [&mut z, &mut n]).unwrap();
    for t in 0..40 {
        let noise = if t % 2 == 0 { 1.0 } else { -1.0 };
        optimizer.tick(&mut clock).unwrap().apply(&mut params, &[noise, -1.0], [&mut z, &mut n]).unwrap();
        assert_eq!(params[0], 0.0);
    }
    assert!(params[1] > 0.5, "{params:?}");
}

#[test]
fn asgd_averages_from_t0_on() {
    let optimizer = Asgd { lr: 0.1, t0: 4.0, ..Asgd::default() };
    let mut seen: Vec<f64> = Vec::new();
    let mut t = 0;
    watch(run(optimizer), 107, |_, after, _| {
        t += 1;
        // Until then it follows the parameters.
        if t <= 6 {
            assert_eq!(after.state[0], after.params);
            seen.clear();
        }
        seen.push(after.params[0].into());
        let mean = seen.iter().sum::<f64>() / seen.len() as f64;
        assert!((f64::from(after.state[0][0]) - mean).abs() <= tolerance::MEAN * mean.abs().max(100.0), "step {t}");
    });
    assert_eq!(t, STEPS);
}

/// A decoupled decay takes the same share of a parameter whatever the gradients are; one in the gradient does not.
#[test]
fn decoupled_decay_is_apart_from_the_gradient() {
    let shrunk = |run: Run, factor: f32| {
        let mut run = run;
        let mut tensor = Tensor::new(&run, &[1024.0]);
        let step = run.tick(None).unwrap();
        tensor.apply_on(Backend::active(), &step, &[factor]);
        1024.0 - tensor.params[0]
    };
    let adamw = || run(AdamW { lr: 0.5, weight_decay: 0.25, eps: 0.0, ..AdamW::default() });
    let adam = || run(Adam { lr: 0.5, weight_decay: 0.25, eps: 0.0, ..Adam::default() });
    for factor in [1e-3, 1.0, 1e6] {
        assert!((shrunk(adamw(), factor) - 128.5).abs() <= tolerance::DIFFERENCE, "{factor}");
        assert!((shrunk(adam(), factor) - 0.5).abs() <= tolerance::DIFFERENCE, "{factor}");
    }
}

/// A maximizer's step on −g is a minimizer's on g, bit for bit.
#[test]
fn maximizing_is_minimizing_the_negative() {
    macro_rules! pairs {
        ($($Optimizer:ident { $($field:ident: $value:expr)? })*) => {
            [$((
                run($Optimizer { $($field: $value,)? ..$Optimizer::default() }),
                run($Optimizer { $($field: $value,)? maximize: true, ..$Optimizer::default() }),
            )),*]
        };
    }
    let pairs = pairs! {
        Sgd {} Momentum { weight_decay: 0.1 } AdaGrad {} Adam { weight_decay: 0.1 } AdamW {} Lion { weight_decay: 0.1 }
        NAdam {} Rprop {} Adan {} Madgrad {} Ftrl {} ScheduleFreeAdamW {}
    };
    for (mut descending, mut ascending) in pairs {
        let mut source = Source::new(108);
        let params = source.many(N, Source::plain);
        let (mut first, mut second) = (Tensor::new(&descending, &params), Tensor::new(&ascending, &params));
        for _ in 0..5 {
            let grads = source.many(N, Source::bell);
            let negated: Vec<f32> = grads.iter().map(|g| -g).collect();
            first.apply_on(Backend::active(), &descending.tick(None).unwrap(), &grads);
            second.apply_on(Backend::active(), &ascending.tick(None).unwrap(), &negated);
            assert_eq!(first.params, second.params, "{}", ascending.hyper());
        }
        assert_ne!(first.params, params, "{}", descending.hyper());
    }
}
