//! The optimizers of libraries: which optimizer and preset of the crate each is, and which field each argument of its
//! constructor sets.

use gradstep::any::AnyOptimizer;
use gradstep::*;
use serde_json::Value;
use std::collections::BTreeMap;

/// The arguments of a constructor, by name.
pub(crate) type Arguments = BTreeMap<String, Value>;

/// What an argument sets.
#[derive(Clone, Copy)]
enum Sets {
    /// A field, or several for an array.
    Fields(&'static [&'static str]),
    /// The negative of a field.
    Negative(&'static str),
    /// Whether decay is decoupled.
    Decoupled,
    /// Whether decay is fixed, if it is true.
    Fixed,
    /// Nothing: the crate has the form with this value alone, because of this.
    Only(bool, &'static str),
    /// Which optimizer or preset it is: this one.
    Choice(&'static str),
}

use Sets::{Choice, Decoupled, Fields, Fixed, Negative, Only};

/// Arguments of an optimizer with momentum, without momentum.
const WITHOUT: Sets = Choice("of an optimizer with momentum");

/// Arguments that say how a library runs or what it does besides the update, and what takes their place here.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (
        &["foreach", "capturable", "differentiable", "fused", "compile_foreach", "use_triton"],
        "how the library runs; here `apply`, `apply_all` or `par_apply`",
    ),
    (&["print_change_log", "name", "verbose", "print_win_rate_every_n_steps"], "not here: it names or prints"),
    (&["caution"], "`step.cautious()`, but for the division by the mean of the mask, which needs the whole tensor"),
    (&["corrected_weight_decay"], "a line before each step: `optimizer.weight_decay = weight_decay * lr / first_lr`"),
    (&["clipping_threshold"], "not here: it needs the root mean square of a whole tensor"),
    (&["clipnorm", "global_clipnorm"], "`step.scale_grads(factor)`; the norm of whole tensors is the caller's"),
    (&["clipvalue"], "`step.clip_by_value(limit)`"),
    (
        &["use_ema", "ema_momentum", "ema_overwrite_frequency"],
        "`average::WeightEma`, fused by `step.then(average)`; to overwrite is to copy the average",
    ),
    (&["loss_scale_factor"], "`step.scale_grads(1.0 / factor)`"),
    (&["gradient_accumulation_steps"], "`grad::accumulate`, then `step.scale_grads(1.0 / steps)`"),
    (&["mask", "weight_decay_mask"], "two sets of hyper-parameters, one without decay, that begin from the same clock"),
    (&["mu_dtype", "state_dtype", "accumulator_dtype"], "not here: state is f32"),
    (&["seed", "key"], "the slot `noise` is the caller's, for example by `sample::normal`"),
    (
        &["hessian_diagonal_fn", "update_interval"],
        "`Sophia::update_hessian`, with the caller's estimate, as often as it is called",
    ),
    (&["clip_value_fn"], "powers of the step alone: `clip_exponent`"),
    (&["cautious_factor"], "`step.cautious()` for 0"),
    (
        &["decoupled_weight_decay"],
        "`weight_decay / first_lr` in place of `weight_decay`: lion-pytorch divides by the first rate",
    ),
];

/// The value of an argument that a constructor was given or has by default.
fn flag(arguments: &Arguments, name: &str) -> bool {
    match arguments.get(name) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        _ => false,
    }
}

const LR: (&str, Sets) = ("lr", Fields(&["lr"]));
const LEARNING_RATE: (&str, Sets) = ("learning_rate", Fields(&["lr"]));
const WEIGHT_DECAY: (&str, Sets) = ("weight_decay", Fields(&["weight_decay"]));
const MAXIMIZE: (&str, Sets) = ("maximize", Fields(&["maximize"]));
const BETAS: (&str, Sets) = ("betas", Fields(&["beta1", "beta2"]));
const BETA_1: (&str, Sets) = ("beta_1", Fields(&["beta1"]));
const BETA_2: (&str, Sets) = ("beta_2", Fields(&["beta2"]));
const B1: (&str, Sets) = ("b1", Fields(&["beta1"]));
const B2: (&str, Sets) = ("b2", Fields(&["beta2"]));
const EPS: (&str, Sets) = ("eps", Fields(&["eps"]));
const EPSILON: (&str, Sets) = ("epsilon", Fields(&["eps"]));
const EPS_ROOT: (&str, Sets) = ("eps_root", Fields(&["eps_root"]));
const NESTEROV: (&str, Sets) = ("nesterov", Fields(&["nesterov"]));
const MOMENTUM: (&str, Sets) = ("momentum", Fields(&["momentum"]));
const WEIGHT_DECOUPLE: (&str, Sets) = ("weight_decouple", Decoupled);
const FIXED_DECAY: (&str, Sets) = ("fixed_decay", Fixed);

