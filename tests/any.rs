//! Optimizers by name: names, fields, presets, slots and clocks as data.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic is how a test fails")]

use gradstep::any::{AnyOptimizer, AnyStart};
use gradstep::optim::{ClockData, Kind, Value};
use gradstep::*;

/// The names of torch, optax, Keras and timm, each with the hyper-parameters that it stands for.
#[test]
fn names_of_libraries() {
    let names: [(&str, AnyOptimizer); 16] = [
        ("adamw", AdamW::DEFAULT.into()),
        ("AdamW", AdamW::DEFAULT.into()),
        ("adam", Adam::DEFAULT.into()),
        ("rmsprop", RmsProp::DEFAULT.into()),
        ("RMSprop", RmsProp::DEFAULT.into()),
        ("adagrad", AdaGrad::DEFAULT.into()),
        ("adadelta", AdaDelta::DEFAULT.into()),
        ("sgd", Sgd::DEFAULT.into()),
        ("lion", Lion::DEFAULT.into()),
        ("nadam", NAdam::DEFAULT.into()),
        ("nadamw", NAdam::optax_nadamw().into()),
        ("sign_sgd", SignSgd::DEFAULT.into()),
        ("schedule-free adamw", ScheduleFreeAdamW::DEFAULT.into()),
        ("optimistic_gradient_descent", OptimisticSgd::DEFAULT.into()),
        ("optimistic_adam_v2", OptimisticAdam::DEFAULT.into()),
        ("simplified_ademamix", SimplifiedAdEmaMix::DEFAULT.into()),
    ];
    for (name, optimizer) in names {
        assert_eq!(AnyOptimizer::from_name(name).unwrap(), optimizer, "{name}");
    }
}

#[test]
fn every_type_is_found_by_its_name_and_no_name_is_taken_twice() {
    for (name, optimizer) in AnyOptimizer::NAMES.iter().zip(AnyOptimizer::ALL) {
        assert_eq!(AnyOptimizer::from_name(name).unwrap(), *optimizer);
        assert_eq!(optimizer.name(), *name);
        assert_eq!(AnyOptimizer::from_name(&name.to_lowercase()).unwrap(), *optimizer);
    }
    let mut names: Vec<String> = AnyOptimizer::NAMES.iter().map(|name| name.to_lowercase()).collect();
    macro_rules! aliases {
        ($($Optimizer:ident: $slots:literal,)*) => {
            $(names.extend($Optimizer::ALIASES.iter().map(|alias| alias.name.replace(['_', '-', ' '], "").to_lowercase()));)*
        };
    }
    for_each_optimizer!(aliases);
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "a name stands for two optimizers");
}

/// What is unknown or of another type is an error that lists what exists, and nothing changes.
#[test]
fn unknown_names() {
    let error = AnyOptimizer::from_name("adamz").unwrap_err();
    assert_eq!(error, Error::Unknown { what: Named::Optimizer, known: AnyOptimizer::NAMES });
    assert!(error.to_string().contains("AdamW") && error.to_string().contains("Lion"), "{error}");

    let mut optimizer = AnyOptimizer::from_name("lion").unwrap();
    let before = optimizer;
    let fields: &[&str] = &["lr", "beta1", "beta2", "weight_decay", "decay_form", "maximize"];
    let unknown = Error::Unknown { what: Named::Field, known: fields };
    assert_eq!(optimizer.set("learning_rate", 0.1), Err(unknown));
    assert_eq!(optimizer.get("eps"), Err(unknown));
    assert_eq!(optimizer.set("lr", true), Err(Error::FieldType { name: "lr", expected: "f64" }));
    assert_eq!(optimizer.set("maximize", 1.0), Err(Error::FieldType { name: "maximize", expected: "bool" }));
    let forms: &[&str] = &["coupled", "decoupled", "fixed", "in_update"];
    let unknown = Error::Unknown { what: Named::Choice, known: forms };
    assert_eq!(optimizer.set("decay_form", "decoupeld"), Err(unknown));
    assert_eq!(unknown.to_string(), "no choice has this name; the names are coupled, decoupled, fixed, in_update");
    let presets: &[&str] = &["paper", "optax", "keras"];
    assert_eq!(optimizer.preset("torch"), Err(Error::Unknown { what: Named::Preset, known: presets }));
    assert_eq!(optimizer, before);
}

