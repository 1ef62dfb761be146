//! The defaults of each library's constructors, read from the libraries, against the presets.

use super::libraries::{Arguments, preset, translated};
use super::read;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Defaults {
    pub(crate) optimizers: Vec<Constructor>,
}

#[derive(Deserialize)]
pub(crate) struct Constructor {
    pub(crate) system: String,
    pub(crate) optimizer: String,
    pub(crate) arguments: Arguments,
}

/// Arguments that make another optimizer of the crate of a constructor. The others keep their defaults.
const VARIANTS: &[(&str, &str, &[&str])] = &[
    ("torch", "SGD", &["momentum"]),
    ("torch", "RMSprop", &["momentum"]),
    ("torch", "RMSprop", &["centered"]),
    ("torch", "RMSprop", &["centered", "momentum"]),
    ("torch", "Adam", &["amsgrad"]),
    ("torch", "AdamW", &["amsgrad"]),
    ("keras", "SGD", &["momentum"]),
    ("keras", "SGD", &["momentum", "nesterov"]),
    ("keras", "RMSprop", &["momentum"]),
    ("keras", "RMSprop", &["centered"]),
    ("keras", "RMSprop", &["centered", "momentum"]),
    ("keras", "Adam", &["amsgrad"]),
    ("keras", "AdamW", &["amsgrad"]),
    ("optax", "rmsprop", &["momentum"]),
    ("optax", "rmsprop", &["centered"]),
    ("optax", "rmsprop", &["centered", "momentum"]),
    ("optax", "adam", &["nesterov"]),
    ("optax", "adamw", &["nesterov"]),
    ("timm", "sgdw", &["momentum"]),
    ("kozistr", "laprop", &["centered"]),
];

/// A preset with every default of its library set is that preset.
#[test]
fn forms_have_the_defaults_of_their_library() {
    let defaults: Defaults = read("defaults");
    assert!(defaults.optimizers.len() > 60, "{}", defaults.optimizers.len());
    for Constructor { system, optimizer, arguments } in &defaults.optimizers {
        let variants = VARIANTS.iter().filter(|variant| variant.0 == system && variant.1 == optimizer);
        for options in variants.map(|variant| variant.2).chain([&[][..]]) {
            let mut arguments = arguments.clone();
            for &option in options {
                let value = if option == "momentum" { 0.9.into() } else { true.into() };
                assert!(arguments.insert(option.to_owned(), value).is_some(), "{system} {optimizer} has no {option}");
            }
            let preset = preset(system, optimizer, &arguments);
            assert_eq!(translated(system, optimizer, &arguments), preset, "{system} {optimizer} {options:?}");
        }
    }
}
