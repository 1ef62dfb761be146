//! The crate's registry, with every optimizer's type erased.

use super::{Run, run};
use crate::oracle::{Dice, Oracle};

/// What the tests need of one optimizer.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// The default first, then every preset and option.
    pub(crate) variants: Vec<Box<dyn Run>>,
    /// Each preset next to the values that it should have.
    pub(crate) presets: Vec<(String, String)>,
    pub(crate) random: fn(&mut Dice) -> Box<dyn Run>,
    pub(crate) invalid: Vec<(Box<dyn Run>, &'static str)>,
    pub(crate) with_lr: fn(f64) -> Box<dyn Run>,
    pub(crate) fading: &'static [usize],
}

fn entry<O: Oracle<S>, const S: usize>(name: &'static str) -> Entry {
    let presets = O::presets();
    let mut variants = vec![O::default()];
    for variant in presets.iter().map(|&(preset, _)| preset).chain(O::options()) {
        if !variants.contains(&variant) {
            variants.push(variant);
        }
    }
    Entry {
        name,
        variants: variants.into_iter().map(run).collect(),
        presets: presets.iter().map(|(preset, values)| (format!("{preset:?}"), format!("{values:?}"))).collect(),
        random: |dice| run(O::random(dice)),
        invalid: O::invalid().into_iter().map(|(bad, name)| (run(bad), name)).collect(),
        with_lr: |lr| run(O::default().with_lr(lr)),
        fading: O::FADING,
    }
}

/// Every optimizer of the crate.
pub(crate) fn registry() -> Vec<Entry> {
    macro_rules! entries {
        ($($Optimizer:ident: $slots:literal,)*) => {
            vec![$(entry::<gradstep::$Optimizer, $slots>(stringify!($Optimizer))),*]
        };
    }
    gradstep::for_each_optimizer!(entries)
}