/// The optimizer and what each of its arguments sets.
fn library(system: &str, optimizer: &str, given: &Arguments) -> (AnyOptimizer, Vec<(&'static str, Sets)>) {
    let has = |name: &str| flag(given, name);
    let rms_prop = |preset: RmsProp, has_momentum: bool| -> AnyOptimizer {
        let momentum = 0.9;
        match (has("centered"), has_momentum) {
            (false, false) => preset.into(),
            (true, false) => preset.centered().into(),
            (false, true) => preset.with_momentum(momentum).into(),
            (true, true) => preset.centered().with_momentum(momentum).into(),
        }
    };
    // Arguments of momentum are not fields of an optimizer without it.
    let with_momentum = |with: AnyOptimizer, without: AnyOptimizer| if has("momentum") { with } else { without };
    let momentum = if has("momentum") { MOMENTUM } else { ("momentum", Choice("an optimizer with momentum")) };
    let nesterov = if has("momentum") { NESTEROV } else { ("nesterov", WITHOUT) };
    match (system, optimizer) {
        ("torch", "SGD") => (
            with_momentum(Momentum::torch().into(), Sgd::torch().into()),
            vec![
                LR,
                momentum,
                ("dampening", if has("momentum") { Fields(&["dampening"]) } else { WITHOUT }),
                nesterov,
                WEIGHT_DECAY,
                MAXIMIZE,
            ],
        ),
        ("torch", "ASGD") => (
            Asgd::torch().into(),
            vec![
                LR,
                ("lambd", Fields(&["lambda"])),
                ("alpha", Fields(&["alpha"])),
                ("t0", Fields(&["t0"])),
                WEIGHT_DECAY,
                MAXIMIZE,
            ],
        ),
        ("torch", "Adagrad") => (
            AdaGrad::torch().into(),
            vec![
                LR,
                ("lr_decay", Fields(&["lr_decay"])),
                WEIGHT_DECAY,
                ("initial_accumulator_value", Fields(&["initial_accumulator"])),
                EPS,
                MAXIMIZE,
            ],
        ),
        ("torch", "Adadelta") => {
            (AdaDelta::torch().into(), vec![LR, ("rho", Fields(&["rho"])), EPS, WEIGHT_DECAY, MAXIMIZE])
        }
        ("torch", "RMSprop") => (
            rms_prop(RmsProp::torch(), has("momentum")),
            vec![
                LR,
                ("alpha", Fields(&["decay"])),
                EPS,
                WEIGHT_DECAY,
                momentum,
                ("centered", Choice("`.centered()`")),
                MAXIMIZE,
            ],
        ),
        ("torch", "Adam" | "AdamW") => {
            let base = match (optimizer, has("amsgrad")) {
                ("Adam", false) => Adam::torch().into(),
                ("Adam", true) => AmsGrad::torch().into(),
                (_, false) => AdamW::torch().into(),
                (_, true) => AmsGrad::torch_adamw().into(),
            };
            let decoupled = ("decoupled_weight_decay", Decoupled);
            (base, vec![LR, BETAS, EPS, WEIGHT_DECAY, ("amsgrad", Choice("`AmsGrad`")), decoupled, MAXIMIZE])
        }
        ("torch", "NAdam") => (
            NAdam::torch().into(),
            vec![
                LR,
                BETAS,
                EPS,
                WEIGHT_DECAY,
                ("momentum_decay", Fields(&["momentum_decay"])),
                ("decoupled_weight_decay", Decoupled),
                MAXIMIZE,
            ],
        ),
        ("torch", "RAdam") => {
            (RAdam::torch().into(), vec![LR, BETAS, EPS, WEIGHT_DECAY, ("decoupled_weight_decay", Decoupled), MAXIMIZE])
        }
        ("torch", "Adamax") => (Adamax::torch().into(), vec![LR, BETAS, EPS, WEIGHT_DECAY, MAXIMIZE]),
        ("torch", "Rprop") => (
            Rprop::torch().into(),
            vec![
                LR,
                ("etas", Fields(&["etaminus", "etaplus"])),
                ("step_sizes", Fields(&["step_min", "step_max"])),
                MAXIMIZE,
            ],
        ),

        ("keras", "SGD") => {
            let with = if has("nesterov") { Nesterov::keras().into() } else { HeavyBall::keras().into() };
            let base = with_momentum(with, Sgd::keras().into());
            (base, vec![LEARNING_RATE, momentum, ("nesterov", Choice("`Nesterov::keras()`")), WEIGHT_DECAY])
        }
        ("keras", "Adagrad") => (
            AdaGrad::keras().into(),
            vec![
                LEARNING_RATE,
                ("initial_accumulator_value", Fields(&["initial_accumulator"])),
                ("epsilon", Fields(&["eps_root"])),
                WEIGHT_DECAY,
            ],
        ),
        ("keras", "Adadelta") => {
            (AdaDelta::keras().into(), vec![LEARNING_RATE, ("rho", Fields(&["rho"])), EPSILON, WEIGHT_DECAY])
        }
        ("keras", "RMSprop") => (
            rms_prop(RmsProp::keras(), has("momentum")),
            vec![
                LEARNING_RATE,
                ("rho", Fields(&["decay"])),
                momentum,
                ("epsilon", Fields(&["eps_root"])),
                ("centered", Choice("`.centered()`")),
                WEIGHT_DECAY,
            ],
        ),
        ("keras", "Adam" | "AdamW") => {
            let base = match (optimizer, has("amsgrad")) {
                ("Adam", false) => Adam::keras().into(),
                ("Adam", true) => AmsGrad::keras().into(),
                (_, false) => AdamW::keras().into(),
                (_, true) => AmsGrad::keras_adamw().into(),
            };
            (base, vec![LEARNING_RATE, BETA_1, BETA_2, EPSILON, ("amsgrad", Choice("`AmsGrad`")), WEIGHT_DECAY])
        }
        ("keras", "Adamax") => (
            Adamax::keras().into(),
            vec![LEARNING_RATE, BETA_1, BETA_2, ("epsilon", Fields(&["eps_outside"])), WEIGHT_DECAY],
        ),
        ("keras", "Nadam") => (NAdam::keras().into(), vec![LEARNING_RATE, BETA_1, BETA_2, EPSILON, WEIGHT_DECAY]),
        ("keras", "Lion") => (Lion::keras().into(), vec![LEARNING_RATE, BETA_1, BETA_2, WEIGHT_DECAY]),
        ("keras", "Ftrl") => (
            Ftrl::keras().into(),
            vec![
                LEARNING_RATE,
                ("learning_rate_power", Negative("power")),
                ("initial_accumulator_value", Fields(&["initial_accumulator"])),
                ("l1_regularization_strength", Fields(&["l1"])),
                ("l2_regularization_strength", Fields(&["l2"])),
                ("l2_shrinkage_regularization_strength", Fields(&["l2_shrinkage"])),
                ("beta", Fields(&["beta"])),
                WEIGHT_DECAY,
            ],
        ),
        ("keras", "ScheduleFreeAdamW") => (
            ScheduleFreeAdamW::keras().into(),
            vec![LEARNING_RATE, BETA_1, BETA_2, EPSILON, ("warmup_steps", Fields(&["warmup"])), WEIGHT_DECAY],
        ),

        ("optax", "sgd") => {
            let with =
                if has("nesterov") { Momentum { nesterov: true, ..Momentum::DEFAULT } } else { Momentum::DEFAULT };
            (with_momentum(with.into(), Sgd::DEFAULT.into()), vec![LEARNING_RATE, momentum, nesterov])
        }
        ("optax", "adagrad") => (
            AdaGrad::optax().into(),
            vec![
                LEARNING_RATE,
                ("initial_accumulator_value", Fields(&["initial_accumulator"])),
                ("eps", Fields(&["eps_root"])),
            ],
        ),
        ("optax", "adadelta") => {
            (AdaDelta::torch().into(), vec![LEARNING_RATE, ("rho", Fields(&["rho"])), EPS, WEIGHT_DECAY])
        }
        ("optax", "rmsprop") => {
            let in_root = !given.contains_key("eps_in_sqrt") || has("eps_in_sqrt");
            let preset = RmsProp::optax();
            let preset = if in_root { preset } else { RmsProp { eps: preset.eps_root, eps_root: 0.0, ..preset } };
            (
                rms_prop(preset, has("momentum")),
                vec![
                    LEARNING_RATE,
                    ("decay", Fields(&["decay"])),
                    ("eps", if in_root { Fields(&["eps_root"]) } else { Fields(&["eps"]) }),
                    ("initial_scale", Fields(&["initial_square"])),
                    ("eps_in_sqrt", Choice("off, `eps` in place of `eps_root`")),
                    ("centered", Choice("`.centered()`")),
                    momentum,
                    nesterov,
                    ("bias_correction", Fields(&["bias_correction"])),
                ],
            )
        }
        ("optax", "adam" | "adamw") => {
            let base = match (optimizer, has("nesterov")) {
                ("adam", false) => Adam::torch().into(),
                ("adam", true) => NAdam::optax().into(),
                (_, false) => AdamW::optax().into(),
                (_, true) => NAdam::optax_nadamw().into(),
            };
            (
                base,
                vec![
                    LEARNING_RATE,
                    B1,
                    B2,
                    EPS,
                    EPS_ROOT,
                    WEIGHT_DECAY,
                    ("nesterov", Choice("`NAdam::optax()`, `NAdam::optax_nadamw()`")),
                ],
            )
        }
        ("optax", "amsgrad") => {
            let corrected = [
                ("bias_correction_mu", Only(true, "both corrections are part of the form")),
                ("bias_correction_nu", Only(true, "both corrections are part of the form")),
            ];
            (AmsGrad::optax().into(), [&[LEARNING_RATE, B1, B2, EPS, EPS_ROOT][..], &corrected].concat())
        }
        ("optax", "adamax") => (Adamax::optax().into(), vec![LEARNING_RATE, B1, B2, EPS]),
        ("optax", "adamaxw") => (AdamaxW::optax().into(), vec![LEARNING_RATE, B1, B2, EPS, WEIGHT_DECAY]),
        ("optax", "nadam") => (
            NAdam::optax().into(),
            vec![
                LEARNING_RATE,
                B1,
                B2,
                EPS,
                EPS_ROOT,
                ("nesterov", Choice("off, `Adam::torch()` or `AdamW::optax()`")),
            ],
        ),
        ("optax", "nadamw") => (
            NAdam::optax_nadamw().into(),
            vec![
                LEARNING_RATE,
                B1,
                B2,
                EPS,
                EPS_ROOT,
                WEIGHT_DECAY,
                ("nesterov", Choice("off, `Adam::torch()` or `AdamW::optax()`")),
            ],
        ),
        ("optax", "radam") => (
            RAdam::optax().into(),
            vec![LEARNING_RATE, B1, B2, EPS, EPS_ROOT, ("threshold", Fields(&["threshold"])), NESTEROV],
        ),
        ("optax", "adabelief") => (AdaBelief::optax().into(), vec![LEARNING_RATE, B1, B2, EPS, EPS_ROOT, NESTEROV]),
        ("optax", "yogi") => (Yogi::optax().into(), vec![LEARNING_RATE, B1, B2, EPS]),
        ("optax", "adan") => {
            (Adan::optax().into(), vec![LEARNING_RATE, B1, B2, ("b3", Fields(&["beta3"])), EPS, EPS_ROOT, WEIGHT_DECAY])
        }
        ("optax", "lion") => (Lion::optax().into(), vec![LEARNING_RATE, B1, B2, WEIGHT_DECAY]),
        ("optax", "sign_sgd") => (SignSgd::optax().into(), vec![LEARNING_RATE]),
        ("optax", "noisy_sgd") => {
            (NoisySgd::optax().into(), vec![LEARNING_RATE, ("eta", Fields(&["eta"])), ("gamma", Fields(&["gamma"]))])
        }
        ("optax", "rprop") => (
            Rprop::optax().into(),
            vec![
                LEARNING_RATE,
                ("eta_minus", Fields(&["etaminus"])),
                ("eta_plus", Fields(&["etaplus"])),
                ("min_step_size", Fields(&["step_min"])),
                ("max_step_size", Fields(&["step_max"])),
            ],
        ),
        ("optax", "optimistic_gradient_descent") => (
            OptimisticSgd::optax().into(),
            vec![LEARNING_RATE, ("alpha", Fields(&["alpha"])), ("beta", Fields(&["beta"]))],
        ),
        ("optax", "optimistic_adam_v2") => (
            OptimisticAdam::optax().into(),
            vec![
                LEARNING_RATE,
                ("alpha", Fields(&["alpha"])),
                ("beta", Fields(&["beta"])),
                B1,
                B2,
                EPS,
                EPS_ROOT,
                NESTEROV,
            ],
        ),
        ("optax", "sophia") => (
            Sophia::optax().into(),
            vec![
                LEARNING_RATE,
                B1,
                B2,
                EPS,
                WEIGHT_DECAY,
                ("gamma", Fields(&["gamma"])),
                ("clip_threshold", Fields(&["clip"])),
            ],
        ),
        ("optax", "madgrad") => (Madgrad::authors().into(), vec![LEARNING_RATE, MOMENTUM, EPS, WEIGHT_DECAY]),
        ("optax", "ademamix") => (
            AdEmaMix::optax().into(),
            vec![
                LEARNING_RATE,
                B1,
                B2,
                ("b3", Fields(&["beta3"])),
                ("alpha", Fields(&["alpha"])),
                EPS,
                EPS_ROOT,
                WEIGHT_DECAY,
            ],
        ),
        ("optax", "simplified_ademamix") => (
            SimplifiedAdEmaMix::optax().into(),
            vec![LEARNING_RATE, B1, B2, ("alpha", Fields(&["alpha"])), EPS, EPS_ROOT, WEIGHT_DECAY],
        ),
        ("optax", "adopt") => {
            (Adopt::optax().into(), vec![LEARNING_RATE, B1, B2, EPS, NESTEROV, ("use_clipping", Fields(&["clip"]))])
        }
        ("optax", "acprop") => (AcProp::optax().into(), vec![LEARNING_RATE, B1, B2, EPS, EPS_ROOT, WEIGHT_DECAY]),
        ("optax", "cocob") => {
            (Cocob::optax().into(), vec![LEARNING_RATE, ("alpha", Fields(&["alpha"])), EPS, WEIGHT_DECAY])
        }
        ("optax", "schedule_free_sgd") => (
            ScheduleFreeSgd::optax().into(),
            vec![
                LEARNING_RATE,
                ("warmup_steps", Fields(&["warmup"])),
                B1,
                WEIGHT_DECAY,
                ("weight_lr_power", Fields(&["weight_lr_power"])),
            ],
        ),
        ("optax", "schedule_free_adamw") => (
            ScheduleFreeAdamW::optax().into(),
            vec![
                LEARNING_RATE,
                ("warmup_steps", Fields(&["warmup"])),
                B1,
                B2,
                EPS,
                WEIGHT_DECAY,
                ("weight_lr_power", Fields(&["weight_lr_power"])),
            ],
        ),

        ("authors", "madgrad") => {
            (Madgrad::authors().into(), vec![LR, MOMENTUM, WEIGHT_DECAY, EPS, ("decouple_decay", Decoupled)])
        }
        ("authors", "adabelief") => (
            AdaBelief::authors().into(),
            vec![
                LR,
                BETAS,
                ("eps", Fields(&["eps=eps_root"])),
                WEIGHT_DECAY,
                ("amsgrad", Only(false, "it needs a third slot")),
                WEIGHT_DECOUPLE,
                FIXED_DECAY,
                ("rectify", Fields(&["rectify"])),
                ("degenerated_to_sgd", Fields(&["degenerated_to_sgd"])),
            ],
        ),
        ("authors", "schedule_free_sgd") => (
            ScheduleFreeSgd::authors().into(),
            vec![
                LR,
                ("momentum", Fields(&["beta1"])),
                WEIGHT_DECAY,
                ("warmup_steps", Fields(&["warmup"])),
                ("r", Fields(&["r"])),
                ("weight_lr_power", Fields(&["weight_lr_power"])),
            ],
        ),
        ("authors", "schedule_free_adamw") => (
            ScheduleFreeAdamW::authors().into(),
            vec![
                LR,
                BETAS,
                EPS,
                WEIGHT_DECAY,
                ("warmup_steps", Fields(&["warmup"])),
                ("r", Fields(&["r"])),
                ("weight_lr_power", Fields(&["weight_lr_power"])),
            ],
        ),
        ("authors", "schedule_free_radam") => (
            ScheduleFreeAdamW::radam().into(),
            vec![
                LR,
                BETAS,
                EPS,
                WEIGHT_DECAY,
                ("r", Fields(&["r"])),
                ("weight_lr_power", Fields(&["weight_lr_power"])),
                ("silent_sgd_phase", Fields(&["silent_sgd_phase"])),
            ],
        ),

        ("timm", "laprop") => (LaProp::timm().into(), vec![LR, BETAS, EPS, WEIGHT_DECAY]),
        ("timm", "adopt") => (
            Adopt::timm().into(),
            vec![
                LR,
                BETAS,
                EPS,
                ("clip_exp", Fields(&["clip_exponent"])),
                WEIGHT_DECAY,
                ("decoupled", Decoupled),
                MAXIMIZE,
            ],
        ),
        ("timm", "adabelief") => (
            AdaBelief::authors().into(),
            vec![
                LR,
                BETAS,
                ("eps", Fields(&["eps=eps_root"])),
                WEIGHT_DECAY,
                ("amsgrad", Only(false, "it needs a third slot")),
                ("decoupled_decay", Decoupled),
                FIXED_DECAY,
                ("rectify", Fields(&["rectify"])),
                ("degenerated_to_sgd", Fields(&["degenerated_to_sgd"])),
            ],
        ),
        ("timm", "rmsprop_tf") => (
            if has("centered") { RmsPropTf::timm().centered().into() } else { RmsPropTf::timm().into() },
            vec![
                LR,
                ("alpha", Fields(&["decay"])),
                ("eps", if has("centered") { Fields(&["eps_root"]) } else { Fields(&["eps"]) }),
                WEIGHT_DECAY,
                MOMENTUM,
                ("centered", Choice("`.centered()`")),
                ("decoupled_decay", Decoupled),
                ("lr_in_momentum", Fields(&["lr_in_buffer"])),
            ],
        ),
        ("timm", "sgdw") => {
            let without = Sgd { lr: 1e-3, decay_form: DecayForm::Decoupled, ..Sgd::DEFAULT };
            (
                with_momentum(Momentum::timm_sgdw().into(), without.into()),
                vec![
                    LR,
                    momentum,
                    ("dampening", if has("momentum") { Fields(&["dampening"]) } else { WITHOUT }),
                    nesterov,
                    WEIGHT_DECAY,
                    MAXIMIZE,
                ],
            )
        }
        ("timm", "adan") => (
            Adan::paper().into(),
            vec![
                LR,
                ("betas", Fields(&["beta1", "beta2", "beta3"])),
                EPS,
                WEIGHT_DECAY,
                ("no_prox", Negative("proximal")),
            ],
        ),
        ("timm", "nadamw") => (NAdam::timm_nadamw().into(), vec![LR, BETAS, EPS, WEIGHT_DECAY, MAXIMIZE]),
        ("timm", "lion") => (Lion::paper().into(), vec![LR, BETAS, WEIGHT_DECAY, MAXIMIZE]),
        ("timm", "madgrad") => {
            (Madgrad::authors().into(), vec![LR, MOMENTUM, WEIGHT_DECAY, EPS, ("decoupled_decay", Decoupled)])
        }

        ("lion_pytorch", "Lion") => (Lion::paper().into(), vec![LR, BETAS, WEIGHT_DECAY]),

        ("kozistr", "laprop") => (
            if has("centered") {
                LaPropCentered::pytorch_optimizer().into()
            } else {
                LaProp::pytorch_optimizer().into()
            },
            vec![
                LR,
                BETAS,
                ("centered", Choice("`.centered()`")),
                (
                    "steps_before_using_centered",
                    if has("centered") {
                        Fields(&["centered_after"])
                    } else {
                        Choice("`centered_after` of LaPropCentered")
                    },
                ),
                WEIGHT_DECAY,
                WEIGHT_DECOUPLE,
                FIXED_DECAY,
                ("ams_bound", Only(false, "it needs another slot")),
                EPS,
                MAXIMIZE,
            ],
        ),
        ("kozistr", "grams") => {
            (Grams::pytorch_optimizer().into(), vec![LR, BETAS, WEIGHT_DECAY, WEIGHT_DECOUPLE, EPS, MAXIMIZE])
        }
        ("kozistr", "signsgd") => {
            let without = SignSgd { decay_form: DecayForm::Decoupled, ..SignSgd::optax() };
            let beta = if has("momentum") || !given.contains_key("momentum") {
                Fields(&["beta"])
            } else {
                Choice("`SignSgd` for 0")
            };
            let base = if matches!(beta, Choice(_)) { without.into() } else { Signum::pytorch_optimizer().into() };
            (base, vec![LR, ("momentum", beta), WEIGHT_DECAY, WEIGHT_DECOUPLE, MAXIMIZE])
        }
        ("kozistr", "yogi") => (
            Yogi::pytorch_optimizer().into(),
            vec![
                LR,
                BETAS,
                ("initial_accumulator", Fields(&["initial_accumulator"])),
                WEIGHT_DECAY,
                WEIGHT_DECOUPLE,
                FIXED_DECAY,
                EPS,
                MAXIMIZE,
            ],
        ),
        ("kozistr", "tiger") => (
            Tiger::DEFAULT.into(),
            vec![LR, ("beta", Fields(&["beta"])), WEIGHT_DECAY, WEIGHT_DECOUPLE, FIXED_DECAY, MAXIMIZE],
        ),
        _ => panic!("{system} {optimizer} is not translated"),
    }
}

fn elsewhere(argument: &str) -> Option<&'static str> {
    ELSEWHERE.iter().find(|(arguments, _)| arguments.contains(&argument)).map(|(_, place)| *place)
}

