//! The learning rates of torch's and optax's schedules. Each case is made with the constructor and the arguments that its file
//! names, so that another file of this kind can take its place. An argument or a constructor that is unknown is a failure.

use super::schedules::{assert_near, rates};
use gradstep::schedule::*;
use gradstep_testkit::tolerance;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Golden {
    warmup: u64,
    /// The rate of torch's optimizer.
    peak: f64,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    case: String,
    /// Constructor and arguments. A file may leave out both where they are those of [`usual`].
    schedule: Option<String>,
    hyper: Option<Arguments>,
    #[serde(default)]
    losses: Vec<f64>,
    values: Vec<f64>,
}

/// The arguments of a constructor, by name.
type Arguments = BTreeMap<String, Value>;

/// A constructor with its arguments.
#[derive(Deserialize)]
struct Made {
    schedule: String,
    hyper: Arguments,
}

/// A schedule of any type.
struct Any(Box<dyn Schedule>);

impl Schedule for Any {
    fn at(&self, step: u64) -> f64 {
        self.0.at(step)
    }
}

fn any(schedule: impl Schedule + 'static) -> Any {
    Any(Box::new(schedule))
}

impl Made {
    /// An argument, if it is given and not `None`.
    fn take<T: serde::de::DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let value = self.hyper.remove(name).filter(|value| !value.is_null())?;
        let what = format!("{}: {name}={value}", self.schedule);
        Some(serde_json::from_value(value).unwrap_or_else(|error| panic!("{what}: {error}")))
    }

    /// An argument that has no default.
    fn need<T: serde::de::DeserializeOwned>(&mut self, name: &str) -> T {
        self.take(name).unwrap_or_else(|| panic!("{} without {name}", self.schedule))
    }

    fn number(&mut self, name: &str, default: f64) -> f64 {
        self.take(name).unwrap_or(default)
    }

    fn count(&mut self, name: &str, default: u64) -> u64 {
        self.take(name).unwrap_or(default)
    }

    /// The options that one-cycle schedules of both libraries have.
    fn one_cycle(&mut self, default: OneCycleOptions) -> OneCycleOptions {
        OneCycleOptions {
            pct_start: self.number("pct_start", default.pct_start),
            pct_final: self.number("pct_final", default.pct_final),
            div_factor: self.number("div_factor", default.div_factor),
            final_div_factor: self.number("final_div_factor", default.final_div_factor),
            ..default
        }
    }

    /// How much torch's cosine may be off after its end, if it is one.
    fn beyond_end(&self, steps: usize) -> f64 {
        if self.schedule != "CosineAnnealingLR" {
            return 0.0;
        }
        tolerance::beyond_end(steps, self.hyper["T_max"].as_u64().unwrap() as usize)
    }

    /// The schedule, with every argument used.
    fn build(mut self, lr: f64) -> Any {
        let schedule = self.schedule.clone();
        let built = if schedule.ends_with("LR") || schedule.starts_with("Cosine") {
            self.torch(lr, &schedule)
        } else {
            self.optax(&schedule)
        };
        self.check_used();
        built
    }

    fn check_used(&self) {
        assert!(self.hyper.is_empty(), "{}: {:?} set nothing", self.schedule, self.hyper);
    }

    fn torch(&mut self, lr: f64, schedule: &str) -> Any {
        self.hyper.remove("last_epoch");
        match schedule {
            "ConstantLR" => {
                let low = Constant::new(lr * self.number("factor", 1.0 / 3.0)).unwrap();
                any(low.then(self.count("total_iters", 5), Constant::new(lr).unwrap()))
            }
            "LinearLR" => {
                let (start, end) = (self.number("start_factor", 1.0 / 3.0), self.number("end_factor", 1.0));
                any(Linear::torch(lr, start, end, self.count("total_iters", 5)).unwrap())
            }
            "StepLR" => any(StepDecay::new(lr, self.need("step_size"), self.number("gamma", 0.1)).unwrap()),
            "MultiStepLR" => {
                let gamma = self.number("gamma", 0.1);
                milestones(lr, self.need::<Vec<u64>>("milestones").into_iter().map(|step| (step, gamma)).collect())
            }
            "ExponentialLR" => any(Exponential::torch(lr, self.need("gamma")).unwrap()),
            "CosineAnnealingLR" => any(Cosine::torch(lr, self.need("T_max"), self.number("eta_min", 0.0)).unwrap()),
            "CosineAnnealingWarmRestarts" => {
                let end = self.number("eta_min", 0.0);
                any(CosineRestarts::new(lr, end, self.need("T_0"), self.count("T_mult", 1)).unwrap())
            }
            "PolynomialLR" => {
                any(Polynomial::torch(lr, self.count("total_iters", 5), self.number("power", 1.0)).unwrap())
            }
            "OneCycleLR" => {
                for momentum in ["cycle_momentum", "base_momentum", "max_momentum"] {
                    self.hyper.remove(momentum);
                }
                let anneal = match self.take::<String>("anneal_strategy").as_deref() {
                    None | Some("cos") => Anneal::Cosine,
                    Some("linear") => Anneal::Linear,
                    Some(other) => panic!("{schedule}: {other}"),
                };
                let three_phase = self.take("three_phase").unwrap_or(false);
                let options = OneCycleOptions { anneal, three_phase, ..self.one_cycle(OneCycleOptions::DEFAULT) };
                let epochs = self.count("epochs", 0) * self.count("steps_per_epoch", 0);
                any(OneCycle::torch(self.need("max_lr"), self.count("total_steps", epochs), options).unwrap())
            }
            "CyclicLR" => {
                for momentum in ["cycle_momentum", "base_momentum", "max_momentum"] {
                    self.hyper.remove(momentum);
                }
                let gamma = self.number("gamma", 1.0);
                let amplitude = match self.take::<String>("mode").as_deref() {
                    None | Some("triangular") => Amplitude::Triangular,
                    Some("triangular2") => Amplitude::Triangular2,
                    Some("exp_range") => Amplitude::ExpRange(gamma),
                    Some(other) => panic!("{schedule}: {other}"),
                };
                let up = self.count("step_size_up", 2000);
                let down = self.count("step_size_down", up);
                any(Cyclic::new(self.need("base_lr"), self.need("max_lr"), up, down, amplitude).unwrap())
            }
            "SequentialLR" => {
                let parts = self.need::<Vec<Made>>("schedulers").into_iter().map(|part| part.build(lr));
                joined(parts.collect(), self.need("milestones"))
            }
            other => panic!("{other} is unknown"),
        }
    }

    fn optax(&mut self, schedule: &str) -> Any {
        match schedule {
            "constant_schedule" => any(Constant::new(self.need("value")).unwrap()),
            "linear_schedule" => {
                let (start, end) = (self.need("init_value"), self.need("end_value"));
                any(Linear::optax(start, end, self.need("transition_steps"), self.count("transition_begin", 0))
                    .unwrap())
            }
            "polynomial_schedule" => {
                let (start, end, power) = (self.need("init_value"), self.need("end_value"), self.need("power"));
                let (steps, begin) = (self.need("transition_steps"), self.count("transition_begin", 0));
                any(Polynomial::optax(start, end, power, steps, begin).unwrap())
            }
            "cosine_decay_schedule" => {
                let (alpha, exponent) = (self.number("alpha", 0.0), self.number("exponent", 1.0));
                any(CosinePower::optax(self.need("init_value"), self.need("decay_steps"), alpha, exponent).unwrap())
            }
            "exponential_decay" => {
                let start = self.need("init_value");
                any(self.exponential(start))
            }
            "warmup_constant_schedule" => {
                let (start, peak): (f64, f64) = (self.need("init_value"), self.need("peak_value"));
                any(Constant::new(peak).unwrap().warmup(start / peak, self.need("warmup_steps")).unwrap())
            }
            "warmup_exponential_decay_schedule" => {
                let (start, peak): (f64, f64) = (self.need("init_value"), self.need("peak_value"));
                any(self.exponential(peak).warmup(start / peak, self.need("warmup_steps")).unwrap())
            }
            "warmup_cosine_decay_schedule" => {
                let (start, peak) = (self.need("init_value"), self.need("peak_value"));
                let (end, exponent) = (self.number("end_value", 0.0), self.number("exponent", 1.0));
                let (warmup, steps) = (self.need("warmup_steps"), self.need("decay_steps"));
                if exponent == 1.0 {
                    return any(Cosine::with_warmup(start, peak, end, warmup, steps).unwrap());
                }
                let cosine = CosinePower::optax(peak, steps - warmup, end / peak, exponent).unwrap();
                any(cosine.warmup(start / peak, warmup).unwrap())
            }
            "cosine_onecycle_schedule" | "linear_onecycle_schedule" => {
                let is_linear = schedule == "linear_onecycle_schedule";
                let options =
                    self.one_cycle(if is_linear { OneCycleOptions::LINEAR } else { OneCycleOptions::DEFAULT });
                any(OneCycle::optax(self.need("transition_steps"), self.need("peak_value"), options).unwrap())
            }
            "piecewise_constant_schedule" => {
                let pairs: BTreeMap<u64, f64> = self.take("boundaries_and_scales").unwrap_or_default();
                milestones(self.need("init_value"), pairs.into_iter().collect())
            }
            "sgdr_schedule" => {
                let cycles: Vec<Arguments> = self.need("cosine_kwargs");
                let ends = cycles.iter().scan(0, |end, cycle| {
                    *end += cycle["decay_steps"].as_u64().unwrap();
                    Some(*end)
                });
                let ends = ends.take(cycles.len() - 1).collect();
                let cycle = |hyper| Made { schedule: "warmup_cosine_decay_schedule".into(), hyper }.build(0.0);
                joined(cycles.into_iter().map(cycle).collect(), ends)
            }
            "join_schedules" => {
                let parts = self.need::<Vec<Made>>("schedules").into_iter().map(|part| part.build(0.0));
                joined(parts.collect(), self.need("boundaries"))
            }
            other => panic!("{other} is unknown"),
        }
    }

    fn exponential(&mut self, start: f64) -> Exponential {
        let (steps, rate, begin) =
            (self.need("transition_steps"), self.need("decay_rate"), self.count("transition_begin", 0));
        let is_staircase = self.take("staircase").unwrap_or(false);
        Exponential::optax(start, steps, rate, begin, is_staircase, self.take("end_value")).unwrap()
    }
}

