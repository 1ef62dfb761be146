//! Every optimizer on functions with known minima.

use gradstep::{Backend, Sophia};
use gradstep_testkit::{Rate, Run, Tensor, Tuned, registry, tolerance, tuned_for};

struct Function {
    name: &'static str,
    start: [f64; 2],
    minimum: [f64; 2],
    value: fn([f64; 2]) -> f64,
    gradient: fn([f64; 2]) -> [f64; 2],
}

const FUNCTIONS: [Function; 4] = [
    Function {
        name: "parabola",
        start: [-4.0, 3.0],
        minimum: [1.0, -2.0],
        value: |[x, y]| (x - 1.0) * (x - 1.0) + (y + 2.0) * (y + 2.0),
        gradient: |[x, y]| [2.0 * (x - 1.0), 2.0 * (y + 2.0)],
    },
    // The textbooks' valley: twenty times flatter along x.
    Function {
        name: "valley",
        start: [-7.0, 2.0],
        minimum: [0.0, 0.0],
        value: |[x, y]| x * x / 20.0 + y * y,
        gradient: |[x, y]| [x / 10.0, 2.0 * y],
    },
    // Rosenbrock 1960.
    Function {
        name: "rosenbrock",
        start: [-1.2, 1.0],
        minimum: [1.0, 1.0],
        value: |[x, y]| (1.0 - x) * (1.0 - x) + 100.0 * (y - x * x) * (y - x * x),
        gradient: |[x, y]| [-2.0 * (1.0 - x) - 400.0 * x * (y - x * x), 200.0 * (y - x * x)],
    },
    // Beale 1958.
    Function {
        name: "beale",
        start: [1.0, 1.0],
        minimum: [3.0, 0.5],
        value: |[x, y]| beale(x, y).iter().map(|(residual, _, _)| residual * residual).sum(),
        gradient: |[x, y]| {
            let terms = beale(x, y);
            [
                terms.iter().map(|(residual, dx, _)| 2.0 * residual * dx).sum(),
                terms.iter().map(|(residual, _, dy)| 2.0 * residual * dy).sum(),
            ]
        },
    },
];

/// The three residuals and their derivatives.
fn beale(x: f64, y: f64) -> [(f64, f64, f64); 3] {
    [
        (1.5 - x + x * y, y - 1.0, x),
        (2.25 - x + x * y * y, y * y - 1.0, 2.0 * x * y),
        (2.625 - x + x * y * y * y, y * y * y - 1.0, 3.0 * x * y * y),
    ]
}

/// Steps of each run. COCOB has no learning rate to tune and takes longer along Rosenbrock's valley.
fn steps(name: &str) -> usize {
    if name == "Cocob" { 80_000 } else { 20_000 }
}

/// Steps between two estimates of the Hessian that Sophia is given.
const HESSIAN_PERIOD: usize = 10;

/// The diagonal of the Hessian, from differences of the gradient.
fn curvature(function: &Function, [x, y]: [f64; 2]) -> [f32; 2] {
    const H: f64 = 1e-4;
    let along = |axis: usize, [dx, dy]: [f64; 2]| {
        let (after, before) = ((function.gradient)([x + dx, y + dy]), (function.gradient)([x - dx, y - dy]));
        ((after[axis] - before[axis]) / (2.0 * H)) as f32
    };
    [along(0, [H, 0.0]), along(1, [0.0, H])]
}

/// The distance from the minimum at the end, and the share of the first value that is left.
fn descend(function: &Function, name: &str, run: &mut Run, rate: Rate, lr: f64) -> (f64, f64) {
    let point = |params: &[f32]| [f64::from(params[0]), f64::from(params[1])];
    run.set_lr(lr);
    let mut tensor = Tensor::new(run, &function.start.map(|x| x as f32));
    let steps = steps(name);
    for t in 0..steps {
        if rate == Rate::Falling {
            run.set_lr(lr * (1.0 - t as f64 / steps as f64));
        }
        if name == "Sophia" && t % HESSIAN_PERIOD == 0 {
            let estimate = curvature(function, point(&tensor.params));
            Sophia::default().update_hessian(&mut tensor.state[1], &estimate).unwrap();
        }
        if name == "AdaHessian" {
            tensor.state[2].copy_from_slice(&curvature(function, point(&tensor.params)));
        }
        let step = run.tick(None).unwrap();
        let grads = (function.gradient)(point(&tensor.params)).map(|g| g as f32);
        tensor.apply_on(Backend::active(), &step, &grads);
    }
    let [x, y] = point(&tensor.params);
    let [to_x, to_y] = function.minimum;
    let distance = ((x - to_x) * (x - to_x) + (y - to_y) * (y - to_y)).sqrt();
    (distance, (function.value)([x, y]) / (function.value)(function.start))
}

#[test]
fn every_optimizer_finds_every_minimum() {
    println!("distance from the minimum and share of the first value at the end");
    let mut failures = Vec::new();
    for entry in registry() {
        let Tuned { name, rate, functions, .. } = tuned_for(&entry.variants[0].optimizer);
        for (function, lr) in FUNCTIONS.iter().zip(functions.unwrap()) {
            let (distance, share) = descend(function, name, &mut entry.variants[0].restart(), rate, lr);
            let line = format!("{name:24} {:10} {rate:?} lr {lr:<7} {distance:.1e} {share:.1e}", function.name);
            println!("{line}");
            // Written so that NaN fails.
            if !(distance <= tolerance::NEIGHBORHOOD && share <= tolerance::SHARE) {
                failures.push(line);
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}
