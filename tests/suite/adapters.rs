//! Adapters against the same done by hand in plain f32 before the step: bit-equal.

use gradstep::optim::MomentumDirection;
use gradstep::rule::{Adapter, ClipByValue, DecayedDescent, DecoupledDecay, Rule};
use gradstep::*;
use gradstep_testkit::values::Source;
use gradstep_testkit::{Adapters, Tensor, assert_same_bits, backends, registry};

fn clip(g: f32, limit: f32) -> f32 {
    if g < -limit {
        -limit
    } else if g > limit {
        limit
    } else {
        g
    }
}

/// A penalty that is off does nothing, even where the parameter is infinite.
fn l2(g: f32, weight_decay: f32, p: f32) -> f32 {
    if weight_decay == 0.0 { g } else { g + weight_decay * p }
}

/// The same of a decay.
fn shrunk(p: f32, rate: f32) -> f32 {
    if rate == 0.0 { p } else { p - rate * p }
}

#[test]
fn the_chain_is_what_it_says_for_every_optimizer() {
    const N: usize = 61;
    let mut source = Source::new(11);
    for entry in registry() {
        for adapters in &Adapters::EACH_AND_ALL {
            for backend in backends() {
                let mut run = entry.variants[0].restart();
                let mut fused = Tensor::new(&run, &source.many(N, Source::mixed));
                let mut by_hand = fused.clone();
                for t in 1..=3 {
                    let grads = source.many(N, Source::mixed);
                    let mut plain = run.clone();
                    fused.apply_on(backend, &run.tick(Some(adapters)).unwrap(), &grads);

                    let sign = if adapters.maximize { -1.0 } else { 1.0 };
                    let adapted: Vec<f32> = (grads.iter().zip(&by_hand.params))
                        .map(|(&g, &p)| {
                            let g = clip(adapters.scale as f32 * g, adapters.clip as f32);
                            l2(sign * g, adapters.weight_decay as f32, p)
                        })
                        .collect();
                    for p in &mut by_hand.params {
                        *p = shrunk(*p, adapters.decay as f32);
                    }
                    by_hand.apply_on(Backend::Scalar, &plain.tick(None).unwrap(), &adapted);
                    fused.assert_same_bits(&by_hand, |i| {
                        format!("step {t} on {backend}: g {:e}, {}\n{adapters:?}", grads[i], run.hyper())
                    });
                }
            }
        }
    }
}

/// The parameters after one step of a rule, from the same start.
fn stepped<U: Rule<1>, A: Adapter>(rule: Step<U, A>, params: &[f32], grads: &[f32]) -> Result<Vec<f32>, Error> {
    let mut params = params.to_vec();
    let mut state = vec![0.25; params.len()];
    rule.apply(&mut params, grads, [&mut state])?;
    Ok(params)
}

fn rule() -> Step<DecayedDescent<MomentumDirection>> {
    Momentum { lr: 0.5, momentum: 0.75, ..Momentum::default() }.tick(&mut 0).unwrap()
}

#[test]
fn each_method_alone() {
    let mut source = Source::new(12);
    let (params, grads) = (source.many(61, Source::mixed), source.many(61, Source::mixed));
    let by_hand = |grad: &dyn Fn(f32, f32) -> f32, param: &dyn Fn(f32) -> f32| {
        let grads: Vec<f32> = grads.iter().zip(&params).map(|(&g, &p)| grad(g, p)).collect();
        let params: Vec<f32> = params.iter().map(|&p| param(p)).collect();
        stepped(rule(), &params, &grads).unwrap()
    };
    let same = |found: Result<Vec<f32>, Error>, expected: Vec<f32>| {
        assert_same_bits(&found.unwrap(), &expected, |i| format!("p {:e}, g {:e}", params[i], grads[i]));
    };
    same(stepped(rule().scale_grads(-0.3), &params, &grads), by_hand(&|g, _| -0.3 * g, &|p| p));
    same(stepped(rule().scale_grads(0.0), &params, &grads), by_hand(&|g, _| 0.0 * g, &|p| p));
    same(stepped(rule().clip_by_value(0.3), &params, &grads), by_hand(&|g, _| clip(g, 0.3), &|p| p));
    same(stepped(rule().clip_by_value(0.0), &params, &grads), by_hand(&|g, _| clip(g, 0.0), &|p| p));
    same(stepped(rule().l2(0.07), &params, &grads), by_hand(&|g, p| g + 0.07 * p, &|p| p));
    same(stepped(rule().l2(0.0), &params, &grads), by_hand(&|g, _| g, &|p| p));
    same(stepped(rule().decoupled_decay(0.003), &params, &grads), by_hand(&|g, _| g, &|p| p - 0.003 * p));
    same(stepped(rule().maximize(), &params, &grads), by_hand(&|g, _| -g, &|p| p));
}

