//! How many operations each step takes for an element, and how many its formula needs.

use crate::for_each_optimizer;
use crate::optim::*;
use crate::real::{Real, sealed::Sealed};
use crate::rule::{Found, Rule, Terms};
use core::ops::{Add, Div, Mul, Neg, Sub};
use std::cell::Cell;

std::thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
}

/// A number that counts what is done with it, except for what a compiler drops: a product with the constant 1, and the addition
/// of the constant −0.
#[derive(Clone, Copy)]
struct Counted {
    is_one: bool,
    is_nothing: bool,
}

const OTHER: Counted = Counted { is_one: false, is_nothing: false };

fn count() -> Counted {
    COUNT.set(COUNT.get() + 1);
    OTHER
}

macro_rules! operators {
    ($($Operator:ident $operate:ident),*) => {$(
        impl $Operator for Counted {
            type Output = Self;

            fn $operate(self, _: Self) -> Self {
                count()
            }
        }
    )*};
}
operators!(Sub sub, Div div);

impl Add for Counted {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        if other.is_nothing { self } else { count() }
    }
}

impl Mul for Counted {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        if self.is_one { other } else { count() }
    }
}

impl Neg for Counted {
    type Output = Self;

    fn neg(self) -> Self {
        count()
    }
}

impl Sealed for Counted {}

impl Real for Counted {
    type Mask = ();

    fn splat(value: f32) -> Self {
        Counted { is_one: value == 1.0, is_nothing: value.to_bits() == (-0.0_f32).to_bits() }
    }

    fn sqrt(self) -> Self {
        count()
    }

    fn abs(self) -> Self {
        count()
    }

    fn lt(self, _: Self) {
        count();
    }

    fn select((): (), _: Self, _: Self) -> Self {
        count()
    }

    fn max(self, _: Self) -> Self {
        count()
    }

    fn min(self, _: Self) -> Self {
        count()
    }

    fn inverse_cube_root_start(self) -> Self {
        // A shift, a product and a difference of integers.
        count();
        count();
        count()
    }
}

/// The operations of step 12 with default hyper-parameters, one after LaPropCentered's first, which do less, in the form that
/// loops run: those of the passes before the update, with a product and an addition for each sum, and those of the update.
fn operations<O: Optimizer<S>, const S: usize>() -> Option<[u32; 2]> {
    let mut clock = O::Clock::START;
    let mut optimizer = O::DEFAULT;
    // A rate of 1, and the ratio of a tensor that is not adapted, would be taken for constants.
    let _ = optimizer.set("always_adapt", true);
    if optimizer.get("lr") == Ok(Value::Number(1.0)) {
        optimizer.set_lr(0.5);
    }
    for _ in 0..11 {
        clock = *optimizer.begin(&clock).ok()?.next();
    }
    let rule = *optimizer.begin(&clock).ok()?.rule();
    let mut rule = (0..O::Rule::FORMS).find_map(|form| rule.in_form(form))?;
    COUNT.set(0);
    let mut pass = 0;
    while let Some(sums) = O::Rule::PASSES.get(pass).map(|pass| pass.sums) {
        let Terms(terms) = rule.terms(pass, OTHER, OTHER, [OTHER; S]);
        terms.into_iter().take(sums).for_each(|[a, b]| {
            let _ = OTHER + b * a;
        });
        let clock = clock.save().values;
        rule.found(pass, &mut Found { sums: SUMS, len: 3, is_matrix: true, slots: [0.5; S], clock, loss: 0.25 });
        pass += 1;
    }
    let of_passes = COUNT.replace(0);
    let _ = rule.lane(OTHER, OTHER, [OTHER; S]);
    Some([of_passes, COUNT.get()])
}

/// Sums from which no factor of 1 follows, which would be taken for a constant.
const SUMS: [f64; 4] = [5.0, 3.0, 2.0, 0.5];

