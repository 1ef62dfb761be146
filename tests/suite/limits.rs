//! What the pages of the optimizers say of gradients whose squares overflow, and what small epsilons do where they underflow.

use gradstep::*;
use gradstep_testkit::{Run, Tensor, backends, registry};
use std::fs;
use std::path::Path;

/// What becomes of a parameter after two gradients of 1e20, which ordinary ones follow.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Moves,
    StandsStill,
    Nan,
}

fn outcome(run: &Run) -> Outcome {
    let mut run = run.restart();
    let mut tensor = Tensor::new(&run, &[1.0]);
    let mut step = |tensor: &mut Tensor, g: f32| {
        let step = run.tick(None).unwrap();
        tensor.apply_on(Backend::Scalar, &step, &[g]);
        tensor.params[0]
    };
    step(&mut tensor, 1e20);
    step(&mut tensor, -1e20);
    let seen: Vec<f32> = (0..240).map(|_| step(&mut tensor, 1.0)).collect();
    match (seen[199], seen[239]) {
        (_, p) if p.is_nan() => Outcome::Nan,
        // It has gone so far that ordinary steps are below its last digit.
        (_, p) if p.abs() > 1e6 => Outcome::Moves,
        (earlier, p) if earlier == p => Outcome::StandsStill,
        _ => Outcome::Moves,
    }
}

/// The documentation of a type in the sources of the optimizers.
fn page(name: &str) -> String {
    fn files(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        entries
            .flat_map(|path| if path.is_dir() { files(&path) } else { vec![fs::read_to_string(path).unwrap()] })
            .collect()
    }
    let sources = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/optim"));
    let opening = format!("pub struct {name} {{");
    let source = sources.iter().find(|source| source.contains(&opening)).expect("every optimizer has a source");
    let lines: Vec<&str> = source[..source.find(&opening).unwrap()].lines().rev().skip(1).collect();
    let lines = lines.into_iter().take_while(|line| line.trim_start().starts_with("///"));
    lines
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .map(|line| line.trim().trim_start_matches("/// "))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn pages_say_what_becomes_of_huge_gradients() {
    let mut wrong = Vec::new();
    // Adamax divides by the largest gradient, of which it forgets a thousandth a step.
    for entry in registry().iter().filter(|entry| entry.name != "Adamax") {
        let said = page(entry.name);
        let says = match (
            said.contains("1.8e1"),
            said.contains("NaN of the parameter"),
            said.contains("no longer changes") || said.contains("stays at"),
        ) {
            (true, true, false) => Outcome::Nan,
            (true, false, true) => Outcome::StandsStill,
            _ => Outcome::Moves,
        };
        if outcome(&entry.variants[0]) != says {
            wrong.push((entry.name, outcome(&entry.variants[0])));
        }
    }
    assert!(wrong.is_empty(), "the pages say something else: {wrong:?}");
}

/// With `clip_by_value` every optimizer goes on.
#[test]
fn clipped_gradients_keep_every_optimizer_going() {
    for entry in registry() {
        let mut run = entry.variants[0].restart();
        let adapters = gradstep_testkit::Adapters { clip: 1e15, ..gradstep_testkit::Adapters::NEUTRAL };
        let mut tensor = Tensor::new(&run, &[1.0]);
        for t in 0..40 {
            let step = run.tick(Some(&adapters)).unwrap();
            tensor.apply_on(Backend::Scalar, &step, &[if t < 2 { 1e20 } else { 1.0 }]);
            assert!(tensor.params[0].is_finite(), "{}", run.hyper());
        }
    }
}

/// Squares of these underflow, and the moments do not; 0 is an element that has seen no gradient.
const TINY: [f32; 8] = [0.0, 1e-45, 1e-40, 2e-23, 1e-23, 1e-22, 1e-21, 3e-20];

/// No quotient explodes where there is no epsilon, and 0/0 is 0.
#[test]
fn tiny_gradients_make_bounded_steps() {
    for entry in registry() {
        for variant in &entry.variants {
            let hyper = variant.hyper();
            // n^power of FTRL is as the paper has it; AcProp divides by what the steps before have seen.
            if hyper.contains("power: 0.75") || hyper.contains("power: 1.0") || entry.name == "AcProp" {
                continue;
            }
            let moved = |g: f32| {
                let mut run = variant.restart();
                let mut tensor = Tensor::new(&run, &[0.0]);
                for _ in 0..50 {
                    let step = run.tick(None).unwrap();
                    tensor.apply_on(Backend::active(), &step, &[g]);
                }
                tensor.params[0].abs()
            };
            // What gradients of 1 do, which normalized steps do not depend on. COCOB's bets grow without one.
            let usual = moved(1.0);
            for g in TINY {
                let found = moved(g);
                assert!(found <= 30.0 * usual, "{found:e} where gradients of 1 make {usual:e}, g {g:e}, {hyper}");
            }
        }
    }
}

#[test]
fn elements_without_gradient_stay_where_there_is_no_epsilon() {
    for entry in registry() {
        for variant in &entry.variants {
            let hyper = variant.hyper();
            // What makes a parameter move without a gradient: FTRL's form, decay (ASGD's λ too), noise.
            if ["Ftrl", "NoisySgd", "Asgd"].contains(&entry.name) || !hyper.contains("weight_decay: 0.0,") {
                continue;
            }
            for backend in backends() {
                let mut run = variant.restart();
                let mut tensor = Tensor::new(&run, &[0.75; 17]);
                for _ in 0..3 {
                    tensor.apply_on(backend, &run.tick(None).unwrap(), &[0.0; 17]);
                }
                assert!(tensor.params.iter().all(|p| (p - 0.75).abs() < 1e-3), "{:?} {hyper}", tensor.params);
            }
        }
    }
}

#[test]
fn ftrl_starts_from_an_empty_accumulator() {
    let ftrl = Ftrl { initial_accumulator: 0.0, ..Ftrl::DEFAULT };
    for g in [2e-23f32, 1e-20, 1e-10, 1.0, 1e18] {
        let (mut clock, mut p, mut z, mut n) = (0, [0.0f32], [0.0f32], [0.0f32]);
        ftrl.tick(&mut clock).unwrap().apply(&mut p, &[g], [&mut z, &mut n]).unwrap();
        // −lr, or less where the square underflows.
        let least = if g < 1e-19 { 0.0 } else { 0.99e-3 };
        assert!(p[0] < 0.0 && (least..=1.001e-3).contains(&-p[0]), "{p:?} {g}");
        for _ in 0..10 {
            ftrl.tick(&mut clock).unwrap().apply(&mut p, &[-1.0], [&mut z, &mut n]).unwrap();
        }
        assert!(p[0].abs() < 0.01, "{p:?} {g}");
    }
}

#[test]
fn ftrl_with_a_tiny_rate_and_with_huge_gradients() {
    let step = |lr: f64, g: f32| {
        let ftrl = Ftrl { lr, ..Ftrl::DEFAULT };
        let (mut p, mut z, mut n) = ([0.0f32], [0.0f32], [0.1f32]);
        ftrl.tick(&mut 0).unwrap().apply(&mut p, &[g], [&mut z, &mut n]).unwrap();
        p[0]
    };
    assert!((step(1e-30, -1e10) / 1e-30 - 1.0).abs() < 1e-6);
    // An infinite square leaves the parameter at 0 for good.
    assert_eq!(step(1e-3, 1e20).abs(), 0.0);
    assert_eq!(step(1e-3, -f32::MAX).abs(), 0.0);
}
