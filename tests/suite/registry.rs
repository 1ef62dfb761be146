//! The registry and the files of the crate name the same optimizers and presets.

use crate::common::registry;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn rust_files(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// The identifier at the start of a text.
fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// The type of a line that opens an implementation of `Optimizer`, whatever its generics.
fn implemented(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let (head, of) = line.strip_prefix("impl")?.split_once(" for ")?;
    head.contains("Optimizer<").then(|| identifier(of))
}

#[test]
fn every_optimizer_is_registered() {
    let found: BTreeSet<String> = rust_files("src/optim")
        .iter()
        .flat_map(|(_, text)| text.lines().filter_map(implemented).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let registered: BTreeSet<String> = registry().iter().map(|entry| entry.name.to_owned()).collect();
    assert_eq!(found, registered);
    assert_eq!(registry().len(), registered.len(), "an optimizer is registered twice");
}

/// A preset is a constructor without arguments; its values are spelled out in the oracle's `presets`.
#[test]
fn every_preset_is_tested() {
    let oracles: String = rust_files("tests/oracle").into_iter().map(|(_, text)| text).collect();
    let mut presets = 0;
    for (path, text) in rust_files("src/optim") {
        let mut of = "";
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("impl ") {
                of = identifier(rest);
            }
            if let Some(rest) = line.strip_prefix("    pub fn ")
                && line.ends_with("() -> Self {")
            {
                let preset = format!("{of}::{}()", identifier(rest));
                assert!(oracles.contains(&preset), "{preset} of {} is in no oracle", path.display());
                presets += 1;
            }
        }
    }
    assert!(presets > 10, "only {presets} presets were found");
}
