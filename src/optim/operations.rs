//! How many operations each step takes for an element, and how many its formula needs.

use crate::for_each_optimizer;
use crate::optim::*;
use crate::real::{Real, sealed::Sealed};
use crate::rule::{Rule, Visitor};
use core::ops::{Add, Div, Mul, Neg, Sub};
use std::cell::Cell;

std::thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
}

/// A number that counts what is done with it.
#[derive(Clone, Copy)]
struct Counted;

fn count() -> Counted {
    COUNT.set(COUNT.get() + 1);
    Counted
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
operators!(Add add, Sub sub, Mul mul, Div div);

impl Neg for Counted {
    type Output = Self;

    fn neg(self) -> Self {
        count()
    }
}

impl Sealed for Counted {}

impl Real for Counted {
    type Mask = ();

    fn splat(_: f32) -> Self {
        Counted
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

/// Counts the operations of the form that loops run.
struct Counting;

impl<const S: usize> Visitor<S> for Counting {
    type Output = Option<u32>;

    fn visit<U: Rule<S>>(self, form: U) -> Option<u32> {
        COUNT.set(0);
        let _ = form.lane(Counted, Counted, [Counted; S]);
        Some(COUNT.get())
    }

    fn general(self) -> Option<u32> {
        None
    }
}

/// The operations of step 12 with default hyper-parameters, one after LaPropCentered's first, which do less.
fn operations<O: Optimizer<S>, const S: usize>() -> Option<u32> {
    let mut clock = O::Clock::START;
    (0..12).find_map(|t| {
        let step = O::DEFAULT.tick(&mut clock).ok()?;
        (t == 11).then(|| step.rule().form(Counting))
    })?
}

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
];

#[test]
fn every_step_takes_what_the_table_says() {
    let mut rows = 0;
    macro_rules! all {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            let name = stringify!($Optimizer);
            let found = TABLE.iter().find(|row| row.0 == name).map(|row| row.1);
            assert_eq!(operations::<$Optimizer, $slots>(), found, "{name}");
            rows += 1;
        )*};
    }
    for_each_optimizer!(all);
    assert_eq!(rows, TABLE.len());
    for (name, step, fewest, why) in TABLE {
        assert!(step >= fewest && (step == fewest || !why.is_empty()), "{name}");
    }
}