/// Every field can be read, set to another value and read again; a bad value is refused when a step begins.
#[test]
fn fields_by_name() {
    for optimizer in AnyOptimizer::ALL {
        for field in optimizer.fields() {
            assert_eq!(optimizer.get(field.name).unwrap(), field.value);
            let mut other = *optimizer;
            let value = match field.value {
                Value::Number(number) => Value::Number(number * 0.5 + 0.1875),
                Value::Flag(flag) => Value::Flag(!flag),
                Value::Count(count) => Value::Count(count + 1),
                Value::Choice(choice) => Value::Choice(if choice == "fixed" { "coupled" } else { "fixed" }),
                _ => panic!("a new kind of value"),
            };
            other.set(field.name, value).unwrap();
            assert_ne!(other, *optimizer);
            assert_eq!(other.get(field.name).unwrap(), value);
            if let Kind::Number(range) = field.kind {
                other.set(field.name, f64::NAN).unwrap();
                let error = other.begin(&other.clock()).unwrap_err();
                assert!(matches!(error, Error::HyperParameter { name, .. } if name == field.name), "{error} {range}");
            }
        }
        for preset in optimizer.presets() {
            assert_eq!(optimizer.preset(preset).unwrap().name(), optimizer.name());
        }
    }
}

/// A step through `any` gives the bits of a step through the type.
#[test]
fn the_same_bits_as_the_type() {
    macro_rules! compare {
        ($($Optimizer:ident: $slots:literal,)*) => {$({
            let (typed, any) = ($Optimizer::DEFAULT, AnyOptimizer::from($Optimizer::DEFAULT));
            let grads: [f32; 37] = std::array::from_fn(|i| (i as f32).sin());
            let (mut p, mut q) = ([0.5; 37], [0.5; 37]);
            let lens = <$Optimizer as Optimizer<$slots>>::SLOTS.map(|slot| slot.extent.len(&Shape::vector(37)));
            let (mut s, mut r) = (lens.map(|len| vec![9.0f32; len]), lens.map(|len| vec![9.0f32; len]));
            typed.init(&p, s.each_mut().map(|slot| &mut slot[..])).unwrap();
            any.init(&q, &mut r).unwrap();
            let (mut clock, mut data) = (Default::default(), any.clock());
            for _ in 0..5 {
                let step = typed.begin(&clock).unwrap().loss(0.5);
                let state = s.each_mut().map(|slot| &mut slot[..]);
                step.apply(&mut p, &grads, state).unwrap().commit(&mut clock).unwrap();
                let step = any.begin(&data).unwrap().loss(0.5);
                step.apply(&mut q, &grads, &mut r).unwrap().commit(&mut data).unwrap();
            }
            assert_eq!((p, s), (q, r), "{}", any.name());
            assert_eq!(data, gradstep::optim::Clock::save(&clock), "{}", any.name());
        })*};
    }
    for_each_optimizer!(compare);
}

/// Slots have the names of checkpoints, and `init` fills them with what they say.
#[test]
fn slots_as_data() {
    let names =
        |name: &str| -> Vec<&str> { AnyOptimizer::from_name(name).unwrap().slots().map(|slot| slot.name).collect() };
    assert_eq!(names("adam"), ["exp_avg", "exp_avg_sq"]);
    assert_eq!(names("amsgrad"), ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]);
    assert_eq!(names("momentum"), ["momentum_buffer"]);
    assert_eq!(names("adagrad"), ["sum"]);
    assert_eq!(names("rmsprop"), ["square_avg"]);
    for optimizer in AnyOptimizer::ALL {
        let params = [3.0f32; 5];
        let lens = optimizer.slots().map(|slot| slot.extent.len(&Shape::vector(5)));
        let mut state: Vec<_> = lens.map(|len| vec![f32::NAN; len]).collect();
        optimizer.init(&params, &mut state).unwrap();
        for (slot, values) in optimizer.slots().zip(state) {
            let start = match slot.start {
                AnyStart::Value(value) => value,
                AnyStart::Params => 3.0,
            };
            assert!(values.iter().all(|&value| value == start), "{} {}", optimizer.name(), slot.name);
        }
    }
}

/// Too few or too many slots, and a clock that no run reaches, are errors that write nothing.
#[test]
fn refused_calls() {
    let adam = AnyOptimizer::from_name("adam").unwrap();
    let (mut params, mut slot) = ([1.0f32], [0.5f32]);
    let step = adam.tick(&mut adam.clock()).unwrap();
    let error = Error::SlotCount { expected: 2, found: 1 };
    assert_eq!(step.apply(&mut params, &[1.0], &mut [&mut slot]).err(), Some(error));
    assert_eq!(adam.init(&params, &mut [&mut slot]), Err(error));
    assert_eq!((params, slot), ([1.0], [0.5]));

    let nadam = AnyOptimizer::from_name("nadam").unwrap();
    let mut clock = ClockData { values: [-3.0, 0.0, 0.0], ..nadam.clock() };
    let before = clock;
    assert!(matches!(nadam.tick(&mut clock), Err(Error::Clock { name: "mu_product", value: -3.0, .. })));
    assert_eq!(clock, before);
}
