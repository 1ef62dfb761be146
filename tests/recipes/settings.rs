//! The settings of a reference run: from the name of its case and the arguments of the library's constructor to an optimizer of
//! the crate, a preset, and fields. An argument that means nothing here is a failure.

use gradstep::Mars;
use gradstep::any::AnyOptimizer;
use gradstep::optim::{HyperParameters, Value};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The arguments of a constructor, by name.
pub(crate) type Arguments = BTreeMap<String, Json>;

/// An optimizer with its fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    /// The name of its type.
    pub(crate) optimizer: &'static str,
    /// The preset that the fields change, or the default.
    pub(crate) preset: Option<&'static str>,
    pub(crate) fields: Vec<(&'static str, Value<'static>)>,
}

/// How a case runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setting {
    pub(crate) choice: Choice,
    /// What steps the tensors of one dimension, if it is not `choice`.
    pub(crate) vectors: Option<Choice>,
    /// All gradients together are clipped to this norm, as by `ClipNorm::optax`.
    pub(crate) max_norm: Option<f64>,
    /// The step is `cautious_mean`.
    pub(crate) cautious: bool,
    /// An estimate of the Hessian's diagonal serves this many steps.
    pub(crate) estimate_each: u64,
}

/// Cases of optimizers that the crate does not have.
const ABSENT: [&str; 1] = ["kozistr_diffgrad"];

