//! The state of a library's optimizer in the slots and the clock of the crate's, and training that goes on from there.

use super::libraries::{Arguments, translated};
use super::{errors_of, read, tolerance};
use gradstep::any::AnyOptimizer;
use gradstep::optim::{self, ClockData};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Deserialize)]
pub(crate) struct States {
    grads: Vec<Vec<f32>>,
    /// What the learning rate of each step is multiplied by.
    shape: Vec<f64>,
    pub(crate) cases: Vec<Case>,
}

#[derive(Deserialize)]
pub(crate) struct Case {
    name: String,
    pub(crate) system: String,
    pub(crate) optimizer: String,
    pub(crate) hyper: Arguments,
    lr: f64,
    /// The parameters after the library's 137 steps.
    params: Vec<f32>,
    /// What the library keeps, by its own names.
    state: BTreeMap<String, Value>,
    kept: Vec<usize>,
    params_f64: Vec<Vec<f64>>,
    params_f32: Vec<Vec<f64>>,
}

/// Where the entries of a library's state go. A slot or a value of the clock that is not listed has the library's name; an
/// entry after a minus sign is negated.
struct Places {
    system: &'static str,
    /// Empty for all optimizers of the system that have no row of their own.
    optimizer: &'static str,
    /// Pairs of a slot or a value of the clock and the library's entry.
    places: &'static [(&'static str, &'static str)],
}

const fn places(
    system: &'static str,
    optimizer: &'static str,
    places: &'static [(&'static str, &'static str)],
) -> Places {
    Places { system, optimizer, places }
}

const PLACES: &[Places] = &[
    places("torch", "SGD", &[("step", "1")]),
    places("torch", "", &[("step", "step")]),
    places("keras", "SGD", &[("step", "iteration"), ("velocity", "momentum")]),
    places("keras", "Adagrad", &[("step", "iteration"), ("sum", "accumulator")]),
    places(
        "keras",
        "Adadelta",
        &[("step", "iteration"), ("square_avg", "accumulated_grad"), ("acc_delta", "accumulated_delta_var")],
    ),
    places(
        "keras",
        "RMSprop",
        &[
            ("step", "iteration"),
            ("square_avg", "velocity"),
            ("grad_avg", "average_gradient"),
            ("momentum_buffer", "momentum"),
        ],
    ),
    places("keras", "Adamax", &[("step", "iteration"), ("exp_avg", "momentum"), ("exp_inf", "norm")]),
    places("keras", "Ftrl", &[("step", "iteration")]),
    places(
        "keras",
        "ScheduleFreeAdamW",
        &[
            ("step", "iteration"),
            ("z", "momentum"),
            ("exp_avg_sq", "velocity"),
            ("lr_max", "0"),
            ("weight_sum", "iteration"),
        ],
    ),
    places(
        "keras",
        "",
        &[
            ("step", "iteration"),
            ("exp_avg", "momentum"),
            ("exp_avg_sq", "velocity"),
            ("max_exp_avg_sq", "velocity_hat"),
            ("mu_product", "u_product"),
        ],
    ),
    places("optax", "sgd", &[("step", "count"), ("momentum_buffer", "trace")]),
    places("optax", "adagrad", &[("step", "count"), ("sum", "sum_of_squares")]),
    places("optax", "adadelta", &[("step", "count"), ("square_avg", "e_g"), ("acc_delta", "e_x")]),
    places(
        "optax",
        "rmsprop",
        &[("step", "count"), ("square_avg", "nu"), ("grad_avg", "mu"), ("momentum_buffer", "-trace")],
    ),
    places("optax", "adabelief", &[("step", "count"), ("exp_avg", "mu"), ("exp_avg_var", "nu")]),
    places("optax", "acprop", &[("step", "count"), ("exp_avg", "mu"), ("exp_avg_var", "nu")]),
    places("optax", "adamax", &[("step", "count"), ("exp_avg", "mu"), ("exp_inf", "nu")]),
    places(
        "optax",
        "adan",
        &[("step", "t"), ("exp_avg", "m"), ("exp_avg_diff", "v"), ("exp_avg_sq", "n"), ("pre_grad", "g")],
    ),
    places("optax", "ademamix", &[("step", "count"), ("exp_avg", "m1"), ("exp_avg_slow", "m2"), ("exp_avg_sq", "nu")]),
    places("optax", "simplified_ademamix", &[("step", "t"), ("exp_avg", "m"), ("exp_avg_sq", "n")]),
    places(
        "optax",
        "cocob",
        &[
            ("step", "count"),
            ("grad_sum", "subgradients"),
            ("bet_sum", "cumulative_gradients"),
            ("initial_params", "init_particles"),
        ],
    ),
    places("optax", "optimistic_gradient_descent", &[("step", "count"), ("prev_grad", "previous_gradient")]),
    places("optax", "madgrad", &[("step", "count")]),
    places(
        "optax",
        "optimistic_adam_v2",
        &[("step", "count"), ("exp_avg", "mu"), ("exp_avg_sq", "nu"), ("prev_update", "previous_gradient")],
    ),
    places("optax", "schedule_free_sgd", &[("step", "count"), ("lr_max", "max_lr")]),
    places("optax", "schedule_free_adamw", &[("step", "count"), ("exp_avg_sq", "nu"), ("lr_max", "max_lr")]),
    places(
        "optax",
        "",
        &[
            ("step", "count"),
            ("exp_avg", "mu"),
            ("exp_avg_sq", "nu"),
            ("max_exp_avg_sq", "nu_max"),
            ("mu_product", "b1^t"),
        ],
    ),
    places("authors", "adabelief", &[("step", "step")]),
    places("authors", "", &[("step", "k")]),
    places("timm", "sgdw", &[("step", "1")]),
    places("timm", "adan", &[("step", "step"), ("pre_grad", "-neg_pre_grad")]),
    places("timm", "nadamw", &[("step", "step"), ("mu_product", "b1^t")]),
    places("timm", "", &[("step", "step")]),
    places("kozistr", "signsgd", &[("step", "step"), ("exp_avg", "momentum_buffer")]),
    places("kozistr", "", &[("step", "step")]),
];

