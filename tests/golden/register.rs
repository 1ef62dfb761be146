//! The pages in `docs/` that say where each argument and each entry of a library's state is: they are written by these tests,
//! from the tables that the other tests use.

use super::defaults::Defaults;
use super::libraries::{Arguments, place, preset};
use super::read;
use super::states::{States, entry};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A library's name in the data, in prose, and before its optimizers' names.
const SYSTEMS: &[(&str, &str, &str)] = &[
    ("torch", "PyTorch", "torch.optim."),
    ("keras", "Keras", "keras.optimizers."),
    ("optax", "optax", "optax."),
    ("authors", "The authors' packages madgrad, adabelief-pytorch and schedulefree", ""),
    ("timm", "timm", "timm.optim."),
    ("lion_pytorch", "lion-pytorch", "lion_pytorch."),
    ("kozistr", "pytorch_optimizer", "pytorch_optimizer."),
];

/// Compares a page with its file, or writes it where the environment variable UPDATE_DOCS is set. The published package has
/// no docs.
fn hold_against(file: &str, page: &str) {
    let docs = format!("{}/docs", env!("CARGO_MANIFEST_DIR"));
    if !std::fs::exists(&docs).unwrap() {
        return;
    }
    let path = format!("{docs}/{file}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page,
        "docs/{file} is not what the tables say: run UPDATE_DOCS=1 cargo test --test golden register"
    );
}

/// `Adam::torch()`, or the type alone where the preset has no name.
fn here(system: &str, optimizer: &str, arguments: &Arguments) -> String {
    let any = preset(system, optimizer, arguments);
    let mut names = any.presets().iter().filter(|name| any.preset(name) == Ok(any));
    // The preset that has the library's name before others of the same values.
    let named = names.clone().find(|name| name.contains(&system.replace("kozistr", "pytorch_optimizer")));
    let name = any.name();
    match named.or_else(|| names.next()) {
        Some(preset) => format!("`{name}::{preset}()`"),
        None => format!("`{name}`"),
    }
}

#[test]
fn options_of_the_forms() {
    let defaults: Defaults = read("defaults");
    let mut page = String::from(
        "# Options of the libraries\n\nWhich optimizer and preset a library's optimizer is, and what each argument of its \
         constructor is here: a field, a method of\n`Step`, another type, or not here. Arguments that say the same in all of \
         a library's optimizers are in one row. A test compares\nevery preset with the defaults in `tests/data/defaults.json`, \
         which `tests/data/generate_defaults.py` reads from the libraries.\n\n\
         `UPDATE_DOCS=1 cargo test --test golden register` writes this page.\n",
    );
    for (system, title, prefix) in SYSTEMS {
        let constructors: Vec<_> = defaults.optimizers.iter().filter(|row| row.system == *system).collect();
        assert!(!constructors.is_empty(), "{system}");
        writeln!(page, "\n## {title}\n\n| optimizer | here |\n|---|---|").unwrap();
        for row in &constructors {
            writeln!(page, "| `{prefix}{}` | {} |", row.optimizer, here(system, &row.optimizer, &row.arguments))
                .unwrap();
        }
        // Arguments that are the same thing in several optimizers.
        let mut places: BTreeMap<(&str, String), BTreeSet<&str>> = BTreeMap::new();
        for row in &constructors {
            for argument in row.arguments.keys() {
                let place = place(system, &row.optimizer, &row.arguments, argument);
                places.entry((argument, place)).or_default().insert(&row.optimizer);
            }
        }
        let having = |argument: &str| constructors.iter().filter(|row| row.arguments.contains_key(argument)).count();
        writeln!(page, "\n| argument | of | here |\n|---|---|---|").unwrap();
        for ((argument, place), optimizers) in &places {
            let of = if optimizers.len() == having(argument) && optimizers.len() > 1 {
                "all that have it".to_owned()
            } else {
                optimizers.iter().copied().collect::<Vec<_>>().join(", ")
            };
            writeln!(page, "| `{argument}` | {of} | {place} |").unwrap();
        }
    }
    page += "\n## Wrappers\n\n| wrapper | argument | here |\n|---|---|---|\n\
        | `optax.lookahead`, `pytorch_optimizer.Lookahead` | `sync_period`, `k` | `average::Lookahead { period }` |\n\
        | | `slow_step_size`, `alpha` | `alpha` |\n\
        | | `reset_state`, `pullback_momentum=\"reset\"` | at a synchronization, `optimizer.init(&params, state)` and a new clock |\n\
        | | `pullback_momentum=\"pullback\"` | `synchronize.apply(&mut buffer, &mut slow_buffer)` for the momentum buffer too |\n\
        | `timm.optim.Lookahead` | | the same, but its slow copy is made at the first synchronization: copy the parameters after `period` steps and start the clock there |\n";
    hold_against("options.md", &page);
}