/// Which fields an argument sets. A number sets all of them, an array one after the other.
type Sets = (&'static str, &'static [&'static str]);

const LR: Sets = ("lr", &["lr"]);
const LEARNING_RATE: Sets = ("learning_rate", &["lr"]);
const BETAS: Sets = ("betas", &["beta1", "beta2"]);
const B1: Sets = ("b1", &["beta1"]);
const B2: Sets = ("b2", &["beta2"]);
const EPS: Sets = ("eps", &["eps"]);
const EPS_ROOT: Sets = ("eps_root", &["eps_root"]);
const WEIGHT_DECAY: Sets = ("weight_decay", &["weight_decay"]);
const MOMENTUM: Sets = ("momentum", &["momentum"]);
const DAMPENING: Sets = ("dampening", &["dampening"]);
const NESTEROV: Sets = ("nesterov", &["nesterov"]);
const ALPHA: Sets = ("alpha", &["alpha"]);
const BETA: Sets = ("beta", &["beta"]);
const GROWTH_RATE: Sets = ("growth_rate", &["growth_rate"]);

/// Arguments that say how a library runs, or what makes no difference to parameters in f32.
const ELSEWHERE: [&str; 7] =
    ["foreach", "capturable", "differentiable", "kahan_sum", "mu_dtype", "n_sma_threshold", "n_samples"];

/// The constructors of the libraries, by the names of cases. What follows a name tells of its settings.
const CONSTRUCTORS: [(&str, &str); 3] = [
    (
        "optax",
        "lars lamb novograd fromage prodigy dadapt_adamw dog dowg adamaxw optimistic_gradient_descent optimistic_adam \
         simplified_ademamix acprop cocob polyak_sgd momo",
    ),
    (
        "timm",
        "lars larc lamb lambc lambw novograd cautious_adamw cautious_lion cautious_lamb mars adamp sgdp adahessian",
    ),
    ("kozistr", "stableadamw prodigy dadaptadam dadaptsgd lamb lars novograd fromage qhadam adamod adammini"),
];

/// The library and the constructor of a case, which may be `steady`: a run on the magnitudes of the gradients.
fn constructor(case: &str) -> (&'static str, &'static str) {
    let known = |system: &str, rest: &str| {
        let rest = rest.strip_prefix("steady_").unwrap_or(rest);
        let (system, names) = CONSTRUCTORS.iter().find(|(known, _)| *known == system)?;
        let is_it = |name: &&str| rest.strip_prefix(*name).is_some_and(|more| more.is_empty() || more.starts_with('_'));
        Some((*system, names.split_whitespace().filter(is_it).max_by_key(|name| name.len())?))
    };
    case.split_once('_').and_then(|(system, rest)| known(system, rest)).unwrap_or_else(|| panic!("{case} is unknown"))
}

/// The arguments of a case that have not been used yet.
struct Given<'a> {
    case: &'a str,
    arguments: Arguments,
}

impl Given<'_> {
    /// An argument, if it is given and not `None`.
    fn take(&mut self, name: &str) -> Option<Json> {
        self.arguments.remove(name).filter(|value| !value.is_null())
    }

    fn flag(&mut self, name: &str, default: bool) -> bool {
        self.take(name).map_or(default, |value| value.as_bool().unwrap_or_else(|| panic!("{}: {name}", self.case)))
    }

    /// An argument that the crate has with one value alone, which is the library's default.
    fn only(&mut self, name: &str, value: impl Into<Json>) {
        let value = value.into();
        let found = self.arguments.remove(name).unwrap_or_else(|| value.clone());
        let same = found == value || found.as_f64().is_some() && found.as_f64() == value.as_f64();
        assert!(same, "{}: {name}={found} is not here", self.case);
    }

    /// Gives an argument the library's default, where that is another one than the field's.
    fn default(&mut self, name: &str, value: impl Into<Json>) {
        self.arguments.entry(name.to_owned()).or_insert_with(|| value.into());
    }

    /// Fills fields from the arguments that set them.
    fn choice(&mut self, optimizer: &'static str, preset: impl Into<Option<&'static str>>, sets: &[Sets]) -> Choice {
        let mut fields = Vec::new();
        for (argument, names) in sets {
            match self.take(argument) {
                None => {}
                Some(Json::Array(values)) => {
                    assert_eq!(values.len(), names.len(), "{}: {argument}", self.case);
                    fields.extend(names.iter().copied().zip(values.iter().map(|value| self.value(argument, value))));
                }
                Some(value) => fields.extend(names.iter().map(|name| (*name, self.value(argument, &value)))),
            }
        }
        Choice { optimizer, preset: preset.into(), fields }
    }

    fn value(&self, argument: &str, value: &Json) -> Value<'static> {
        match value {
            Json::Bool(flag) => (*flag).into(),
            Json::Number(number) => number.as_f64().unwrap().into(),
            other => panic!("{}: {argument}={other} is no value of a field", self.case),
        }
    }

    /// pytorch_optimizer's two flags of weight decay: whether it is decoupled, and that it is not fixed.
    fn decoupled(&mut self, default: bool) -> bool {
        self.only("fixed_decay", false);
        self.flag("weight_decouple", default)
    }

    /// optax's pair of the kind and the size of the first step of DoG, an array or in the words of Python.
    fn init_step(&mut self) -> Option<(String, f64)> {
        Some(match self.take("init_step")? {
            Json::String(text) => {
                let (kind, size) = text.trim_matches(['(', ')']).split_once(',').unwrap();
                (kind.trim_matches('\'').to_owned(), size.trim().parse().unwrap())
            }
            pair => (pair[0].as_str().unwrap().to_owned(), pair[1].as_f64().unwrap()),
        })
    }
}

impl Choice {
    /// The same with another value of a field.
    fn with(mut self, field: &'static str, value: impl Into<Value<'static>>) -> Self {
        self.fields.retain(|(name, _)| *name != field);
        self.fields.push((field, value.into()));
        self
    }

    fn with_decay_form(self, is_decoupled: bool) -> Self {
        self.with("decay_form", if is_decoupled { "decoupled" } else { "coupled" })
    }

    fn get(&self, field: &str) -> Option<Value<'static>> {
        self.fields.iter().find(|(name, _)| *name == field).map(|(_, value)| *value)
    }
}

impl From<Choice> for Setting {
    fn from(choice: Choice) -> Self {
        Setting { choice, vectors: None, max_norm: None, cautious: false, estimate_each: 1 }
    }
}