/// Adapters of gradients act in the order in which they were added, and the decay does not change what they see.
#[test]
fn order() {
    let (params, grads) = ([2.0f32], [8.0f32]);
    // The rule takes 0.5 · (0.75 · 0.25 + g) off the parameter.
    let expect = |found: Result<Vec<f32>, Error>, g: f32, p: f32| {
        assert_eq!(found, Ok(vec![p - 0.5 * (0.1875 + g)]));
    };
    expect(stepped(rule().scale_grads(0.25).clip_by_value(1.5), &params, &grads), 1.5, 2.0);
    expect(stepped(rule().clip_by_value(1.5).scale_grads(0.25), &params, &grads), 0.375, 2.0);
    expect(stepped(rule().l2(0.5).clip_by_value(1.5), &params, &grads), 1.5, 2.0);
    expect(stepped(rule().clip_by_value(1.5).l2(0.5), &params, &grads), 2.5, 2.0);
    expect(stepped(rule().maximize().l2(0.5), &params, &grads), -7.0, 2.0);
    expect(stepped(rule().l2(0.5).maximize(), &params, &grads), -9.0, 2.0);
    expect(stepped(rule().decoupled_decay(0.25).l2(0.5), &params, &grads), 9.0, 1.5);
    expect(stepped(rule().l2(0.5).decoupled_decay(0.25), &params, &grads), 9.0, 1.5);
    expect(stepped(rule().decoupled_decay(0.25).decoupled_decay(0.5), &params, &grads), 8.0, 0.75);
}

#[test]
fn invalid_arguments_are_refused_and_nothing_is_written() {
    fn refuses<U: Rule<1>, A: Adapter>(rule: Step<U, A>, expected: &str) {
        for backend in backends() {
            let (mut params, mut state) = ([1.5f32; 9], [0.25f32; 9]);
            match rule.apply_on(backend, &mut params, &[3.0; 9], [&mut state]) {
                Err(Error::HyperParameter { name, .. }) => assert_eq!(name, expected),
                other => panic!("{expected}: {other:?}"),
            }
            assert_eq!((params, state), ([1.5; 9], [0.25; 9]));
        }
    }
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e39, -1e39] {
        refuses(rule().scale_grads(bad), "scale_grads");
        refuses(rule().clip_by_value(bad), "clip_by_value");
        refuses(rule().l2(bad), "weight_decay");
        refuses(rule().decoupled_decay(bad), "decoupled_decay");
        // Wherever it stands in the chain, and whatever stands behind it.
        refuses(rule().scale_grads(bad).clip_by_value(1.0).maximize(), "scale_grads");
        refuses(rule().maximize().l2(0.1).decoupled_decay(bad), "decoupled_decay");
    }
    // f32 turns these into 0, which would drop the gradients or the decay without a word.
    for lost in [1e-50, 7e-46] {
        for backend in backends() {
            let (mut params, mut state) = ([1.5f32; 9], [0.25f32; 9]);
            let refused = |result: Result<(), Error>, expected: &str| {
                assert!(
                    matches!(result, Err(Error::Coefficient { name, value, .. }) if name == expected && value == lost)
                );
            };
            let (g, p, b) = (&[3.0; 9], &mut params, &mut state);
            refused(rule().clip_by_value(lost).apply_on(backend, p, g, [b]), "clip_by_value");
            refused(rule().l2(lost).apply_on(backend, p, g, [b]), "weight_decay");
            refused(rule().decoupled_decay(lost).apply_on(backend, p, g, [b]), "decoupled_decay");
            assert_eq!((params, state), ([1.5; 9], [0.25; 9]));
        }
    }
    // A factor that is smaller still: there are gradients that it leaves something of.
    for (lost, is_lost) in [(1e-50, false), (7e-46, false), (1e-85, true), (-1e-300, true)] {
        let result = stepped(rule().scale_grads(lost), &[1.5], &[3.0]);
        let refused = matches!(result, Err(Error::Coefficient { name: "scale_grads", value, .. }) if value == lost);
        assert_eq!((refused, result.is_err()), (is_lost, is_lost));
    }
    for negative in [-1e-3, -1.0] {
        refuses(rule().clip_by_value(negative), "clip_by_value");
        refuses(rule().l2(negative), "weight_decay");
        refuses(rule().decoupled_decay(negative), "decoupled_decay");
        assert!(stepped(rule().scale_grads(negative), &[1.0], &[1.0]).is_ok());
    }
}

