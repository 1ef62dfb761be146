//! What is done, so that a run can be broken off and taken up again.

use crate::Task;
use std::collections::HashSet;
use std::fs::{File, OpenOptions, create_dir_all, read_dir, read_to_string};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Finished sweeps: a file of lines with name, seconds and what was found, separated by tabs.
pub(crate) struct Record {
    done: HashSet<String>,
    file: Option<File>,
}

/// One line of a record.
pub(crate) struct Line {
    pub(crate) task: String,
    pub(crate) stride: u32,
    pub(crate) name: String,
    pub(crate) seconds: f64,
    pub(crate) found: String,
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/exhaustive")
}

impl Record {
    /// Remembers nothing.
    pub(crate) fn none() -> Self {
        Record { done: HashSet::new(), file: None }
    }

    /// The record of a task at a stride.
    pub(crate) fn open(task: Task, stride: u32) -> Self {
        create_dir_all(directory()).expect("target can be written");
        let path = directory().join(format!("{task:?}-{stride}.tsv").to_lowercase());
        let lines = read_to_string(&path).unwrap_or_default();
        let done = lines.lines().filter_map(|line| Some(line.split_once('\t')?.0.to_owned())).collect();
        let file = OpenOptions::new().create(true).append(true).open(path).expect("target can be written");
        Record { done, file: Some(file) }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.done.contains(name)
    }

    pub(crate) fn len(&self) -> usize {
        self.done.len()
    }

    pub(crate) fn add(&mut self, name: &str, took: Duration, found: &str) {
        if let Some(file) = &mut self.file {
            writeln!(file, "{name}\t{:.2}\t{found}", took.as_secs_f64()).expect("target can be written");
        }
    }

    /// All lines of all records.
    pub(crate) fn read_all() -> Vec<Line> {
        let mut lines = Vec::new();
        for file in read_dir(directory()).into_iter().flatten().flatten() {
            let name = file.file_name().into_string().unwrap_or_default();
            let Some((task, stride)) = name.strip_suffix(".tsv").and_then(|name| name.split_once('-')) else {
                continue;
            };
            for line in read_to_string(file.path()).unwrap_or_default().lines() {
                if let [name, seconds, found] = line.split('\t').collect::<Vec<_>>()[..] {
                    lines.push(Line {
                        task: task.to_owned(),
                        stride: stride.parse().unwrap_or(0),
                        name: name.to_owned(),
                        seconds: seconds.parse().unwrap_or(0.0),
                        found: found.to_owned(),
                    });
                }
            }
        }
        lines
    }
}