/// What a step takes, what the formula needs, and why they differ. The compiler computes a difference that occurs twice once
/// (`g − m` of Lion and AdaBelief), and `p − (−1)·v` as `p + v` (HeavyBall, Nesterov).
const TABLE: &[(&str, u32, u32, &str)] = &[
    ("Sgd", 2, 2, ""),
    ("HeavyBall", 5, 4, "the compiler drops the sign"),
    ("Momentum", 4, 4, ""),
    ("Nesterov", 8, 6, "the sign; from v before the step, so that p does not see how v' was rounded"),
    ("OptimisticSgd", 4, 4, ""),
    ("NoisySgd", 4, 4, ""),
    ("Asgd", 4, 4, ""),
    ("ScheduleFreeSgd", 7, 7, ""),
    ("AdaGrad", 7, 7, ""),
    ("RmsProp", 9, 9, ""),
    ("RmsPropCentered", 16, 14, "the bound of the variance"),
    ("RmsPropMomentum", 11, 11, ""),
    ("RmsPropCenteredMomentum", 18, 16, "the bound of the variance"),
    ("RmsPropTf", 11, 11, ""),
    ("AdaDelta", 16, 16, ""),
    ("Ftrl", 19, 17, "no division by 0 or of infinities"),
    ("Madgrad", 43, 37, "27 for the cube root; p stays finite on the way to a point beyond the other end of the range"),
    ("Cocob", 18, 18, ""),
    ("Adam", 12, 12, ""),
    ("AdamW", 14, 14, ""),
    ("AmsGrad", 13, 13, ""),
    ("Adamax", 10, 10, ""),
    ("AdamaxW", 12, 12, ""),
    ("NAdam", 14, 14, ""),
    ("RAdam", 12, 12, ""),
    ("AdaBelief", 15, 14, "the compiler shares g − m"),
    ("Yogi", 17, 17, ""),
    ("Adan", 20, 20, ""),
    ("Adopt", 14, 14, ""),
    ("AdEmaMix", 17, 17, ""),
    ("SimplifiedAdEmaMix", 14, 12, "alpha is 0 by default; its term stays"),
    ("AcProp", 14, 13, "the compiler shares g − m"),
    ("OptimisticAdam", 17, 17, ""),
    ("LaProp", 13, 13, ""),
    ("LaPropCentered", 20, 18, "the bound of the variance"),
    ("Grams", 18, 18, ""),
    ("ScheduleFreeAdamW", 15, 15, ""),
    ("Lion", 12, 11, "the compiler shares g − m"),
    ("SignSgd", 6, 6, ""),
    ("Signum", 9, 9, ""),
    ("Tiger", 11, 11, ""),
    ("Rprop", 25, 25, "a sign is four: two comparisons, two selections"),
    ("Sophia", 10, 10, ""),
    ("Lars", 5, 5, ""),
    ("Lamb", 13, 12, "decay would be added between the two factors"),
    ("NovoGrad", 5, 5, ""),
    ("Fromage", 4, 4, ""),
    ("StableAdamW", 14, 14, ""),
    ("Mars", 16, 16, ""),
    ("AdamMini", 5, 5, ""),
    ("RowAdaGrad", 2, 2, ""),
    ("Dog", 2, 2, ""),
    ("Dowg", 2, 2, ""),
    ("Prodigy", 16, 16, ""),
    ("DAdaptAdam", 15, 15, ""),
    ("DAdaptSgd", 6, 6, ""),
    ("PolyakSgd", 2, 2, ""),
    ("Momo", 5, 5, ""),
    ("AdamP", 14, 14, ""),
    ("SgdP", 6, 6, ""),
    ("QhAdam", 18, 15, "nu2 is 1 by default; its term stays"),
    ("AdaMod", 16, 16, ""),
    ("AdaHessian", 13, 12, "the correction of v is inside the power"),
];

/// The same of the passes before the update of those that have some: of each sum a product and an addition, and what its terms take.
const PASSES: &[(&str, u32, u32, &str)] = &[
    ("Lars", 4, 4, ""),
    ("Lamb", 15, 14, "decay would be added to the scaled update"),
    ("NovoGrad", 2, 2, ""),
    ("Fromage", 4, 4, ""),
    ("StableAdamW", 19, 9, "the compiler drops the update, which the sum does not need"),
    ("Mars", 5, 5, ""),
    ("AdamMini", 2, 2, ""),
    ("RowAdaGrad", 2, 2, ""),
    ("Dog", 7, 5, "the sum of p² is for the first step"),
    ("Dowg", 7, 5, "the sum of p² is Dog's"),
    ("Prodigy", 10, 10, ""),
    ("DAdaptAdam", 12, 12, ""),
    ("DAdaptSgd", 8, 6, "the sum of g² is for the first step"),
    ("PolyakSgd", 2, 2, ""),
    ("Momo", 9, 9, ""),
    ("AdamP", 34, 19, "the second pass sums rows again, since no slot keeps their sums"),
    ("SgdP", 18, 11, "the second pass sums rows again, since no slot keeps their sums"),
];

#[test]
fn every_step_takes_what_the_tables_say() {
    let row = |table: &[(&str, u32, u32, &str)], name: &str| table.iter().find(|row| row.0 == name).map(|row| row.1);
    let [mut updates, mut passes] = [0; 2];
    macro_rules! all {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            let name = stringify!($Optimizer);
            let found = operations::<$Optimizer, $slots>();
            let of_passes = row(PASSES, name);
            assert_eq!(found, row(TABLE, name).map(|of_update| [of_passes.unwrap_or(0), of_update]), "{name}");
            updates += 1;
            passes += usize::from(of_passes.is_some());
        )*};
    }
    for_each_optimizer!(all);
    assert_eq!([updates, passes], [TABLE.len(), PASSES.len()]);
    for (name, step, fewest, why) in TABLE.iter().chain(PASSES) {
        assert!(step >= fewest && (step == fewest || !why.is_empty()), "{name}");
    }
}