/// What an argument is here, for the register of options.
pub(crate) fn place(system: &str, optimizer: &str, arguments: &Arguments, argument: &str) -> String {
    let (_, known) = library(system, optimizer, arguments);
    let quoted = |fields: &[&str]| {
        let fields: Vec<String> =
            fields.iter().flat_map(|field| field.split('=')).map(|field| format!("`{field}`")).collect();
        fields.join(", ")
    };
    match known.iter().find(|(name, _)| *name == argument) {
        None => elsewhere(argument).unwrap_or_else(|| panic!("{system} {optimizer}: {argument}")).to_owned(),
        Some((_, Fields(fields))) => quoted(fields),
        Some((_, Negative(field))) => format!("the negative of `{field}`"),
        Some((_, Decoupled)) => "`decay_form`: decoupled or coupled".to_owned(),
        Some((_, Fixed)) => "`decay_form`: fixed".to_owned(),
        Some((_, Only(here, because))) => format!("not here but for {here}, because {because}"),
        Some((_, Choice(text))) => (*text).to_owned(),
    }
}

/// The preset that a library's optimizer is with these arguments.
pub(crate) fn preset(system: &str, optimizer: &str, arguments: &Arguments) -> AnyOptimizer {
    library(system, optimizer, arguments).0
}

/// The optimizer of the crate that a library's optimizer is with these arguments: its preset, and then every argument.
pub(crate) fn translated(system: &str, optimizer: &str, arguments: &Arguments) -> AnyOptimizer {
    let (mut any, known) = library(system, optimizer, arguments);
    for (argument, value) in arguments {
        let what = format!("{system} {optimizer}({argument}={value})");
        let Some((_, sets)) = known.iter().find(|(name, _)| name == argument) else {
            assert!(elsewhere(argument).is_some(), "{what} sets nothing");
            continue;
        };
        let mut set = |field: &str, value: &Value| match value {
            Value::Null => {}
            Value::Bool(flag) => any.set(field, *flag).unwrap_or_else(|error| panic!("{what}: {error}")),
            Value::Number(number) => {
                any.set(field, number.as_f64().unwrap()).unwrap_or_else(|error| panic!("{what}: {error}"));
            }
            other => panic!("{what}: {other} is no value of a field"),
        };
        match (sets, value) {
            (Choice(_), _) => {}
            (Fields(fields), Value::Array(values)) => {
                assert_eq!(fields.len(), values.len(), "{what}");
                fields.iter().zip(values).for_each(|(field, value)| set(field, value));
            }
            (Fields([fields]), value) => fields.split('=').for_each(|field| set(field, value)),
            (Negative(field), Value::Bool(flag)) => set(field, &Value::Bool(!flag)),
            (Negative(field), value) => set(field, &(-value.as_f64().unwrap()).into()),
            (Decoupled, value) => {
                let form = if value.as_bool().unwrap() { "decoupled" } else { "coupled" };
                any.set("decay_form", form).unwrap();
            }
            (Fixed, Value::Bool(true)) => any.set("decay_form", "fixed").unwrap(),
            (Fixed, _) => {}
            (Only(here, _), Value::Bool(value)) if here == value => {}
            _ => panic!("{what} is not here"),
        }
    }
    any
}