/// How the crate runs a case, or nothing for an optimizer that the crate does not have.
pub(crate) fn setting(case: &str, arguments: &Arguments) -> Option<Setting> {
    if ABSENT.contains(&case) {
        return None;
    }
    let (system, constructor) = constructor(case);
    let mut given = Given { case, arguments: arguments.clone() };
    let setting = match system {
        "optax" => optax(constructor, &mut given).into(),
        "timm" => timm(constructor, &mut given),
        _ => kozistr(constructor, &mut given),
    };
    given.arguments.retain(|name, _| !ELSEWHERE.contains(&name.as_str()));
    assert!(given.arguments.is_empty(), "{case}: {:?} set nothing", given.arguments);
    Some(setting)
}

fn optax(constructor: &str, given: &mut Given<'_>) -> Choice {
    let adam = [LEARNING_RATE, B1, B2, EPS, EPS_ROOT, WEIGHT_DECAY];
    let distance = ("estim_lr0", &["d0"][..]);
    match constructor {
        "lars" => {
            let trust = ("trust_coefficient", &["trust_coefficient"][..]);
            given.choice("Lars", "optax", &[LEARNING_RATE, WEIGHT_DECAY, trust, EPS, MOMENTUM, NESTEROV])
        }
        "lamb" => given.choice("Lamb", "optax", &adam),
        "novograd" => given.choice("NovoGrad", "optax", &adam),
        "fromage" => given.choice("Fromage", "optax", &[LEARNING_RATE, ("min_norm", &["min_norm"])]),
        "prodigy" => {
            let own = [("beta3", &["beta3"][..]), distance, ("estim_lr_coef", &["d_coef"])];
            let safeguard = ("safeguard_warmup", &["safeguard_warmup"][..]);
            let adam = [LEARNING_RATE, BETAS, EPS, WEIGHT_DECAY, safeguard];
            given.choice("Prodigy", "optax", &[&own[..], &adam].concat())
        }
        "dadapt_adamw" => given.choice("DAdaptAdam", "optax", &[LEARNING_RATE, BETAS, EPS, distance, WEIGHT_DECAY]),
        "dog" => {
            let first = given.init_step();
            let dog = given.choice("Dog", "optax", &[LEARNING_RATE, EPS, WEIGHT_DECAY]);
            let Some((kind, size)) = first else { return dog };
            let dog = dog.with("relative_distance", 0.0);
            match kind.as_str() {
                "heuristic" => dog.with("relative_distance", size),
                "distance" => dog.with("distance", size),
                "learning_rate" => dog.with("first_step", size),
                other => panic!("{}: {other}", given.case),
            }
        }
        "dowg" => {
            let first = ("init_estim_sq_dist", &["sq_distance"][..]);
            given.choice("Dowg", "optax", &[LEARNING_RATE, first, EPS, WEIGHT_DECAY])
        }
        "adamaxw" => given.choice("AdamaxW", "optax", &[LEARNING_RATE, B1, B2, EPS, WEIGHT_DECAY]),
        "optimistic_gradient_descent" => given.choice("OptimisticSgd", "optax", &[LEARNING_RATE, ALPHA, BETA]),
        "optimistic_adam" => {
            let own = [ALPHA, BETA, NESTEROV];
            given.choice("OptimisticAdam", "optax", &[&own[..], &adam[..5]].concat())
        }
        "simplified_ademamix" => given.choice("SimplifiedAdEmaMix", "optax", &[&[ALPHA][..], &adam].concat()),
        "acprop" => given.choice("AcProp", "optax", &adam),
        "cocob" => given.choice("Cocob", "optax", &[LEARNING_RATE, ALPHA, EPS, WEIGHT_DECAY]),
        "polyak_sgd" => {
            let variant = given.take("variant");
            let own = [("max_learning_rate", &["lr"][..]), ("scaling", &["scaling"]), ("f_min", &["f_min"]), EPS];
            let polyak = given.choice("PolyakSgd", None, &own);
            match variant.as_ref().and_then(Json::as_str) {
                None | Some("sps") => polyak,
                Some("sps+") => polyak.with("never_backward", true),
                Some(other) => panic!("{}: {other}", given.case),
            }
        }
        "momo" => {
            given.only("adapt_lower_bound", false);
            given.choice("Momo", None, &[LEARNING_RATE, BETA, ("lower_bound", &["lower_bound"]), WEIGHT_DECAY])
        }
        other => panic!("optax {other}"),
    }
}

