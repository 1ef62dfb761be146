//! Numbers to test with.

use proptest::prelude::*;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// Zeros, subnormals, the ends of every range, numbers whose squares or products under- or overflow, and neighbours
/// of round numbers. The negative of each is meant too.
const SPECIAL: [f32; 30] = [
    0.0,
    f32::from_bits(1),
    f32::from_bits(0x0000_2345),
    f32::from_bits(0x007f_ffff),
    f32::MIN_POSITIVE,
    f32::from_bits(0x0080_0001),
    1.0e-37,
    3.2e-30,
    1.0842022e-19,
    1.0e-20,
    1.0e-10,
    1.0e-8,
    1.0e-7,
    1.0e-3,
    0.1,
    0.333_333_34,
    f32::from_bits(0x3f7f_ffff),
    1.0,
    f32::from_bits(0x3f80_0001),
    1.5,
    3.0,
    16_777_215.0,
    16_777_216.0,
    1.0e10,
    1.844_674_3e19,
    1.844_674_4e19,
    1.0e30,
    f32::MAX,
    f32::INFINITY,
    f32::NAN,
];

/// Every special number with either sign.
pub fn special() -> Vec<f32> {
    SPECIAL.into_iter().flat_map(|x| [x, -x]).collect()
}

/// Numbers of one kind, the same for the same seed.
pub struct Source {
    rng: Pcg64Mcg,
    special: Vec<f32>,
}

impl Source {
    /// The same numbers for the same seed.
    pub fn new(seed: u64) -> Self {
        Source { rng: Pcg64Mcg::seed_from_u64(seed), special: special() }
    }

    /// A number below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.rng.next_u64() % bound as u64) as usize
    }

    /// Uniform in [−1, 1).
    pub fn plain(&mut self) -> f32 {
        (self.rng.next_u32() >> 8) as f32 / 8_388_608.0 - 1.0
    }

    /// Bell-shaped around zero.
    pub fn bell(&mut self) -> f32 {
        (0..4).map(|_| self.plain()).sum()
    }

    /// Any number of [`special`].
    pub fn special(&mut self) -> f32 {
        let i = self.below(self.special.len());
        self.special[i]
    }

    /// Any of the 2³² bit patterns.
    pub fn pattern(&mut self) -> f32 {
        f32::from_bits(self.rng.next_u32())
    }

    /// Mostly plain numbers, with special ones and any patterns in between.
    pub fn mixed(&mut self) -> f32 {
        match self.below(8) {
            0 => self.special(),
            1 => self.pattern(),
            _ => self.plain(),
        }
    }

    /// Many numbers of one kind.
    pub fn many(&mut self, n: usize, one: impl Fn(&mut Self) -> f32) -> Vec<f32> {
        (0..n).map(|_| one(self)).collect()
    }
}

/// Zero, or ±2⁻²⁰ … ±2²⁰ with each order of magnitude equally likely: nothing that an optimizer computes from it in a
/// few steps under- or overflows.
pub fn moderate() -> impl Strategy<Value = f32> {
    (any::<bool>(), -20..=20i32, 1.0..2.0f32, 0..12u8).prop_map(|(negative, exponent, digits, zero)| {
        let magnitude = if zero == 11 { 0.0 } else { digits * libm::scalbnf(1.0, exponent) };
        if negative { -magnitude } else { magnitude }
    })
}

/// Any bits at all, special numbers often.
pub fn any_bits() -> impl Strategy<Value = f32> {
    prop_oneof![prop::sample::select(special()), any::<u32>().prop_map(f32::from_bits), -1.0..1.0f32]
}
