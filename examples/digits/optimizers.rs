//! Every optimizer of the crate with a learning rate for each task.

use crate::trainer::Start;
use crate::training::Plan;
use crate::{registered, variants};
use gradstep::any::AnyOptimizer;
use gradstep_testkit::{Family, TUNED, Tuned};
use std::collections::HashMap;

pub(crate) const MINI_BATCHES: Plan = Plan { batch: 32, epochs: 30 };
pub(crate) const FULL_BATCH: Plan = Plan { batch: usize::MAX, epochs: 300 };

/// An optimizer that has not started.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) start: Start,
    pub(crate) family: Family,
    pub(crate) lr: f64,
    pub(crate) valley_lr: f64,
    pub(crate) plan: Plan,
}

/// Every optimizer, in the order of the tuned learning rates.
pub(crate) fn registry() -> Result<Vec<Entry>, String> {
    let mut starts: HashMap<_, _> = registered::starts().chain(variants::starts()).collect();
    let entries = TUNED.iter().map(|&Tuned { name, family, digits, path, .. }| {
        let plan = match name {
            // It compares the signs of successive gradients, so they must be of the same samples.
            "Rprop" => Plan { epochs: 60, ..FULL_BATCH },
            _ => MINI_BATCHES,
        };
        let start = starts.remove(name).ok_or(format!("no optimizer is called {name}"))?;
        Ok(Entry { name, start, family, lr: digits, valley_lr: path, plan })
    });
    let entries: Vec<_> = entries.collect::<Result<_, String>>()?;
    let mut names = AnyOptimizer::NAMES.iter().chain(starts.keys());
    match names.find(|name| entries.iter().all(|entry| entry.name != **name)) {
        Some(name) => Err(format!("{name} has no tuned learning rate or does not start")),
        None => Ok(entries),
    }
}

pub(crate) fn title(family: Family) -> &'static str {
    match family {
        Family::Momentum => "Gradient and momentum",
        Family::Accumulated => "Accumulated squares",
        Family::Adam => "Adam and its variants",
        Family::Descendants => "Newer relatives of Adam",
        Family::Signs => "Signs and curvature",
        Family::Whole => "Whole tensors",
    }
}