fn timm(constructor: &str, given: &mut Given<'_>) -> Setting {
    let projected = [("delta", &["delta"][..]), ("wd_ratio", &["wd_ratio"]), NESTEROV, LR, EPS, WEIGHT_DECAY];
    match constructor {
        "lars" | "larc" => {
            given.default("momentum", 0.0);
            let own = [("trust_coeff", &["trust_coefficient"][..]), ("trust_clip", &["trust_clip"])];
            let always = ("always_adapt", &["always_adapt"][..]);
            let common = [LR, MOMENTUM, DAMPENING, WEIGHT_DECAY, NESTEROV, EPS, always];
            let preset = if constructor == "larc" { "larc" } else { "timm" };
            given.choice("Lars", preset, &[&own[..], &common].concat()).into()
        }
        "lamb" | "lambc" | "lambw" | "cautious_lamb" => {
            given.only("grad_averaging", true);
            given.only("corrected_weight_decay", false);
            if constructor == "lambw" {
                given.default("decoupled_decay", true);
            }
            given.default("max_grad_norm", 1.0);
            let max_norm = given.take("max_grad_norm").map(|norm| norm.as_f64().unwrap());
            let clips_ratio = given.flag("trust_clip", constructor == "lambc");
            let cautious = given.flag("caution", constructor == "cautious_lamb");
            let own = [("bias_correction", &["bias_correction"][..]), ("always_adapt", &["always_adapt"])];
            let is_decoupled = given.flag("decoupled_decay", false);
            let lamb = given.choice("Lamb", "timm", &[&own[..], &[LR, BETAS, EPS, WEIGHT_DECAY]].concat());
            let lamb = if is_decoupled { lamb.with_decay_form(true) } else { lamb };
            let choice = if clips_ratio { lamb.with("max_ratio", 1.0) } else { lamb };
            Setting { max_norm, cautious, ..choice.into() }
        }
        "novograd" => {
            given.only("amsgrad", false);
            given.only("corrected_weight_decay", false);
            let is_decoupled = given.flag("decoupled_decay", false);
            let averaging = ("grad_averaging", &["grad_averaging"][..]);
            given
                .choice("NovoGrad", "timm", &[averaging, LR, BETAS, EPS, WEIGHT_DECAY])
                .with_decay_form(is_decoupled)
                .into()
        }
        "cautious_adamw" | "cautious_lion" => {
            given.only("corrected_weight_decay", false);
            let cautious = given.flag("caution", true);
            let maximize = ("maximize", &["maximize"][..]);
            let choice = if constructor == "cautious_adamw" {
                given.only("amsgrad", false);
                given.only("clipping_threshold", Json::Null);
                given.choice("AdamW", "torch", &[LR, BETAS, EPS, WEIGHT_DECAY, maximize])
            } else {
                given.choice("Lion", "paper", &[LR, BETAS, WEIGHT_DECAY, maximize])
            };
            Setting { cautious, ..choice.into() }
        }
        "mars" => {
            given.only("mars_type", "adamw");
            given.only("caution", false);
            let (all, factor) = (given.flag("optimize_1d", false), given.take("lr_1d_factor"));
            let betas = given.take("betas_1d");
            let mars = given.choice("Mars", None, &[LR, BETAS, EPS, WEIGHT_DECAY, ("gamma", &["gamma"])]);
            let field = |name: &str| mars.get(name).or(Mars::DEFAULT.get(name).ok()).unwrap();
            let beta =
                |i: usize, name: &str| betas.as_ref().map_or(field(name), |betas| betas[i].as_f64().unwrap().into());
            let Value::Number(lr) = field("lr") else { panic!("{}: lr", given.case) };
            let fields = vec![
                ("lr", (lr * factor.map_or(1.0, |factor| factor.as_f64().unwrap())).into()),
                ("beta1", beta(0, "beta1")),
                ("beta2", beta(1, "beta2")),
                ("eps", field("eps")),
                ("weight_decay", field("weight_decay")),
            ];
            let vectors = (!all).then_some(Choice { optimizer: "AdamW", preset: Some("torch"), fields });
            Setting { vectors, ..mars.into() }
        }
        "adahessian" => {
            given.only("avg_conv_kernel", false);
            let estimate_each = given.take("update_each").map_or(1, |each| each.as_u64().unwrap());
            let power = ("hessian_power", &["hessian_power"][..]);
            let choice = given.choice("AdaHessian", "timm", &[LR, BETAS, EPS, WEIGHT_DECAY, power]);
            Setting { estimate_each, ..choice.into() }
        }
        "adamp" | "sgdp" => {
            given.only("caution", false);
            // The defaults that timm binds to the names.
            given.default("nesterov", true);
            if constructor == "adamp" {
                given.default("wd_ratio", 0.01);
                return given.choice("AdamP", "timm", &[&projected[..], &[BETAS]].concat()).into();
            }
            given.choice("SgdP", "timm", &[&projected[..], &[MOMENTUM, DAMPENING]].concat()).into()
        }
        other => panic!("timm {other}"),
    }
}

