//! Prints the hash of each subject, after comparing all backends that this machine can run.
//!
//! `conformance --check FILE` compares with the lines of a file instead of printing.

use gradstep::Backend;
use std::process::ExitCode;

/// The lines of one backend.
fn lines(backend: Option<Backend>) -> Result<Vec<String>, String> {
    let mut lines = Vec::new();
    let result = gradstep_conformance::run(backend, |[name, subject], hash| {
        lines.push(format!("{name} {subject} {hash:016x}").replace("  ", " "));
    });
    match result {
        Ok(()) => Ok(lines),
        Err(error) => Err(error.to_string()),
    }
}

/// The lines of the scalar backend, and what differs elsewhere.
fn compared() -> Result<(Vec<String>, Vec<String>), String> {
    let expected = lines(Some(Backend::Scalar))?;
    let mut faults = Vec::new();
    let supported = Backend::ALL.into_iter().filter(|backend| backend.is_supported());
    for backend in supported.map(Some).chain([None]) {
        let name = backend.map_or("apply".to_owned(), |backend| backend.to_string());
        let found = lines(backend)?;
        for (found, expected) in found.iter().zip(&expected).filter(|(found, expected)| found != expected) {
            faults.push(format!("{name}: {found}, scalar: {expected}"));
        }
        eprintln!("{name}: {} subjects", found.len());
    }
    Ok((expected, faults))
}

fn check(file: &str) -> Result<Vec<String>, String> {
    let expected = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let (found, mut faults) = compared()?;
    let expected: Vec<&str> = expected.lines().collect();
    faults.extend(found.iter().filter(|line| !expected.contains(&line.as_str())).map(|line| format!("here: {line}")));
    let missing = expected.iter().filter(|line| !found.iter().any(|own| own == *line));
    faults.extend(missing.map(|line| format!("{file}: {line}")));
    Ok(faults)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let faults = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--check", file] => check(file),
        [] => compared().map(|(lines, faults)| {
            lines.iter().for_each(|line| println!("{line}"));
            faults
        }),
        _ => Err("usage: conformance [--check FILE]".to_owned()),
    };
    let faults = faults.unwrap_or_else(|error| vec![error]);
    faults.iter().for_each(|fault| eprintln!("{fault}"));
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
