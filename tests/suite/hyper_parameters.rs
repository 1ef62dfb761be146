//! Presets, options and what hyper-parameters may not hold.

use crate::common::values::Source;
use crate::common::{Run, Tensor, registry};
use gradstep::{Backend, Error};
use std::collections::{BTreeMap, BTreeSet};

/// The fields of an optimizer and their values, read from its Debug form; nested structs' too.
fn fields(hyper: &str) -> Vec<(&str, &str)> {
    let tokens: Vec<&str> = hyper.split([' ', ',', '{', '}']).filter(|token| !token.is_empty()).collect();
    let named = |pair: &[&'_ str]| pair[0].ends_with(':');
    tokens.windows(2).filter(|pair| named(pair)).map(|pair| (pair[0].trim_end_matches(':'), pair[1])).collect()
}

/// Whether a value is printed as a float; integers have neither point nor exponent.
fn is_float(value: &str) -> bool {
    value.parse::<f64>().is_ok() && value.parse::<i64>().is_err()
}

#[test]
fn presets_hold_the_documented_values() {
    for entry in registry() {
        assert!(!entry.presets.is_empty(), "{} has no documented default", entry.name);
        assert_eq!(entry.presets[0].0, entry.variants[0].hyper(), "the first preset is the default");
        for (preset, values) in &entry.presets {
            assert_eq!(preset, values);
        }
    }
}

#[test]
fn every_field_takes_two_values_in_the_tests() {
    for entry in registry() {
        let hyper: Vec<String> = entry.variants.iter().map(|variant| variant.hyper()).collect();
        let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, value) in hyper.iter().flat_map(|hyper| fields(hyper)) {
            values.entry(name).or_default().insert(value);
        }
        for (name, values) in values {
            let nested = values.iter().any(|value| value.starts_with(char::is_uppercase));
            assert!(nested || values.len() > 1, "{}: {name} is always {values:?}", entry.name);
        }
    }
}

#[test]
fn invalid_values_are_refused_by_name() {
    for entry in registry() {
        let default = entry.variants[0].hyper();
        let floats: BTreeSet<&str> =
            fields(&default).into_iter().filter(|(_, value)| is_float(value)).map(|(name, _)| name).collect();
        let tested: BTreeSet<&str> = entry.invalid.iter().map(|(_, name)| *name).collect();
        assert_eq!(floats, tested, "{}: the fields and the invalid cases differ", entry.name);
        for (bad, expected) in &entry.invalid {
            let mut run = bad.restart();
            let clock = run.clock();
            let Err(error) = run.tick(None) else { panic!("accepted: {}", run.hyper()) };
            assert_names(&error, expected, &**bad);
            assert_eq!(run.clock(), clock, "{}", run.hyper());

            let mut state = vec![vec![7.0; 3]; run.slots()];
            if let Err(error) = run.init(&[1.0; 3], state.iter_mut().map(|slot| &mut slot[..]).collect()) {
                assert_names(&error, expected, &**bad);
                assert_eq!(state, vec![vec![7.0; 3]; run.slots()], "{}", run.hyper());
            }
        }
    }
}

#[track_caller]
fn assert_names(error: &Error, expected: &str, bad: &dyn Run) {
    let Error::HyperParameter { name, value, .. } = *error else { panic!("{error}: {}", bad.hyper()) };
    assert_eq!(name, expected, "{}", bad.hyper());
    assert!(fields(&bad.hyper()).contains(&(name, &format!("{value:?}"))), "{error}: {}", bad.hyper());
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

/// A learning rate near the largest f32: its coefficients are finite, or it is refused.
#[test]
fn huge_learning_rates() {
    for entry in registry() {
        for lr in [1e30, 1e38, 3.4e38] {
            let mut run = (entry.with_lr)(lr);
            let mut tensor = Tensor::new(&*run, &[0.0; 3]);
            match run.tick(None) {
                Ok(step) => {
                    tensor.apply_on(Backend::active(), &*step, &[0.0; 3]);
                    assert!(tensor.params.iter().all(|p| p.is_finite()), "{}", run.hyper());
                }
                Err(error) => assert!(matches!(error, Error::HyperParameter { .. }), "{}", run.hyper()),
            }
        }
    }
}

/// A learning rate of zero moves nothing; FTRL divides by it and refuses.
#[test]
fn zero_learning_rate() {
    let mut source = Source::new(61);
    for entry in registry() {
        let mut run = (entry.with_lr)(0.0);
        let params = source.many(23, Source::plain);
        let mut tensor = Tensor::new(&*run, &params);
        for _ in 0..3 {
            match run.tick(None) {
                Ok(step) => tensor.apply_on(Backend::active(), &*step, &source.many(23, Source::plain)),
                Err(error) => {
                    assert!(
                        entry.name == "Ftrl" && matches!(error, Error::HyperParameter { name: "lr", .. }),
                        "{error}"
                    );
                }
            }
        }
        assert_eq!(tensor.params, params, "{}", run.hyper());
    }
}
