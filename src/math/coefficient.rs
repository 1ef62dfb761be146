use core::ops::{Add, Div, Mul};

/// A number of at least 0 with about 58 correct bits. The coefficients of a step are derived in it.
///
/// It uses integer operations only and gives the same bits everywhere. On a CPU without f64 it takes a third of the
/// code of f64. Products and sums are within 2⁻⁶² of themselves, quotients and roots within 2⁻⁵⁸, so a coefficient that
/// is derived in a few operations and rounded once is within 0.5001 units in the last place of an f32.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficient {
    /// The number times 2^(63 − exponent), at least 2⁶³ or 0.
    significand: u64,
    /// It wraps around, but not before twenty squarings of a number that was an f64. The exponent of 0 is below all
    /// others.
    exponent: i32,
}

impl Coefficient {
    /// 0.
    pub const ZERO: Self = Coefficient { significand: 0, exponent: -0x100_0000 };
    /// 1.
    pub const ONE: Self = Coefficient { significand: 1 << 63, exponent: 0 };

    /// The magnitude of a number. A subnormal f64 becomes 0, and NaN and infinities become a number beyond f32.
    #[inline]
    pub const fn new(x: f64) -> Self {
        let bits = x.to_bits();
        let exponent = (bits >> 52 & 0x7FF) as i32;
        if exponent == 0 {
            return Coefficient::ZERO;
        }
        Coefficient { significand: 1 << 63 | bits << 11, exponent: exponent - 1023 }
    }

    /// `significand · 2^(exponent − 63)`.
    const fn of(significand: u64, exponent: i32) -> Self {
        if significand == 0 {
            return Coefficient::ZERO;
        }
        let shift = significand.leading_zeros();
        Coefficient { significand: significand << shift, exponent: exponent.wrapping_sub(shift as i32) }
    }

    /// This number, or 1 where it is above, times 2⁶³.
    const fn fixed(self) -> u64 {
        match self.exponent {
            0.. => 1 << 63,
            exponent @ -63..0 => self.significand >> -exponent,
            _ => 0,
        }
    }

    /// The number, which is from 1 to 2⁶⁴, rounded down to a whole one.
    pub(super) const fn integer(self) -> u64 {
        self.significand >> (63 - self.exponent)
    }

    /// Whether this is below 2 to the power of `exponent`.
    pub(super) const fn is_below(self, exponent: i32) -> bool {
        self.exponent < exponent
    }

    /// This number times 2 to the power of `exponent`.
    pub(super) const fn scaled(self, exponent: i32) -> Self {
        Coefficient { exponent: self.exponent.wrapping_add(exponent), ..self }
    }

    /// Whether this is 0.
    pub const fn is_zero(self) -> bool {
        self.significand == 0
    }

    /// `1 − self`, or 0 for numbers above 1.
    pub const fn complement(self) -> Self {
        Coefficient::of((1 << 63) - self.fixed(), 0)
    }

    /// `1 − selfⁿ`, or 0 for numbers above 1: the power by repeated squaring, in fixed point.
    ///
    /// Each product adds an error of 2⁻⁶² at most, and squaring doubles the error so far, so the power is off by about
    /// `n·2⁻⁶²`.
    pub const fn complement_of_power(self, n: u64) -> Self {
        if n == 0 {
            return Coefficient::ZERO;
        }
        let base = self.fixed();
        let mut power = base;
        // The bits below the leading one, the highest first, and a one that ends them.
        let mut bits = (n << 1 | 1) << n.leading_zeros();
        while bits != 1 << 63 {
            power = high(power, power) << 1;
            if bits >> 63 == 1 {
                power = high(power, base) << 1;
            }
            bits <<= 1;
        }
        Coefficient::of((1 << 63) - power, 0)
    }

    /// The square root, by Newton's iteration for the inverse of the root.
    pub const fn sqrt(self) -> Self {
        // The significand in [1, 4), times 2⁶².
        let odd = self.exponent & 1;
        let x = self.significand >> (1 - odd);
        // 1.087 − 5x/32 is within 11 % of the inverse, times 2⁶³.
        let mut inverse = 0x8B23_0000_0000_0000 - (x >> 2) - (x >> 4);
        let mut i = 0;
        while i < 5 {
            // 3 − x·inverse², times 2⁶⁰.
            let rest = (3 << 60) - high(high(inverse, inverse), x);
            inverse = high(inverse, rest) << 3;
            i += 1;
        }
        Coefficient::of(high(x, inverse), 2 + (self.exponent - odd) / 2)
    }

