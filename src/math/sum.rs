use core::iter;
use core::ops::{Add, AddAssign};

/// The number of words of an exact sum. It is an integer in two's complement, in units of 2⁻²⁹⁸, the square of the
/// smallest f32. The sum of a block of products is below 2²⁶⁶, so 2⁷⁴ of them fit.
const WORDS: usize = 10;

/// A power of two below every product of two f32: the unit is 2 to the power of this.
const UNIT: i32 = -298;

/// The sum of any number of products of two f32: exact, so that no order, split or merge changes it.
///
/// A piece of up to 1,024 elements, a block, is summed in f64; the sums of blocks are added exactly. It is plain data of 96
/// bytes. See the [module](crate::sum).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    words: [u64; WORDS],
    len: u64,
    /// Which of ∞, −∞ and NaN are among the blocks, as bits.
    special: u64,
}

/// The bits of `special`.
const INFINITY: u64 = 1;
const MINUS_INFINITY: u64 = 2;
const NAN: u64 = 4;

impl Sum {
    /// The sum of nothing.
    pub const ZERO: Self = Sum { words: [0; WORDS], len: 0, special: 0 };

    /// How many elements were summed, at most `u64::MAX`.
    #[inline]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether no element was summed.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether every element was finite.
    #[inline]
    pub const fn is_finite(&self) -> bool {
        self.special == 0
    }

    /// The sum, rounded once to the nearest f64. An infinite element makes it infinite; a NaN, or infinities of both signs,
    /// make it NaN.
    pub const fn value(&self) -> f64 {
        match self.special {
            0 => {
                let (is_negative, words) = magnitude(self.words);
                let magnitude = rounded(&words);
                if is_negative { -magnitude } else { magnitude }
            }
            INFINITY => f64::INFINITY,
            MINUS_INFINITY => f64::NEG_INFINITY,
            _ => f64::NAN,
        }
    }

    /// The root of the sum: the Euclidean norm, where it is one of squares.
    #[inline]
    pub fn root(&self) -> f64 {
        crate::math::sqrt(self.value())
    }

    /// The sum over the number of elements, 0 where there is none.
    #[inline]
    pub const fn mean(&self) -> f64 {
        if self.len == 0 { 0.0 } else { self.value() / self.len as f64 }
    }

