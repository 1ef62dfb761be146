//! The golden runs of PyTorch, optax and the textbooks' rules.

use crate::common::{Run, Tensor, run, tolerance};
use gradstep::*;
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
struct Runs {
    params: Vec<f32>,
    grads: Vec<Vec<f32>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    case: String,
    params_f64: Vec<Vec<f64>>,
    /// What the system itself gives in float32.
    params_f32: Option<Vec<Vec<f64>>>,
}

/// The errors of a case in 2⁻²⁴ of max(|p|, |Δp|).
///
/// Of the step for the first two. An element that crosses zero makes them large, whoever computes it: its |p| is small
/// and its error is that of the numbers before. So two systems are compared by `rms_so_far`, relative to the largest
/// |p| and |Δp| that the element had so far.
struct Errors {
    max: f64,
    rms: f64,
    rms_so_far: f64,
}

/// The root mean square.
fn rms(errors: &[f64]) -> f64 {
    (errors.iter().map(|error| error * error).sum::<f64>() / errors.len() as f64).sqrt()
}

fn read(file: &str) -> Runs {
    let path = format!("{}/tests/data/{file}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The errors of a trajectory of parameters, one row a step.
fn errors(runs: &Runs, case: &Case, found: &[Vec<f64>]) -> Errors {
    assert_eq!(found.len(), case.params_f64.len(), "{}", case.case);
    let relative = |error: f64, scale: f64| if error == 0.0 { 0.0 } else { error / (tolerance::UNIT * scale) };
    let (mut of_step, mut so_far) = (Vec::new(), Vec::new());
    for (i, &start) in runs.params.iter().enumerate() {
        let mut before = f64::from(start);
        let mut largest = before.abs();
        for (found, expected) in found.iter().zip(&case.params_f64).map(|(found, expected)| (found[i], expected[i])) {
            let scale = expected.abs().max((expected - before).abs());
            largest = largest.max(scale);
            let error = (found - expected).abs();
            of_step.push(relative(error, scale));
            so_far.push(relative(error, largest));
            before = expected;
        }
    }
    // A NaN would hide in `max`; it shows in the rms.
    Errors { max: of_step.iter().copied().fold(0.0, f64::max), rms: rms(&of_step), rms_so_far: rms(&so_far) }
}

fn trajectory(runs: &Runs, optimizer: &dyn Run) -> Vec<Vec<f64>> {
    let mut optimizer = optimizer.restart();
    let mut tensor = Tensor::new(&*optimizer, &runs.params);
    let mut step = |grads: &Vec<f32>| {
        let step = optimizer.tick(None).unwrap();
        tensor.apply_on(Backend::active(), &*step, grads);
        tensor.params.iter().map(|&p| p.into()).collect()
    };
    runs.grads.iter().map(&mut step).collect()
}

/// Runs every case of a file that `optimizers` names. A case that is neither there nor in `others` fails.
fn hold_against(file: &str, optimizers: Vec<(&str, Box<dyn Run>)>, others: &[&str]) {
    let runs = read(file);
    let known: Vec<&str> = optimizers.iter().map(|(name, _)| *name).chain(others.iter().copied()).collect();
    let names: BTreeSet<&str> = runs.cases.iter().map(|case| case.case.as_str()).collect();
    assert_eq!(known.len(), names.len(), "{file}: a case is listed twice or left out");
    assert_eq!(BTreeSet::from_iter(known), names, "{file}: the cases here and in the file differ");

    println!(
        "{file}: errors in 2^-24 of max(|p|, |delta p|): max and rms of the step, rms so far; the system's float32"
    );
    let mut failures = Vec::new();
    for (name, optimizer) in &optimizers {
        let case = runs.cases.iter().find(|case| case.case == *name).unwrap();
        let ours = errors(&runs, case, &trajectory(&runs, &**optimizer));
        let mut line = format!("{name:28} {:7.2} {:6.3} {:6.3}", ours.max, ours.rms, ours.rms_so_far);
        let mut good = ours.max <= tolerance::GOLDEN_MAX && ours.rms_so_far <= tolerance::GOLDEN_RMS;
        if let Some(params_f32) = &case.params_f32 {
            let theirs = errors(&runs, case, params_f32);
            let ratio = ours.rms_so_far / theirs.rms_so_far;
            line += &format!("  {:7.2} {:6.3} {:6.3}", theirs.max, theirs.rms, theirs.rms_so_far);
            line += &format!("  ratio {:.3} {ratio:.3}", ours.rms / theirs.rms);
            good &= ratio <= tolerance::GOLDEN_VERSUS_TORCH;
        }
        println!("{line}");
        if !good {
            failures.push(line);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn torch() {
    let sgd = Sgd { lr: 0.1, ..Sgd::torch() };
    let momentum = Momentum { lr: 0.1, ..Momentum::torch() };
    let rms_prop = RmsProp::torch();
    let centered = RmsProp { decay: 0.9, eps: 1e-3, ..rms_prop };
    let optimizers = vec![
        ("sgd", run(sgd)),
        ("sgd_weight_decay", run(Sgd { weight_decay: 0.01, ..sgd })),
        ("sgd_maximize", run(Sgd { maximize: true, ..sgd })),
        ("sgd_momentum", run(momentum)),
        ("sgd_momentum_dampening", run(Momentum { dampening: 0.5, ..momentum })),
        ("sgd_momentum_weight_decay", run(Momentum { weight_decay: 0.01, ..momentum })),
        ("sgd_nesterov", run(Momentum { nesterov: true, ..momentum })),
        ("adagrad", run(AdaGrad::torch())),
        ("adagrad_lr_decay", run(AdaGrad { lr_decay: 0.05, weight_decay: 0.01, ..AdaGrad::torch() })),
        ("adagrad_initial_accumulator", run(AdaGrad { initial_accumulator: 0.1, eps: 1e-7, ..AdaGrad::torch() })),
        ("rmsprop", run(rms_prop)),
        ("rmsprop_momentum", run(RmsProp { decay: 0.9, ..rms_prop }.with_momentum(0.9))),
        ("rmsprop_centered", run(centered.centered())),
        ("rmsprop_centered_momentum", run(RmsProp { weight_decay: 0.01, ..centered }.centered().with_momentum(0.5))),
        ("adam", run(Adam::torch())),
        ("adam_weight_decay", run(Adam { weight_decay: 0.01, ..Adam::torch() })),
        ("adam_large_beta2", run(Adam { lr: 0.01, beta1: 0.8, beta2: 0.9999, eps: 1e-6, ..Adam::torch() })),
        ("adamw", run(AdamW::torch())),
        ("adamw_maximize", run(AdamW { lr: 0.01, weight_decay: 0.1, maximize: true, ..AdamW::torch() })),
        ("adadelta", run(AdaDelta::torch())),
        ("amsgrad", run(AmsGrad::torch())),
        ("adamw_amsgrad", run(AmsGrad { lr: 0.01, weight_decay: 0.1, ..AmsGrad::torch_adamw() })),
        ("adamax", run(Adamax::torch())),
        ("nadam", run(NAdam::torch())),
        ("nadamw", run(NAdam { weight_decay: 0.01, decoupled_weight_decay: true, ..NAdam::torch() })),
        ("radam", run(RAdam::torch())),
        ("rprop", run(Rprop::torch())),
        ("asgd", run(Asgd { t0: 3.0, ..Asgd::torch() })),
    ];
    hold_against("torch", optimizers, &[]);
}

#[test]
fn optax() {
    let optimizers = vec![
        ("lion", run(Lion { lr: 1e-3, weight_decay: 0.01, ..Lion::optax() })),
        ("sign_sgd", run(SignSgd::optax())),
        ("adabelief", run(AdaBelief::optax())),
        ("yogi", run(Yogi::optax())),
        ("adan", run(Adan::optax())),
        ("amsgrad", run(AmsGrad::optax())),
        ("nadam", run(NAdam::optax())),
        ("nadamw", run(NAdam { weight_decay: 0.01, ..NAdam::optax_nadamw() })),
        ("adamax", run(Adamax { lr: 1e-3, ..Adamax::optax() })),
        ("radam", run(RAdam::optax())),
        ("adagrad", run(AdaGrad::optax())),
        ("rmsprop", run(RmsProp::optax())),
        (
            "rmsprop_centered_momentum",
            run(RmsPropCenteredMomentum {
                lr_in_buffer: true,
                ..RmsProp { eps_root: 1e-3, ..RmsProp::optax() }.centered().with_momentum(0.9)
            }),
        ),
        ("adadelta", run(AdaDelta::torch())),
        ("rprop", run(Rprop::optax())),
        ("ademamix", run(AdEmaMix::optax())),
        ("adopt", run(Adopt::optax())),
        ("schedule_free_sgd", run(ScheduleFreeSgd { lr: 0.1, ..ScheduleFreeSgd::default() })),
        ("schedule_free_adamw", run(ScheduleFreeAdamW::default())),
    ];
    // They take a number or a matrix from the whole tensor, so they are no element-wise rules.
    let other_families = ["lamb", "lars", "novograd", "prodigy", "sm3", "adafactor"];
    hold_against("optax", optimizers, &other_families);
}

#[test]
fn textbook() {
    let optimizers = vec![
        ("gd", run(Sgd::textbook())),
        ("momentum", run(HeavyBall::textbook())),
        ("nesterov", run(Nesterov::textbook())),
        ("adagrad_formula", run(AdaGrad::textbook())),
        ("adagrad_code", run(AdaGrad::default())),
        ("rmsprop", run(RmsProp::textbook())),
        ("adam_formula", run(Adam::textbook())),
        ("adam_code", run(Adam::keras())),
    ];
    hold_against("textbook", optimizers, &[]);
}
