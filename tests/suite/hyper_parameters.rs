//! Presets, options and what hyper-parameters may not hold.

use gradstep::any::AnyOptimizer;
use gradstep::optim::{Kind, Value};
use gradstep::{Backend, Error, RAdam, Range, Rprop};
use gradstep_testkit::values::Source;
use gradstep_testkit::{Run, Tensor, registry, run};

#[test]
fn presets_hold_the_documented_values() {
    for entry in registry() {
        let default = &entry.variants[0].optimizer;
        assert_eq!(entry.presets[0].0, *default, "the first preset is the default");
        for (preset, values) in &entry.presets {
            assert_eq!(preset, values);
        }
        for name in default.presets() {
            let preset = default.preset(name).unwrap();
            let known = entry.presets.iter().any(|(known, _)| *known == preset);
            assert!(known, "{}::{name}() has no documented values", entry.name);
        }
    }
}

#[test]
fn every_field_takes_two_values_in_the_tests() {
    for entry in registry() {
        let default = &entry.variants[0].optimizer;
        for field in default.fields() {
            let differs = entry.variants.iter().any(|variant| variant.optimizer.get(field.name) != Ok(field.value));
            assert!(differs, "{}: {} is always {:?}", entry.name, field.name, field.value);
        }
    }
}

/// Just outside a range, far outside, and no number at all.
fn outside(range: Range) -> Vec<f64> {
    let (least, largest) = range.limits();
    let below = if least == f64::from_bits(1) { 0.0 } else { least.next_down() };
    vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, below, -1e30, largest.next_up(), 1e39]
}

#[track_caller]
fn refused(optimizer: AnyOptimizer, expected: impl Fn(&Error) -> bool) {
    let mut bad = run(optimizer);
    let clock = bad.clock;
    let Err(error) = bad.tick(None) else { panic!("accepted: {}", bad.hyper()) };
    assert!(expected(&error), "{error}: {}", bad.hyper());
    assert_eq!(bad.clock, clock, "{}", bad.hyper());
    let mut state = vec![vec![7.0; 3]; bad.slots()];
    if bad.init(&[1.0; 3], state.iter_mut().map(|slot| &mut slot[..]).collect()).is_err() {
        assert_eq!(state, vec![vec![7.0; 3]; bad.slots()], "{}", bad.hyper());
    }
}

#[test]
fn invalid_values_are_refused_by_name() {
    let mut numbers = 0;
    for entry in registry() {
        for variant in &entry.variants {
            for field in variant.optimizer.fields() {
                let Kind::Number(range) = field.kind else { continue };
                assert!(!matches!(range, Range::Finite), "{} {}: its range is missing", entry.name, field.name);
                for bad in outside(range) {
                    let mut optimizer = variant.optimizer;
                    optimizer.set(field.name, bad).unwrap();
                    refused(optimizer, |error| match *error {
                        Error::HyperParameter { name, value, range: missed } => {
                            name == field.name && value.to_bits() == bad.to_bits() && missed == range
                        }
                        _ => false,
                    });
                }
                // In the range, but 0 in f32.
                let mut optimizer = variant.optimizer;
                optimizer.set(field.name, 1e-46).unwrap();
                refused(
                    optimizer,
                    |error| matches!(*error, Error::Coefficient { name, value, .. } if name == field.name && value == 1e-46),
                );
                numbers += 1;
            }
        }
    }
    assert!(numbers > 500, "{numbers}");
}

/// Bounds that the table of fields cannot hold.
#[test]
fn bounds_between_fields() {
    let missed = |name: &'static str, value: f64, least: f64| {
        move |error: &Error| *error == Error::HyperParameter { name, value, range: Range::AtLeast(least) }
    };
    refused(Rprop { step_min: 0.5, step_max: 0.25, ..Rprop::DEFAULT }.into(), missed("step_max", 0.25, 0.5));
    refused(Rprop { etaplus: 0.75, ..Rprop::DEFAULT }.into(), missed("etaplus", 0.75, 1.0));
    refused(RAdam { threshold: 3.5, ..RAdam::DEFAULT }.into(), missed("threshold", 3.5, 4.0));
}

/// A field of another type is refused and stays.
#[test]
fn fields_have_types() {
    for entry in registry() {
        let default = entry.variants[0].optimizer;
        for field in default.fields() {
            let mut changed = default;
            let wrong: Value = if matches!(field.kind, Kind::Flag) { 1.0.into() } else { true.into() };
            assert!(matches!(changed.set(field.name, wrong), Err(Error::FieldType { name, .. }) if name == field.name));
            assert_eq!(changed, default);
        }
    }
}

/// Every valid optimizer starts.
#[test]
fn variants_are_valid() {
    for entry in registry() {
        for variant in &entry.variants {
            let mut run = variant.restart();
            assert!(run.tick(None).is_ok(), "{}", run.hyper());
        }
    }
}

fn with_lr(run: &Run, lr: f64) -> Run {
    let mut run = run.restart();
    run.set_lr(lr);
    run
}

/// A learning rate near the largest f32: its coefficients are finite, or it is refused.
#[test]
fn huge_learning_rates() {
    for entry in registry() {
        for lr in [1e30, 1e38, 3.4e38] {
            let mut run = with_lr(&entry.variants[0], lr);
            let mut tensor = Tensor::new(&run, &[0.0; 3]);
            match run.tick(None) {
                Ok(step) => {
                    tensor.apply_on(Backend::active(), &step, &[0.0; 3]);
                    assert!(tensor.params.iter().all(|p| p.is_finite()), "{}", run.hyper());
                }
                Err(error) => assert!(matches!(error, Error::Coefficient { .. }), "{}", run.hyper()),
            }
        }
    }
}

/// A learning rate of zero moves nothing. FTRL divides by it and refuses; Rprop's smallest step must be zero too.
#[test]
fn zero_learning_rate() {
    let mut source = Source::new(61);
    for entry in registry() {
        let mut run = with_lr(&entry.variants[0], 0.0);
        match entry.name {
            "Ftrl" => {
                assert!(matches!(run.tick(None), Err(Error::HyperParameter { name: "lr", .. })));
                continue;
            }
            "Rprop" => run.optimizer.set("step_min", 0.0).unwrap(),
            _ => {}
        }
        let params = source.many(23, Source::plain);
        let mut tensor = Tensor::new(&run, &params);
        for _ in 0..3 {
            let step = run.tick(None).unwrap();
            tensor.apply_on(Backend::active(), &step, &source.many(23, Source::plain));
        }
        assert_eq!(tensor.params, params, "{}", run.hyper());
    }
}