    /// Adds another sum, exactly: of another tensor, or of another piece of the same one.
    #[inline]
    pub fn merge(&mut self, other: &Self) {
        let mut carry = false;
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            let (sum, over) = word.overflowing_add(*more);
            let (sum, more_over) = sum.overflowing_add(carry.into());
            (*word, carry) = (sum, over || more_over);
        }
        self.len = self.len.saturating_add(other.len);
        self.special |= other.special;
    }

    /// Counts elements of a sum whose blocks are added by [`Sum::add_block`].
    #[inline]
    pub(crate) fn count(&mut self, elements: usize) {
        self.len = self.len.saturating_add(elements as u64);
    }

    /// Adds the sum of a block, which is a multiple of the unit, as every f64 sum of products is.
    pub(crate) fn add_block(&mut self, sum: f64) {
        let bits = sum.to_bits();
        let (exponent, fraction) = ((bits >> 52) as i32 & 0x7ff, bits & ((1 << 52) - 1));
        if exponent == 0x7ff {
            self.special |= if fraction != 0 {
                NAN
            } else if sum > 0.0 {
                INFINITY
            } else {
                MINUS_INFINITY
            };
            return;
        }
        // Where the shift would go below the unit, the bits that it drops are zeros.
        let (significand, shift) = match exponent - 1075 - UNIT {
            _ if exponent == 0 => return,
            right @ ..0 => ((1 << 52 | fraction).checked_shr(right.unsigned_abs()).unwrap_or(0), 0),
            left => (1 << 52 | fraction, left.unsigned_abs()),
        };
        let shifted = u128::from(significand) << (shift % 64);
        let mut more = [shifted as u64, (shifted >> 64) as u64].into_iter().chain(iter::repeat(0));
        let mut carry = false;
        for (i, word) in self.words.iter_mut().skip(shift as usize / 64).enumerate() {
            let more = more.next().unwrap_or(0);
            let (sum, over, carried);
            if bits >> 63 == 0 {
                (sum, over) = word.overflowing_add(more);
                (*word, carried) = sum.overflowing_add(carry.into());
            } else {
                (sum, over) = word.overflowing_sub(more);
                (*word, carried) = sum.overflowing_sub(carry.into());
            }
            carry = over || carried;
            if i > 0 && !carry {
                break;
            }
        }
    }

    /// The sum as bytes: the ten words of a whole number of 2⁻²⁹⁸ in two's complement, the lowest first, then the number of
    /// elements, then 1 for an ∞ among them, plus 2 for a −∞, plus 4 for a NaN; each 8 bytes, little endian.
    pub const fn to_bytes(&self) -> [u8; 96] {
        let [a, b, c, d, e, f, g, h, i, j] = self.words;
        let words = [a, b, c, d, e, f, g, h, i, j, self.len, self.special];
        let mut bytes = [0; 96];
        let (mut chunks, mut words): (&mut [[u8; 8]], &[u64]) = (bytes.as_chunks_mut().0, &words);
        while let ([chunk, more_chunks @ ..], [word, more_words @ ..]) = (chunks, words) {
            *chunk = word.to_le_bytes();
            (chunks, words) = (more_chunks, more_words);
        }
        bytes
    }

    /// The sum of these bytes. Every pattern of bytes is a sum.
    pub const fn from_bytes(bytes: &[u8; 96]) -> Self {
        let mut all = [0; WORDS + 2];
        let (mut chunks, mut words): (&[[u8; 8]], &mut [u64]) = (bytes.as_chunks().0, &mut all);
        while let ([chunk, more_chunks @ ..], [word, more_words @ ..]) = (chunks, words) {
            *word = u64::from_le_bytes(*chunk);
            (chunks, words) = (more_chunks, more_words);
        }
        let [a, b, c, d, e, f, g, h, i, j, len, special] = all;
        Sum { words: [a, b, c, d, e, f, g, h, i, j], len, special: special & (INFINITY | MINUS_INFINITY | NAN) }
    }
}

impl Default for Sum {
    fn default() -> Self {
        Sum::ZERO
    }
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        self.merge(&other);
    }
}

impl Add for Sum {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.merge(&other);
        self
    }
}

impl iter::Sum for Sum {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Sum::ZERO, Add::add)
    }
}

/// Whether a number in two's complement is negative, and its magnitude.
const fn magnitude(mut number: [u64; WORDS]) -> (bool, [u64; WORDS]) {
    let [.., last] = number;
    let is_negative = last >> 63 == 1;
    if is_negative {
        let mut carry = true;
        let mut words: &mut [u64] = &mut number;
        while let [word, more @ ..] = words {
            (*word, carry) = (!*word).overflowing_add(carry as u64);
            words = more;
        }
    }
    (is_negative, number)
}

/// A whole number of units, rounded to the nearest f64, to even where two are as near.
const fn rounded(mut words: &[u64]) -> f64 {
    while let [more @ .., 0] = words {
        words = more;
    }
    let [lower @ .., top] = words else { return 0.0 };
    let (next, mut rest): (u64, &[u64]) = match lower {
        [rest @ .., next] => (*next, rest),
        [] => (0, &[]),
    };
    let zeros = top.leading_zeros();
    let leading = (*top as u128) << 64 | next as u128;
    let leading = leading << zeros;
    let mut is_inexact = leading as u64 != 0;
    while let [more @ .., word] = rest {
        is_inexact |= *word != 0;
        rest = more;
    }
    // The last of 64 bits is set where any bit after it is: the conversion rounds at the 53rd.
    let significand = (leading >> 64) as u64 | is_inexact as u64;
    let exponent = UNIT + 64 * lower.len() as i32 - zeros as i32;
    significand as f64 * f64::from_bits(((exponent + 1023) as u64) << 52)
}
