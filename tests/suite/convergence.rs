//! Every optimizer on functions with known minima.

use gradstep::{Backend, Sophia};
use gradstep_testkit::{Run, Tensor, registry};

struct Function {
    name: &'static str,
    start: [f64; 2],
    minimum: [f64; 2],
    value: fn([f64; 2]) -> f64,
    gradient: fn([f64; 2]) -> [f64; 2],
    steps: usize,
}

const FUNCTIONS: [Function; 4] = [
    Function {
        name: "parabola",
        start: [-4.0, 3.0],
        minimum: [1.0, -2.0],
        value: |[x, y]| (x - 1.0) * (x - 1.0) + (y + 2.0) * (y + 2.0),
        gradient: |[x, y]| [2.0 * (x - 1.0), 2.0 * (y + 2.0)],
        steps: 2000,
    },
    // The textbooks' valley: twenty times flatter along x.
    Function {
        name: "valley",
        start: [-7.0, 2.0],
        minimum: [0.0, 0.0],
        value: |[x, y]| x * x / 20.0 + y * y,
        gradient: |[x, y]| [x / 10.0, 2.0 * y],
        steps: 2000,
    },
    // Rosenbrock 1960.
    Function {
        name: "rosenbrock",
        start: [-1.2, 1.0],
        minimum: [1.0, 1.0],
        value: |[x, y]| (1.0 - x) * (1.0 - x) + 100.0 * (y - x * x) * (y - x * x),
        gradient: |[x, y]| [-2.0 * (1.0 - x) - 400.0 * x * (y - x * x), 200.0 * (y - x * x)],
        steps: 20_000,
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
        steps: 20_000,
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

/// The learning rate on each function, in the order above.
const LEARNING_RATES: &[(&str, Rate, [f64; 4])] = &[
    ("Sgd", Constant, [0.1, 0.5, 0.001, 0.02]),
    ("HeavyBall", Constant, [0.01, 0.1, 0.001, 0.01]),
    ("Momentum", Constant, [0.01, 0.1, 0.001, 0.01]),
    ("Nesterov", Constant, [0.01, 0.1, 0.001, 0.01]),
    ("AdaGrad", Constant, [1.0, 1.0, 1.0, 0.5]),
    ("RmsProp", Constant, [0.005, 0.01, 0.0002, 0.0002]),
    ("RmsPropCentered", Constant, [0.005, 0.05, 0.0001, 0.0001]),
    ("RmsPropMomentum", Constant, [0.0005, 0.0005, 0.0002, 0.001]),
    ("RmsPropCenteredMomentum", Constant, [0.0005, 0.0005, 0.0002, 0.002]),
    ("RmsPropTf", Constant, [0.02, 0.005, 0.0005, 0.0005]),
    ("Adam", Constant, [0.02, 0.1, 0.002, 0.001]),
    ("AdamW", Constant, [0.5, 0.1, 0.0005, 0.001]),
    ("AmsGrad", Constant, [0.5, 0.5, 0.2, 0.1]),
    ("Adamax", Constant, [1.0, 1.0, 0.002, 0.002]),
    ("NAdam", Constant, [0.2, 0.1, 0.001, 0.002]),
    ("RAdam", Constant, [0.2, 0.5, 0.001, 0.005]),
    ("AdaDelta", Falling, [5.0, 10.0, 0.1, 1.0]),
    ("AdaBelief", Constant, [0.5, 0.1, 0.0005, 0.0005]),
    ("Yogi", Constant, [0.5, 0.5, 0.1, 0.1]),
    ("Adan", Constant, [0.05, 0.05, 0.001, 0.001]),
    ("Lion", Falling, [0.01, 0.2, 0.001, 0.001]),
    ("SignSgd", Falling, [0.005, 0.2, 1.0, 0.001]),
    ("Signum", Falling, [0.02, 0.02, 0.001, 0.001]),
    ("Tiger", Falling, [0.02, 0.02, 0.001, 0.001]),
    ("Rprop", Constant, [0.02, 0.5, 0.01, 0.01]),
    ("Asgd", Constant, [0.1, 0.5, 0.001, 0.01]),
    ("Ftrl", Constant, [5.0, 5.0, 0.5, 0.5]),
    ("Adopt", Constant, [2.0, 2.0, 0.5, 0.5]),
    ("AdEmaMix", Constant, [1.0, 5.0, 0.005, 0.005]),
    ("ScheduleFreeSgd", Constant, [0.5, 1.0, 0.005, 0.02]),
    ("ScheduleFreeAdamW", Constant, [0.5, 0.5, 0.002, 0.01]),
    ("Sophia", Constant, [0.02, 0.05, 0.05, 0.05]),
    ("LaProp", Constant, [0.2, 0.1, 0.002, 0.005]),
    ("Madgrad", Constant, [0.2, 1.0, 0.005, 0.02]),
    ("Grams", Constant, [0.2, 0.5, 0.001, 0.005]),
    ("OptimisticSgd", Constant, [0.1, 0.3, 0.0005, 0.01]),
    // Its noise slot is zero here: it is the caller's.
    ("NoisySgd", Constant, [0.1, 0.5, 0.001, 0.02]),
    ("Cocob", Constant, [1.0, 1.0, 1.0, 1.0]),
    ("OptimisticAdam", Constant, [0.02, 0.1, 0.002, 0.001]),
    ("SimplifiedAdEmaMix", Falling, [0.005, 0.01, 0.0005, 0.0005]),
    ("AcProp", Falling, [0.02, 0.05, 0.0005, 0.0005]),
    ("AdamaxW", Constant, [1.0, 1.0, 0.002, 0.002]),
];

/// Optimizers whose steps don't shrink with the gradient need a rate that does.
#[derive(Clone, Copy, Debug)]
enum Rate {
    Constant,
    /// Falls linearly to zero.
    Falling,
}
use Rate::{Constant, Falling};

/// How near the minimum every optimizer comes, and to which share of the first value.
const NEIGHBOURHOOD: f64 = 0.01;
const SHARE: f64 = 1e-5;

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
    for t in 0..function.steps {
        if let Falling = rate {
            run.set_lr(lr * (1.0 - t as f64 / function.steps as f64));
        }
        if name == "Sophia" && t % HESSIAN_PERIOD == 0 {
            let estimate = curvature(function, point(&tensor.params));
            Sophia::default().update_hessian(&mut tensor.state[1], &estimate).unwrap();
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
        let Some(&(name, rate, rates)) = LEARNING_RATES.iter().find(|(name, ..)| *name == entry.name) else {
            failures.push(format!("{} has no learning rates", entry.name));
            continue;
        };
        for (function, lr) in FUNCTIONS.iter().zip(rates) {
            let (distance, share) = descend(function, name, &mut entry.variants[0].restart(), rate, lr);
            let line = format!("{name:24} {:10} {rate:?} lr {lr:<7} {distance:.1e} {share:.1e}", function.name);
            println!("{line}");
            // Written so that NaN fails.
            if !(distance <= NEIGHBOURHOOD && share <= SHARE) {
                failures.push(line);
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}
