//! The registry and the files of the crate name the same optimizers.

use gradstep::any::AnyOptimizer;
use gradstep_testkit::registry;
use std::collections::BTreeSet;
use std::path::Path;

/// The text of every Rust file below a folder.
fn rust_files(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            texts.push(std::fs::read_to_string(path).unwrap());
        }
    }
    texts
}

/// The type of a line that opens an implementation of `Optimizer`.
fn implemented(line: &str) -> Option<String> {
    let of = line.strip_prefix("impl Optimizer<")?.split_once(" for ")?.1;
    Some(of.trim_end_matches(" {").to_owned())
}

#[test]
fn every_optimizer_is_registered() {
    let texts = rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/optim"));
    let found: BTreeSet<String> = texts.iter().flat_map(|text| text.lines().filter_map(implemented)).collect();
    let registered: BTreeSet<String> = AnyOptimizer::ALL.iter().map(|optimizer| optimizer.name().to_owned()).collect();
    assert_eq!(found, registered);
    assert_eq!(AnyOptimizer::ALL.len(), registered.len(), "an optimizer is registered twice");
    // Each optimizer whose step looks at one element alone has an oracle.
    let elementwise = AnyOptimizer::ALL.iter().filter(|optimizer| optimizer.scope().is_none());
    assert!(elementwise.map(AnyOptimizer::name).eq(registry().iter().map(|entry| entry.name)));
}
