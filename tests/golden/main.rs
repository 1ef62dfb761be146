//! The golden runs of PyTorch, optax, timm and the textbooks' rules. Only the crate and its data are used, so these tests
//! run from the published package too.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod defaults;
mod forms;
mod libraries;
mod register;
mod states;
mod tolerance;

use gradstep::any::AnyOptimizer;
use gradstep::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
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
    /// The learning rate of each step, if it is not the same in all.
    lrs: Option<Vec<f64>>,
    /// Standard normal numbers of each step, for a rule that takes them.
    noise: Option<Vec<Vec<f32>>>,
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

fn read<T: DeserializeOwned>(file: &str) -> T {
    let path = format!("{}/tests/data/{file}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The errors of a trajectory of parameters, one row for each that is kept.
fn errors_of(start: &[f32], expected: &[Vec<f64>], found: &[Vec<f64>], name: &str) -> Errors {
    assert_eq!(found.len(), expected.len(), "{name}");
    let relative = |error: f64, scale: f64| if error == 0.0 { 0.0 } else { error / (tolerance::UNIT * scale) };
    let (mut of_step, mut so_far) = (Vec::new(), Vec::new());
    for (i, &start) in start.iter().enumerate() {
        let mut before = f64::from(start);
        let mut largest = before.abs();
        for (found, expected) in found.iter().zip(expected).map(|(found, expected)| (found[i], expected[i])) {
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

/// An optimizer as a case runs it.
struct Run {
    optimizer: AnyOptimizer,
    /// The learning rate with which timm's `corrected_weight_decay` was made: it scales the decay by `lr / max_lr`.
    corrected_decay: Option<f64>,
}

fn run(optimizer: impl Into<AnyOptimizer>) -> Run {
    Run { optimizer: optimizer.into(), corrected_decay: None }
}

/// The parameters after each step.
fn trajectory(runs: &Runs, case: &Case, run: &Run) -> Vec<Vec<f64>> {
    let mut optimizer = run.optimizer;
    let mut params = runs.params.clone();
    // `init` must overwrite whatever the slots held.
    let mut state = vec![vec![f32::NAN; params.len()]; optimizer.slots().count()];
    let mut slots: Vec<&mut [f32]> = state.iter_mut().map(|slot| &mut slot[..]).collect();
    optimizer.init(&params, &mut slots).unwrap();
    let mut clock = optimizer.clock();
    let mut rows = Vec::new();
    for (t, grads) in runs.grads.iter().enumerate() {
        if let Some(lrs) = &case.lrs {
            optimizer.set("lr", lrs[t]).unwrap();
            if let (Some(max_lr), Ok(optim::Value::Number(decay))) =
                (run.corrected_decay, run.optimizer.get("weight_decay"))
            {
                optimizer.set("weight_decay", decay * lrs[t] / max_lr).unwrap();
            }
        }
        if let Some(noise) = &case.noise {
            slots[0].copy_from_slice(&noise[t]);
        }
        optimizer.tick(&mut clock).unwrap().apply(&mut params, grads, &mut slots).unwrap();
        rows.push(params.iter().map(|&p| p.into()).collect());
    }
    rows
}

/// Runs every case of a file that `optimizers` names. A case that is neither there nor in `others` fails.
fn hold_against(file: &str, optimizers: Vec<(&str, Run)>, others: &[&str]) {
    let runs: Runs = read(file);
    let known: Vec<&str> = optimizers.iter().map(|(name, _)| *name).chain(others.iter().copied()).collect();
    let names: BTreeSet<&str> = runs.cases.iter().map(|case| case.case.as_str()).collect();
    assert_eq!(known.len(), names.len(), "{file}: a case is listed twice or left out");
    assert_eq!(BTreeSet::from_iter(known), names, "{file}: the cases here and in the file differ");

    println!(
        "{file}: errors in 2^-24 of max(|p|, |delta p|): max and rms of the step, rms so far; the library's float32"
    );
    let mut failures = Vec::new();
    for (name, optimizer) in &optimizers {
        let case = runs.cases.iter().find(|case| case.case == *name).unwrap();
        let ours = errors_of(&runs.params, &case.params_f64, &trajectory(&runs, case, optimizer), name);
        let mut line = format!("{name:28} {:7.2} {:6.3} {:6.3}", ours.max, ours.rms, ours.rms_so_far);
        let mut max = tolerance::MAX;
        let mut good = ours.rms_so_far <= tolerance::RMS;
        if let Some(params_f32) = &case.params_f32 {
            let theirs = errors_of(&runs.params, &case.params_f64, params_f32, name);
            let ratio = ours.rms_so_far / theirs.rms_so_far;
            line += &format!("  {:7.2} {:6.3} {:6.3}", theirs.max, theirs.rms, theirs.rms_so_far);
            line += &format!("  ratio {:.3} {ratio:.3}", ours.rms / theirs.rms);
            good &= ratio <= tolerance::VERSUS_LIBRARY;
            max = max.max(theirs.max * tolerance::VERSUS_LIBRARY);
        }
        good &= ours.max <= max;
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
        ("nadamw", run(NAdam { weight_decay: 0.01, decay_form: DecayForm::Decoupled, ..NAdam::torch() })),
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

#[test]
fn elementwise() {
    let optimistic_sgd = OptimisticSgd { lr: 0.1, ..OptimisticSgd::optax() };
    let optimistic_adam = OptimisticAdam::optax();
    let ad_ema_mix = SimplifiedAdEmaMix { lr: 1e-3, ..SimplifiedAdEmaMix::optax() };
    let nadamw = NAdam::timm_nadamw();
    let noisy = NoisySgd { lr: 0.1, ..NoisySgd::optax() };
    let adamaxw = AdamaxW::optax();
    let optimizers = vec![
        ("adamaxw", run(AdamaxW { lr: 2e-3, ..adamaxw })),
        ("adamaxw_decay", run(AdamaxW { lr: 0.01, beta1: 0.8, beta2: 0.99, eps: 1e-6, weight_decay: 0.1, ..adamaxw })),
        ("adamaxw_scheduled", run(AdamaxW { weight_decay: 0.05, ..adamaxw })),
        ("optimistic_gradient_descent", run(OptimisticSgd { lr: 0.05, ..optimistic_sgd })),
        ("optimistic_gradient_descent_generalized", run(OptimisticSgd { alpha: 0.75, beta: 1.5, ..optimistic_sgd })),
        ("optimistic_gradient_descent_scheduled", run(OptimisticSgd { beta: 0.5, ..optimistic_sgd })),
        ("optimistic_adam_v2", run(optimistic_adam)),
        (
            "optimistic_adam_v2_plain",
            run(OptimisticAdam {
                lr: 0.01,
                alpha: 0.5,
                beta: 2.0,
                beta1: 0.8,
                beta2: 0.99,
                eps: 1e-6,
                eps_root: 1e-8,
                nesterov: false,
                ..optimistic_adam
            }),
        ),
        ("optimistic_adam_v2_scheduled", run(OptimisticAdam { beta: 1.5, ..optimistic_adam })),
        // Its optimism is not multiplied by lr.
        ("optimistic_adam_v1", run(OptimisticAdam { beta: 5e-3 / 1e-3, ..optimistic_adam })),
        ("simplified_ademamix", run(ad_ema_mix)),
        (
            "simplified_ademamix_decay",
            run(SimplifiedAdEmaMix {
                beta1: 0.9,
                beta2: 0.99,
                alpha: 10.0,
                eps: 1e-6,
                eps_root: 1e-8,
                weight_decay: 0.1,
                ..ad_ema_mix
            }),
        ),
        ("simplified_ademamix_scheduled", run(SimplifiedAdEmaMix { alpha: 2.0, weight_decay: 0.05, ..ad_ema_mix })),
        ("acprop", run(AcProp::optax())),
        (
            "acprop_decay",
            run(AcProp {
                lr: 0.01,
                beta1: 0.8,
                beta2: 0.99,
                eps: 1e-8,
                eps_root: 1e-10,
                weight_decay: 0.1,
                ..AcProp::optax()
            }),
        ),
        ("acprop_scheduled", run(AcProp { weight_decay: 0.05, ..AcProp::optax() })),
        ("cocob", run(Cocob::optax())),
        ("cocob_decay", run(Cocob { lr: 0.5, alpha: 10.0, eps: 1e-4, weight_decay: 0.01, ..Cocob::optax() })),
        ("cocob_scheduled", run(Cocob { alpha: 20.0, ..Cocob::optax() })),
        ("timm_nadamw", run(NAdam { weight_decay: 0.01, ..nadamw })),
        ("timm_nadamw_decay", run(NAdam { lr: 0.01, beta1: 0.8, beta2: 0.99, eps: 1e-6, weight_decay: 0.1, ..nadamw })),
        ("timm_nadamw_scheduled", run(NAdam { weight_decay: 0.05, ..nadamw })),
        (
            "timm_nadamw_corrected_decay_scheduled",
            Run { corrected_decay: Some(0.01), ..run(NAdam { lr: 0.01, weight_decay: 0.5, ..nadamw }) },
        ),
        ("noisy_sgd", run(noisy)),
        ("noisy_sgd_generalized", run(NoisySgd { lr: 0.05, eta: 0.3, gamma: 1.5, ..noisy })),
        ("noisy_sgd_scheduled", run(NoisySgd { eta: 1.0, ..noisy })),
    ];
    hold_against("elementwise", optimizers, &[]);
}