fn kozistr(constructor: &str, given: &mut Given<'_>) -> Setting {
    const PRESET: &str = "pytorch_optimizer";
    let adam = [LR, BETAS, EPS, WEIGHT_DECAY];
    let maximize = ("maximize", &["maximize"][..]);
    if !["qhadam", "adamod"].contains(&constructor) {
        given.only("maximize", false);
    }
    let choice = match constructor {
        "stableadamw" => {
            given.only("weight_decouple", true);
            given.choice("StableAdamW", None, &adam)
        }
        "prodigy" => {
            assert!(given.decoupled(true), "{}: decay in the gradient is not here", given.case);
            let own = [("beta3", &["beta3"][..]), ("d0", &["d0"]), ("d_coef", &["d_coef"]), GROWTH_RATE];
            let flags = [("bias_correction", &["bias_correction"][..]), ("safeguard_warmup", &["safeguard_warmup"])];
            given.choice("Prodigy", PRESET, &[&own[..], &flags, &adam].concat())
        }
        "dadaptadam" => {
            let is_decoupled = given.decoupled(false);
            let own = [("d0", &["d0"][..]), GROWTH_RATE, ("bias_correction", &["bias_correction"])];
            let choice = given.choice("DAdaptAdam", PRESET, &[&own[..], &adam].concat());
            let decays = choice.get("weight_decay").is_some_and(|decay| decay != Value::Number(0.0));
            assert!(is_decoupled || !decays, "{}: decay in the gradient is not here", given.case);
            choice
        }
        "dadaptsgd" => {
            assert!(!given.decoupled(false), "{}: decay beside the step is not here", given.case);
            given.choice("DAdaptSgd", None, &[LR, MOMENTUM, ("d0", &["d0"]), GROWTH_RATE, WEIGHT_DECAY])
        }
        "lamb" => {
            for (argument, value) in
                [("rectify", false), ("pre_norm", false), ("adam", false), ("grad_averaging", true)]
            {
                given.only(argument, value);
            }
            given.only("degenerated_to_sgd", false);
            // It clips with `pre_norm` alone.
            given.take("max_grad_norm");
            let is_decoupled = given.decoupled(true);
            let sets = [LR, BETAS, WEIGHT_DECAY, ("eps", &["eps", "ratio_eps"])];
            let form = if is_decoupled { "decoupled" } else { "in_update" };
            given.choice("Lamb", PRESET, &sets).with("decay_form", form)
        }
        "lars" => {
            given.default("lr", 1e-3);
            // The first gradient is dampened too.
            given.only("dampening", 0.0);
            let trust = ("trust_coefficient", &["trust_coefficient"][..]);
            let choice = given.choice("Lars", PRESET, &[LR, WEIGHT_DECAY, MOMENTUM, trust, NESTEROV]);
            let vectors = choice.clone().with("weight_decay", 0.0).with("always_adapt", false);
            return Setting { vectors: Some(vectors), ..choice.into() };
        }
        "novograd" => {
            // The first gradient is whole.
            given.only("grad_averaging", false);
            let is_decoupled = given.decoupled(false);
            given.choice("NovoGrad", PRESET, &adam).with_decay_form(is_decoupled)
        }
        "fromage" => {
            given.only("p_bound", Json::Null);
            given.choice("Fromage", PRESET, &[LR])
        }
        "qhadam" => {
            let is_decoupled = given.decoupled(false);
            let own = [("nus", &["nu1", "nu2"][..]), maximize];
            given.choice("QhAdam", PRESET, &[&own[..], &adam].concat()).with_decay_form(is_decoupled)
        }
        "adamod" => {
            let is_decoupled = given.decoupled(true);
            let betas = ("betas", &["beta1", "beta2", "beta3"][..]);
            given.choice("AdaMod", PRESET, &[LR, betas, EPS, WEIGHT_DECAY, maximize]).with_decay_form(is_decoupled)
        }
        "adammini" => {
            // The layout of its blocks.
            for layout in ["num_embeds", "num_heads", "num_query_groups", "model_sharding"] {
                given.take(layout);
            }
            given.default("lr", 1.0);
            given.default("weight_decay", 0.1);
            given.choice("AdamMini", None, &adam)
        }
        other => panic!("pytorch_optimizer {other}"),
    };
    choice.into()
}