#[test]
fn checkpoints_of_the_forms() {
    let states: States = read("states");
    let mut page = String::from(
        "# Checkpoints of the libraries\n\n\
         The tables say where each entry of a library's state goes when training continues with this crate: into a slot of the optimizer\n\
         or into a field of its clock. Slots are in the order in which a step takes them. A single name means that both sides use it,\n\
         and `a` ← `b` means that the slot or field `a` takes the entry `b`. `−x` is the entry x with its sign changed. The same tables\n\
         show how to go back.\n\n\
         A checkpoint of this crate is the slices, the clock and the hyper-parameters. A schedule is a function of the step. Only\n\
         `ReduceOnPlateau` and a loss scale have a state that has to be saved too.\n\n\
         A test takes each library's state after 137 steps and continues for 263 steps under a schedule (`tests/data/states.json`, made\n\
         by `tests/data/generate_states.py`). `UPDATE_DOCS=1 cargo test --test golden register` writes this page.\n",
    );
    for (system, title, prefix) in SYSTEMS {
        let cases: Vec<_> = states.cases.iter().filter(|case| case.system == *system).collect();
        if cases.is_empty() {
            continue;
        }
        writeln!(page, "\n## {title}\n\n| optimizer | here | slot ← entry | clock ← entry |\n|---|---|---|---|")
            .unwrap();
        let mut rows = BTreeSet::new();
        for case in cases {
            let any = preset(system, &case.optimizer, &case.hyper);
            let of = |place: &'static str| {
                let entry = entry(system, &case.optimizer, place).replace('-', "−");
                if entry == place { format!("`{place}`") } else { format!("`{place}` ← `{entry}`") }
            };
            let slots: Vec<String> = any.slots().map(|slot| of(slot.name)).collect();
            let clock: Vec<String> = ["step"].iter().chain(any.clock_values()).map(|place| of(place)).collect();
            let (name, slots, clock) = (any.name(), slots.join(", "), clock.join(", "));
            if rows.insert((case.optimizer.clone(), name)) {
                writeln!(page, "| `{prefix}{}` | `{name}` | {slots} | {clock} |", case.optimizer).unwrap();
            }
        }
    }
    page += "\n- `step` ← `1`: PyTorch's and timm's SGD count no steps. The first step of a clock takes the gradient without \
        dampening, so a clock\n  that goes on from a checkpoint starts at 1 or above.\n\
        - `mu_product` ← `b1^t`: optax and timm keep no product, as their μ is β1 in every step. It is β1 to the power of the \
        steps done.\n\
        - `lr_max` ← `0`: Keras's ScheduleFreeAdamW weights every step alike, whatever the rate.\n\
        - optax's Sophia holds `mu` (`exp_avg`) and `nu` (`hessian`); its `count` is `step`.\n\
        - Keras puts the name of the variable before that of an entry.\n\
        - timm's `ModelEmaV3` starts from the initial weights: `WeightEma::timm` goes on from its average at any clock. With other \
        settings\n  start the clock at 1, so that the average is not replaced.\n";
    hold_against("checkpoints.md", &page);
}