/// As many milestones as there are, with more that are never reached.
fn milestones(lr: f64, pairs: Vec<(u64, f64)>) -> Any {
    const MOST: usize = 16;
    assert!(pairs.len() <= MOST);
    any(MultiStep::<MOST>::optax(lr, core::array::from_fn(|i| *pairs.get(i).unwrap_or(&(u64::MAX, 1.0)))).unwrap())
}

/// A chain, whose boundaries count from its start.
fn joined(parts: Vec<Any>, boundaries: Vec<u64>) -> Any {
    assert_eq!(parts.len(), boundaries.len() + 1);
    let mut parts = parts.into_iter();
    let first = parts.next().unwrap();
    parts.zip(boundaries).fold(first, |chain, (next, boundary)| any(chain.then(boundary, next)))
}

/// The arguments of the cases of a file that names none.
fn usual(case: &str, peak: f64, warmup: u64, steps: u64) -> (&'static str, Value) {
    let rise = json!({"schedule": "LinearLR", "hyper": {"start_factor": 0.1, "total_iters": warmup}});
    let fall = json!({"schedule": "CosineAnnealingLR", "hyper": {"T_max": steps - warmup}});
    let line = |start, end, steps| {
        json!({"schedule": "linear_schedule",
            "hyper": {"init_value": start, "end_value": end, "transition_steps": steps}})
    };
    let level = json!({"schedule": "constant_schedule", "hyper": {"value": peak}});
    let cycle = |peak, warmup, steps| json!({"init_value": 0.0, "peak_value": peak, "warmup_steps": warmup, "decay_steps": steps});
    match case {
        "torch_constant" => ("ConstantLR", json!({})),
        "torch_linear" => ("LinearLR", json!({"total_iters": warmup})),
        "torch_step" => ("StepLR", json!({"step_size": 7})),
        "torch_multi_step" => ("MultiStepLR", json!({"milestones": [5, 11, 30], "gamma": 0.3})),
        "torch_exponential" => ("ExponentialLR", json!({"gamma": 0.9})),
        "torch_cosine" => ("CosineAnnealingLR", json!({"T_max": 30, "eta_min": 1e-3})),
        "torch_warm_restarts" => ("CosineAnnealingWarmRestarts", json!({"T_0": 7, "T_mult": 2, "eta_min": 1e-4})),
        "torch_polynomial" => ("PolynomialLR", json!({"total_iters": 30, "power": 2.0})),
        "torch_one_cycle" => ("OneCycleLR", json!({"max_lr": peak, "total_steps": steps})),
        "torch_one_cycle_linear" => (
            "OneCycleLR",
            json!({"max_lr": peak, "total_steps": steps, "anneal_strategy": "linear", "three_phase": true}),
        ),
        "torch_cyclic" => {
            ("CyclicLR", json!({"base_lr": peak / 10.0, "max_lr": peak, "step_size_up": 6, "step_size_down": 4}))
        }
        "torch_cyclic_exp" => (
            "CyclicLR",
            json!({"base_lr": peak / 10.0, "max_lr": peak, "step_size_up": 6, "mode": "exp_range", "gamma": 0.98}),
        ),
        "torch_sequential" => ("SequentialLR", json!({"schedulers": [rise, fall], "milestones": [warmup]})),
        "torch_plateau" => (
            "ReduceLROnPlateau",
            json!({"factor": 0.5, "patience": 2, "threshold": 1e-2, "cooldown": 1, "min_lr": 1e-4}),
        ),
        "optax_cosine" => ("cosine_decay_schedule", json!({"init_value": peak, "decay_steps": 30, "alpha": 0.1})),
        "optax_cosine_exponent" => {
            ("cosine_decay_schedule", json!({"init_value": peak, "decay_steps": 30, "alpha": 0.1, "exponent": 1.7}))
        }
        "optax_linear" => (
            "linear_schedule",
            json!({"init_value": peak, "end_value": 1e-3, "transition_steps": 20, "transition_begin": 4}),
        ),
        "optax_polynomial" => (
            "polynomial_schedule",
            json!({"init_value": peak, "end_value": 1e-4, "power": 2.5, "transition_steps": 20, "transition_begin": 3}),
        ),
        "optax_exponential" => (
            "exponential_decay",
            json!({"init_value": peak, "transition_steps": 5, "decay_rate": 0.8, "transition_begin": 3}),
        ),
        "optax_exponential_staircase" => (
            "exponential_decay",
            json!({"init_value": peak, "transition_steps": 5, "decay_rate": 0.8, "transition_begin": 3,
                "staircase": true, "end_value": 1e-3}),
        ),
        "optax_warmup_cosine" => (
            "warmup_cosine_decay_schedule",
            json!({"init_value": 0.0, "peak_value": peak, "warmup_steps": warmup, "decay_steps": steps,
                "end_value": 1e-4}),
        ),
        "optax_warmup_exponential" => (
            "warmup_exponential_decay_schedule",
            json!({"init_value": 0.0, "peak_value": peak, "warmup_steps": warmup, "transition_steps": 5,
                "decay_rate": 0.8}),
        ),
        "optax_warmup_constant" => {
            ("warmup_constant_schedule", json!({"init_value": 0.0, "peak_value": peak, "warmup_steps": warmup}))
        }
        "optax_one_cycle_cosine" => {
            ("cosine_onecycle_schedule", json!({"transition_steps": steps, "peak_value": peak}))
        }
        "optax_one_cycle_linear" => {
            ("linear_onecycle_schedule", json!({"transition_steps": steps, "peak_value": peak}))
        }
        "optax_piecewise" => {
            ("piecewise_constant_schedule", json!({"init_value": peak, "boundaries_and_scales": {"5": 0.5, "20": 0.1}}))
        }
        "optax_sgdr" => ("sgdr_schedule", json!({"cosine_kwargs": [cycle(peak, 2, 10), cycle(peak / 2.0, 3, 20)]})),
        "optax_joined" => {
            let parts = [line(0.0, peak, warmup), level, line(peak, 0.0, 10)];
            ("join_schedules", json!({"schedules": parts, "boundaries": [warmup, 25]}))
        }
        other => panic!("{other} is unknown"),
    }
}

