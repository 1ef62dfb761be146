//! Optimizers that look at more than an element.

use super::{Bound, Dice, Oracle};
use gradstep::*;

macro_rules! whole {
    ($($Optimizer:ident: $slots:literal,)*) => {$(
        impl Oracle<$slots> for $Optimizer {
            type Memory = ();
            const FADING: &'static [usize] = &[];
            const BOUND: Bound = Bound { param: 0.0, state: 0.0 };

            fn presets() -> Vec<(Self, Self)> {
                vec![]
            }

            fn options() -> Vec<Self> {
                vec![]
            }

            fn random(_: &mut Dice) -> Self {
                $Optimizer::DEFAULT
            }
        }
    )*};
}
whole! { Lars: 1, Lamb: 2, NovoGrad: 2, Fromage: 0, StableAdamW: 2, Mars: 3, AdamMini: 2, RowAdaGrad: 1, Dog: 1, Dowg: 1, Prodigy: 4, DAdaptAdam: 3, DAdaptSgd: 2, PolyakSgd: 0, Momo: 1, AdamP: 2, SgdP: 1, }