/// The library's entry for a slot or a value of the clock.
pub(crate) fn entry(system: &str, optimizer: &str, place: &'static str) -> &'static str {
    let own = |row: &&Places| row.system == system && row.optimizer == optimizer;
    let row =
        PLACES.iter().find(own).or_else(|| PLACES.iter().find(|row| row.system == system && row.optimizer.is_empty()));
    let listed = row.and_then(|row| row.places.iter().find(|(here, _)| *here == place));
    listed.map_or(place, |(_, there)| there)
}

impl Case {
    /// A number of the library's state, or what stands for one.
    fn number(&self, optimizer: &AnyOptimizer, name: &str) -> f64 {
        match name {
            "0" => 0.0,
            "1" => 1.0,
            // NAdam without a schedule of its momentum.
            "b1^t" => {
                let Ok(optim::Value::Number(beta1)) = optimizer.get("beta1") else { panic!("{}: no beta1", self.name) };
                libm::pow(beta1, self.number(optimizer, entry(&self.system, &self.optimizer, "step")))
            }
            name => self.state.get(name).and_then(Value::as_f64).unwrap_or_else(|| panic!("{}: no {name}", self.name)),
        }
    }

    fn slot(&self, entry: &str) -> Vec<f32> {
        let (sign, name) = entry.strip_prefix('-').map_or((1.0, entry), |name| (-1.0, name));
        let found =
            self.state.get(name).and_then(Value::as_array).unwrap_or_else(|| panic!("{}: no {name}", self.name));
        found.iter().map(|x| sign * x.as_f64().unwrap() as f32).collect()
    }

    /// The parameters after the steps that are kept, from the library's state.
    fn go_on(&self, states: &States) -> Vec<Vec<f64>> {
        let mut optimizer = translated(&self.system, &self.optimizer, &self.hyper);
        let entry = |place| entry(&self.system, &self.optimizer, place);
        let mut slots: Vec<Vec<f32>> = optimizer.slots().map(|slot| self.slot(entry(slot.name))).collect();
        let mut clock = ClockData { step: self.number(&optimizer, entry("step")) as u64, ..ClockData::default() };
        for (value, place) in clock.values.iter_mut().zip(optimizer.clock_values()) {
            *value = self.number(&optimizer, entry(place));
        }
        let mut params = self.params.clone();
        let mut rows = Vec::new();
        // optax's schedule-free optimizers take no schedule.
        let is_scheduled = !(self.system == "optax" && self.optimizer.starts_with("schedule_free"));
        for (t, (grads, shape)) in states.grads.iter().zip(&states.shape).enumerate() {
            optimizer.set_lr(if is_scheduled { self.lr * shape } else { self.lr });
            optimizer.tick(&mut clock).unwrap().apply(&mut params, grads, &mut slots).unwrap();
            if self.kept.contains(&(t + 1)) {
                rows.push(params.iter().map(|&p| p.into()).collect());
            }
        }
        rows
    }
}

#[test]
fn forms_go_on_from_the_state_of_their_library() {
    let states: States = read("states");
    assert!(states.cases.len() > 60, "{}", states.cases.len());
    println!("errors in 2^-24 of max(|p|, |delta p|) so far, rms: ours, the library's own float32, ratio");
    let (mut failures, mut ratios) = (Vec::new(), Vec::new());
    for case in &states.cases {
        let of = |found: &[Vec<f64>]| errors_of(&case.params, &case.params_f64, found, &case.name).rms_so_far;
        let (ours, theirs) = (of(&case.go_on(&states)), of(&case.params_f32));
        let line = format!("{:36} {ours:9.3} {theirs:9.3} {:7.3}", case.name, ours / theirs);
        println!("{line}");
        let is_good = ours <= tolerance::RMS_OF_MANY.max(theirs * tolerance::VERSUS_LIBRARY);
        if !is_good {
            failures.push(line);
        }
        ratios.push(ours / theirs);
    }
    assert!(failures.is_empty(), "beyond the bounds:\n{}", failures.join("\n"));
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    println!("mean ratio {mean:.3}");
    assert!(mean <= 1.0, "the error is {mean} of the libraries' own on average");
}