impl Case {
    /// The constructor and the arguments of the case.
    fn made(&self, golden: &Golden) -> Made {
        match (&self.schedule, &self.hyper) {
            (Some(schedule), Some(hyper)) => Made { schedule: schedule.clone(), hyper: hyper.clone() },
            (schedule, None) => {
                let (usual, hyper) = usual(&self.case, golden.peak, golden.warmup, self.values.len() as u64);
                assert!(schedule.as_ref().is_none_or(|schedule| schedule == usual), "{}", self.case);
                Made { schedule: usual.into(), hyper: serde_json::from_value(hyper).unwrap() }
            }
            (None, Some(_)) => panic!("{} has arguments without a constructor", self.case),
        }
    }

    /// The rates that metrics lead to.
    fn on_a_plateau(&self, mut made: Made, lr: f64) -> Vec<f64> {
        let threshold = made.number("threshold", 1e-4);
        let (relative, absolute) = match made.take::<String>("threshold_mode").as_deref() {
            None | Some("rel") => (threshold, 0.0),
            Some("abs") => (0.0, threshold),
            Some(other) => panic!("{}: {other}", self.case),
        };
        let settings = ReduceOnPlateau {
            factor: made.number("factor", 0.1),
            patience: made.count("patience", 10),
            relative,
            signed: true,
            absolute,
            cooldown: made.count("cooldown", 0),
            min_lr: made.number("min_lr", 0.0),
            eps: made.number("eps", 1e-8),
            maximize: made.take::<String>("mode").is_some_and(|mode| mode == "max"),
        };
        made.check_used();
        assert_eq!(self.losses.len(), self.values.len());
        let mut state = Plateau::new(lr);
        let rate = |&loss: &f64| {
            let lr = state.lr;
            settings.update(&mut state, loss).unwrap();
            lr
        };
        self.losses.iter().map(rate).collect()
    }
}

/// Holds every case of a file against the library.
fn hold_against(golden: &Golden) {
    assert!(!golden.cases.is_empty());
    for case in &golden.cases {
        let (name, made) = (&case.case, case.made(golden));
        if made.schedule == "ReduceLROnPlateau" {
            assert_eq!(case.on_a_plateau(made, golden.peak), case.values, "{name}");
            continue;
        }
        let steps = case.values.len();
        let bound = tolerance::SCHEDULE * f64::max(1.0, steps as f64 / 40.0) + made.beyond_end(steps);
        assert_near(&rates(&made.build(golden.peak), steps), &case.values, bound, name);
    }
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../data/schedules.json")).unwrap()
}

#[test]
fn the_rates_of_torch_and_optax() {
    hold_against(&golden());
}

#[test]
#[should_panic(expected = "set nothing")]
fn an_unknown_argument_fails() {
    let hyper = serde_json::from_value(json!({"gamma": 0.9, "other": 1})).unwrap();
    Made { schedule: "ExponentialLR".into(), hyper }.build(0.1);
}

#[test]
#[should_panic(expected = "is unknown")]
fn an_unknown_schedule_fails() {
    Made { schedule: "LambdaLR".into(), hyper: Arguments::new() }.build(0.1);
}
