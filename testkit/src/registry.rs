//! The crate's registry, with what the oracles know of each optimizer.

use crate::oracle::{Dice, Oracle};
use crate::run::{Run, run};
use gradstep::any::AnyOptimizer;
use gradstep::{DecayForm, for_each_optimizer};

/// What the tests need of one optimizer.
pub struct Entry {
    /// The name of its type.
    pub name: &'static str,
    /// The default first, then every preset and option, and every form of weight decay.
    pub variants: Vec<Run>,
    /// Each preset next to the values that it should have, the default first.
    pub presets: Vec<(AnyOptimizer, AnyOptimizer)>,
    /// Random hyper-parameters, all valid.
    pub random: fn(&mut Dice) -> Run,
    /// Slots that fade to zero when gradients stay at zero.
    pub fading: &'static [usize],
}

fn entry<O: Oracle<S> + Into<AnyOptimizer>, const S: usize>() -> Entry {
    let presets = O::presets();
    let decay = |form: &str| {
        let mut variant = O::default();
        variant.set("weight_decay", 0.05).unwrap();
        variant.set("decay_form", form).unwrap();
        variant
    };
    let mut variants = vec![O::default()];
    let forms = DecayForm::NAMES.iter().map(|form| decay(form));
    for variant in presets.iter().map(|&(preset, _)| preset).chain(O::options()).chain(forms) {
        if !variants.contains(&variant) {
            variants.push(variant);
        }
    }
    Entry {
        name: O::NAME,
        variants: variants.into_iter().map(run).collect(),
        presets: presets.into_iter().map(|(preset, values)| (preset.into(), values.into())).collect(),
        random: |dice| run(O::random(dice)),
        fading: O::FADING,
    }
}

/// Every optimizer of the crate that looks at each element by itself.
pub fn registry() -> Vec<Entry> {
    macro_rules! entries {
        ($($Optimizer:ident: $slots:literal,)*) => {
            vec![$(AnyOptimizer::from(gradstep::$Optimizer::DEFAULT)
                .scope()
                .is_none()
                .then(entry::<gradstep::$Optimizer, $slots>)),*]
            .into_iter()
            .flatten()
            .collect()
        };
    }
    for_each_optimizer!(entries)
}
