//! NaN and infinities reach the parameter, and what is switched off takes no part.

use gradstep::Backend;
use gradstep_testkit::{Run, Tensor, registry};

/// An optimizer after twelve steps of one element, and the step to come. Some rules do not read all slots before.
fn midway(run: &Run) -> (gradstep_testkit::Step, Tensor) {
    let mut run = run.restart();
    let mut tensor = Tensor::new(&run, &[0.7]);
    for g in [0.5, -0.3, 0.4, 0.1, -0.2, 0.6, 0.2, 0.3, -0.1, 0.2, 0.5, 0.4] {
        let step = run.tick(None).unwrap();
        tensor.apply_on(Backend::Scalar, &step, &[g]);
    }
    (run.tick(None).unwrap(), tensor)
}

/// Whether the formula of p does not read an input: `p`, `g`, or a slot from 0 on.
fn is_unread(name: &str, hyper: &str, input: &str) -> bool {
    match (name, input) {
        // The average of the parameters.
        ("Asgd", "slot 0") => true,
        // The largest v stays where v is NaN, as after a square that has overflowed. A gradient's NaN is in m too.
        ("AmsGrad", "slot 1") => true,
        // The variance is never known.
        ("RAdam", "slot 1") => hyper.contains("beta2: 0.0,"),
        // It centers the variance that the next step divides by.
        ("AcProp", "slot 0") => true,
        // It moves by the gradient before.
        ("Rprop", "g") => hyper.contains("delayed: true"),
        // With a momentum of 0 the parameter is the point that dual averaging gives, and n⁰ is 1.
        ("Madgrad", "p") => hyper.contains("momentum: 0.0,"),
        // NaN⁰ is 1.
        ("AdaHessian", "slot 1" | "slot 2") => hyper.contains("hessian_power: 0.0,"),
        ("Ftrl", "slot 1") => hyper.contains("power: 0.0,"),
        _ => false,
    }
}

#[test]
fn infinite_parameters_stay_where_decay_is_off() {
    for entry in registry() {
        let (step, mut tensor) = midway(&entry.variants[0]);
        // FTRL, MADGRAD, COCOB and schedule-free rules compute p from their state.
        let computed = ["Ftrl", "Madgrad", "Cocob", "ScheduleFreeSgd", "ScheduleFreeAdamW", "Asgd"];
        if computed.contains(&entry.name) || !entry.variants[0].hyper().contains("weight_decay: 0.0,") {
            continue;
        }
        tensor.params[0] = f32::INFINITY;
        tensor.apply_on(Backend::Scalar, &step, &[0.2]);
        assert_eq!(tensor.params, [f32::INFINITY], "{}", entry.name);
    }
}

#[test]
fn nan_in_any_input_reaches_the_parameter() {
    let mut wrong = Vec::new();
    for entry in registry() {
        for variant in &entry.variants {
            let (step, start) = midway(variant);
            let hyper = variant.hyper();
            for input in 0..2 + variant.slots() {
                let (mut tensor, mut g) = (start.clone(), 0.2);
                let name = match input {
                    0 => "p".to_owned(),
                    1 => "g".to_owned(),
                    slot => format!("slot {}", slot - 2),
                };
                match input {
                    0 => tensor.params[0] = f32::NAN,
                    1 => g = f32::NAN,
                    slot => tensor.state[slot - 2][0] = f32::NAN,
                }
                tensor.apply_on(Backend::Scalar, &step, &[g]);
                if tensor.params[0].is_nan() == is_unread(entry.name, &hyper, &name) {
                    wrong.push(format!("NaN in {name} of {hyper}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