#[test]
fn an_adapter_that_may_be_missing() {
    let mut source = Source::new(12);
    let [start, grads, buffer] = [(); 3].map(|()| source.many(61, Source::mixed));
    let momentum = Momentum::DEFAULT.tick(&mut 0).unwrap();
    type Apply<'a> = &'a dyn Fn(&mut [f32], &mut [f32]) -> Result<(), Error>;
    let result = |apply: Apply| {
        let (mut params, mut buffer) = (start.clone(), buffer.clone());
        apply(&mut params, &mut buffer).unwrap();
        [params, buffer].concat()
    };
    for (clip, decay) in [(None, None), (Some(0.3), None), (None, Some(0.01)), (Some(0.3), Some(0.01))] {
        let optional = momentum.with(clip.map(ClipByValue::new)).with(decay.map(DecoupledDecay::new));
        let found = result(&|p, b| optional.apply(p, &grads, [b]));
        let expected = result(&|p, b| match (clip, decay) {
            (None, None) => momentum.apply(p, &grads, [b]),
            (Some(clip), None) => momentum.clip_by_value(clip).apply(p, &grads, [b]),
            (None, Some(decay)) => momentum.decoupled_decay(decay).apply(p, &grads, [b]),
            (Some(clip), Some(decay)) => momentum.clip_by_value(clip).decoupled_decay(decay).apply(p, &grads, [b]),
        });
        assert_same_bits(&found, &expected, |i| format!("{clip:?} {decay:?} {i}"));
    }
    let refused = momentum.with(Some(ClipByValue::new(-1.0))).apply(&mut [1.0], &[1.0], [&mut [1.0]]);
    assert!(matches!(refused, Err(Error::HyperParameter { name: "clip_by_value", .. })));
}

/// A schedule and threads for any optimizer: what the traits promise.
#[test]
fn generic_code_sets_the_rate_and_runs_on_all_cores() {
    fn train<O: Optimizer<S>, const S: usize>(mut optimizer: O) -> Vec<f32> {
        let (mut params, grads, mut state) = (vec![1.0; 100], vec![0.5; 100], [(); S].map(|()| vec![0.0; 100]));
        optimizer.init(&params, state.each_mut().map(|slot| &mut slot[..])).unwrap();
        let mut clock = O::Clock::default();
        let first = optimizer.lr();
        for t in 0..3 {
            optimizer.set_lr(first / f64::from(1 + t));
            let step = optimizer.tick(&mut clock).unwrap();
            step.par_apply_all(&mut [gradstep::Tensor::new(&mut params, &grads, &mut state)]).unwrap();
        }
        params
    }
    assert_eq!(train(Sgd { lr: 0.5, ..Sgd::DEFAULT })[99], 1.0 - 0.25 - 0.125 - 0.25 / 3.0);
    assert!(train(Adam::DEFAULT)[0] < 1.0);
}