impl Choice {
    /// The optimizer with these fields; nothing for one that the crate does not have.
    pub(crate) fn optimizer(&self, case: &str) -> AnyOptimizer {
        let any = AnyOptimizer::from_name(self.optimizer)
            .unwrap_or_else(|error| panic!("{case}: {}: {error}", self.optimizer));
        let mut any = self.preset.map_or(any, |preset| any.preset(preset).unwrap());
        for (field, value) in &self.fields {
            any.set(field, *value).unwrap_or_else(|error| panic!("{case}: {field}: {error}"));
        }
        any
    }
}

/// The arguments of a case that a file might have, in JSON.
fn of(case: &str, arguments: &str) -> Setting {
    setting(case, &serde_json::from_str(arguments).unwrap()).unwrap()
}

#[test]
fn settings_of_arguments() {
    let lamb = of("timm_lamb_other", r#"{"betas": [0.8, 0.99], "trust_clip": true, "max_grad_norm": 0.5}"#);
    let number = Value::Number;
    let fields = vec![("beta1", number(0.8)), ("beta2", number(0.99)), ("max_ratio", number(1.0))];
    assert_eq!(lamb.choice, Choice { optimizer: "Lamb", preset: Some("timm"), fields });
    assert_eq!((lamb.max_norm, lamb.cautious), (Some(0.5), false));
    assert_eq!(of("timm_lamb", "{}").max_norm, Some(1.0));
    assert_eq!(of("timm_lamb", r#"{"max_grad_norm": null}"#).max_norm, None);
    assert_eq!(of("timm_lars", "{}").choice.get("momentum"), Some(number(0.0)));
    let dog = of("optax_dog", r#"{"init_step": ["distance", 0.5]}"#).choice;
    assert_eq!(dog.fields, [("relative_distance", number(0.0)), ("distance", number(0.5))]);
    let mars = of("timm_mars", r#"{"lr": 0.5, "betas": [0.8, 0.9], "lr_1d_factor": 0.5}"#);
    let vectors = mars.vectors.unwrap();
    assert_eq!((vectors.get("lr"), vectors.get("beta2")), (Some(number(0.25)), Some(number(0.9))));
    assert_eq!(of("timm_mars", r#"{"optimize_1d": true}"#).vectors, None);
}

#[test]
#[should_panic(expected = "set nothing")]
fn an_unknown_argument_fails() {
    of("optax_lamb", r#"{"learning_rate": 0.1, "other": 1}"#);
}

#[test]
#[should_panic(expected = "is not here")]
fn a_form_that_the_crate_lacks_fails() {
    of("timm_novograd", r#"{"amsgrad": true}"#);
}

#[test]
#[should_panic(expected = "is unknown")]
fn an_unknown_case_fails() {
    of("timm_other", "{}");
}