    /// The nearest f32, an even one where two are as near; infinity for what is too large.
    pub const fn to_f32(self) -> f32 {
        if self.significand == 0 || self.exponent < -150 {
            return 0.0;
        }
        if self.exponent > 127 {
            return f32::INFINITY;
        }
        let below = -126 - self.exponent;
        let (drop, exponent) = if below > 0 { (40 + below, 0) } else { (40, -below) };
        let kept = (self.significand >> 1 >> (drop - 1)) as u32;
        let dropped = self.significand << (64 - drop);
        let up = dropped > 1 << 63 || (dropped == 1 << 63 && kept & 1 == 1);
        // The leading bit and a carry out of the significand are added to the exponent.
        f32::from_bits(((exponent as u32) << 23) + kept + up as u32)
    }

    /// The number as an f64, cut off after 53 bits; infinity for what is too large.
    pub const fn to_f64(self) -> f64 {
        if self.significand == 0 || self.exponent < -1022 {
            return 0.0;
        }
        if self.exponent > 1023 {
            return f64::INFINITY;
        }
        f64::from_bits(((self.exponent + 1023) as u64) << 52 | self.significand << 1 >> 12)
    }
}

impl Add for Coefficient {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (large, small) = if self.exponent < other.exponent { (other, self) } else { (self, other) };
        let shift = large.exponent.wrapping_sub(small.exponent) as u32;
        let small = if shift < 64 { small.significand >> shift } else { 0 };
        Coefficient::of((large.significand >> 1) + (small >> 1), large.exponent.wrapping_add(1))
    }
}

impl Mul for Coefficient {
    type Output = Self;

    #[inline]
    fn mul(self, other: Self) -> Self {
        Coefficient::of(
            high(self.significand, other.significand),
            self.exponent.wrapping_add(other.exponent).wrapping_add(1),
        )
    }
}

impl Div for Coefficient {
    type Output = Self;

    /// The quotient, by Newton's iteration for the inverse. A divisor of 0 gives a number beyond f64, or 0 for 0.
    fn div(self, by: Self) -> Self {
        // In [½, 1), times 2⁶⁴.
        let x = by.significand;
        // 48/17 − 32/17·x is within 1/17 of the inverse, times 2⁶².
        let mut inverse = 0xB4B4_B4B4_B4B4_B4B4 - high(x, 0x7878_7878_7878_7878);
        for _ in 0..4 {
            inverse = high(inverse, (1 << 63) - high(x, inverse)) << 2;
        }
        Coefficient::of(high(self.significand, inverse), self.exponent.wrapping_sub(by.exponent).wrapping_add(1))
    }
}

impl From<u64> for Coefficient {
    fn from(n: u64) -> Self {
        Coefficient::of(n, 63)
    }
}

/// The upper half of a product. It is not inlined where it takes many instructions.
#[cfg_attr(target_pointer_width = "64", inline)]
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub(super) const fn high(a: u64, b: u64) -> u64 {
    if cfg!(target_pointer_width = "64") {
        return ((a as u128 * b as u128) >> 64) as u64;
    }
    // Without a product of two u64, from products of two u32.
    let (a1, a0) = ((a >> 32) as u32, a as u32);
    let (b1, b0) = ((b >> 32) as u32, b as u32);
    let middle = product(a1, b0) + (product(a0, b0) >> 32);
    let other = product(a0, b1) + (middle & 0xFFFF_FFFF);
    product(a1, b1) + (middle >> 32) + (other >> 32)
}

/// A product of two u32.
#[inline]
const fn product(a: u32, b: u32) -> u64 {
    // Arm's cores without atomics, ARMv6-M, have no such product either: from products of halves.
    if cfg!(not(all(target_arch = "arm", not(target_has_atomic = "32")))) {
        return a as u64 * b as u64;
    }
    let (a1, a0) = (a >> 16, a & 0xFFFF);
    let (b1, b0) = (b >> 16, b & 0xFFFF);
    let middle = a1 * b0 + ((a0 * b0) >> 16);
    let other = a0 * b1 + (middle & 0xFFFF);
    let upper = a1 * b1 + (middle >> 16) + (other >> 16);
    (upper as u64) << 32 | (other << 16 | ((a0 * b0) & 0xFFFF)) as u64
}
