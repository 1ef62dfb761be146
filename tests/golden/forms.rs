//! The forms and options of libraries, at a constant learning rate and under a schedule. Each case is run with the settings
//! that its file names, so that another file of this kind can take its place.

use super::libraries::{Arguments, translated};
use super::{errors_of, read, tolerance};
use gradstep::any::AnyOptimizer;
use gradstep::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Forms {
    params: Vec<f32>,
    grads: Vec<Vec<f32>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    system: String,
    optimizer: String,
    /// The arguments of the library's constructor, but for the learning rate.
    hyper: Arguments,
    /// The learning rate of the constructor.
    lr: f64,
    /// That of each step.
    lrs: Vec<f64>,
    /// The steps after which the parameters are kept.
    kept: Vec<usize>,
    params_f64: Vec<Vec<f64>>,
    params_f32: Vec<Vec<f64>>,
}

/// The parameters after the steps that the case keeps.
fn trajectory(forms: &Forms, case: &Case) -> Vec<Vec<f64>> {
    let mut optimizer = translated(&case.system, &case.optimizer, &case.hyper);
    optimizer.set_lr(case.lr);
    if let AnyOptimizer::Sophia(sophia) = optimizer {
        // The file has optax's rule without the decay that `optax.contrib.sophia` adds.
        return sophia_trajectory(forms, case, Sophia { weight_decay: 0.0, ..sophia });
    }
    let mut params = forms.params.clone();
    let mut state = vec![vec![f32::NAN; params.len()]; optimizer.slots().count()];
    optimizer.init(&params, &mut state).unwrap();
    let mut clock = optimizer.clock();
    let step = |(grads, &lr): (&Vec<f32>, &f64)| {
        optimizer.set_lr(lr);
        optimizer.tick(&mut clock).unwrap().apply(&mut params, grads, &mut state).unwrap();
        params.iter().map(|&p| p.into()).collect()
    };
    keep(case, forms.grads.iter().zip(&case.lrs).map(step))
}

/// The estimate of the Hessian's diagonal is the square of the gradient, taken in after each step.
fn sophia_trajectory(forms: &Forms, case: &Case, mut sophia: Sophia) -> Vec<Vec<f64>> {
    let mut params = forms.params.clone();
    let (mut m, mut h, mut clock) = (vec![0.0; params.len()], vec![0.0; params.len()], 0);
    let step = |(grads, &lr): (&Vec<f32>, &f64)| {
        sophia.lr = lr;
        sophia.tick(&mut clock).unwrap().apply(&mut params, grads, [&mut m, &mut h]).unwrap();
        let estimate: Vec<f32> = grads.iter().map(|g| g * g).collect();
        sophia.update_hessian(&mut h, &estimate).unwrap();
        params.iter().map(|&p| p.into()).collect()
    };
    keep(case, forms.grads.iter().zip(&case.lrs).map(step))
}

fn keep(case: &Case, rows: impl Iterator<Item = Vec<f64>>) -> Vec<Vec<f64>> {
    rows.enumerate().filter(|(t, _)| case.kept.contains(&(t + 1))).map(|(_, row)| row).collect()
}

/// Every case of a system, each within the bounds, and all together no worse than the library's own float32.
fn hold_against(system: &str) {
    let forms: Forms = read("forms");
    let cases: Vec<&Case> = forms.cases.iter().filter(|case| case.system == system).collect();
    assert!(!cases.is_empty(), "no case of {system}");
    println!("{system}: errors in 2^-24 of max(|p|, |delta p|): max, rms so far; the library's float32; ratio");
    let (mut failures, mut ratios) = (Vec::new(), Vec::new());
    for case in cases {
        let of = |found: &[Vec<f64>]| errors_of(&forms.params, &case.params_f64, found, &case.name);
        let (ours, theirs) = (of(&trajectory(&forms, case)), of(&case.params_f32));
        let ratio = ours.rms_so_far / theirs.rms_so_far;
        let line = format!(
            "{:44} {:9.2} {:8.3}   {:9.2} {:8.3}   {ratio:.3}",
            case.name, ours.max, ours.rms_so_far, theirs.max, theirs.rms_so_far
        );
        println!("{line}");
        let max = tolerance::MAX.max(theirs.max * tolerance::VERSUS_LIBRARY);
        let rms = tolerance::RMS.max(theirs.rms_so_far * tolerance::VERSUS_LIBRARY);
        // `<=` is false for NaN.
        if !(ours.max <= max && ours.rms_so_far <= rms) {
            failures.push(line);
        }
        ratios.push(ratio);
    }
    assert!(failures.is_empty(), "beyond the bounds:\n{}", failures.join("\n"));
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    println!("{system}: mean ratio {mean:.3}");
    assert!(mean <= 1.0, "{system}: the error is {mean} of the library's own on average");
}

#[test]
fn torch() {
    hold_against("torch");
}

#[test]
fn keras() {
    hold_against("keras");
}

#[test]
fn optax() {
    hold_against("optax");
}

#[test]
fn authors() {
    hold_against("authors");
}

#[test]
fn timm() {
    hold_against("timm");
}

#[test]
fn pytorch_optimizer() {
    hold_against("kozistr");
}

/// No case of the file is left out.
#[test]
fn every_system_is_held_against() {
    let forms: Forms = read("forms");
    let systems = ["torch", "keras", "optax", "authors", "timm", "kozistr"];
    for case in &forms.cases {
        assert!(systems.contains(&case.system.as_str()), "{}", case.name);
    }
}
