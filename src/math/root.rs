use super::coefficient::{Coefficient, high};
use super::is_finite;

/// The correctly rounded square root.
///
/// On x86-64 the vector instruction: `libm` has the one for a single number in assembly, which is encoded in the old way and makes
/// the vectors around it wait. On small CPUs it shares the code of coefficients.
#[inline(always)]
pub(crate) fn sqrt(x: f64) -> f64 {
    if cfg!(all(target_arch = "x86_64", target_feature = "sse2", not(miri))) {
        let [root, _] = wide::f64x2::splat(x).sqrt().to_array();
        root
    } else if IN_INTEGERS {
        sqrt_in_integers(x)
    } else {
        libm::sqrt(x)
    }
}

/// `a / b` of two numbers above 0 that are normal, as is the quotient; or 0 where a is 0. Correctly rounded.
#[inline(always)]
pub(crate) fn divide(a: f64, b: f64) -> f64 {
    if IN_INTEGERS { divide_in_integers(a, b) } else { a / b }
}

/// Small CPUs have no f64, and software for it is large: see [`Coefficient`].
const IN_INTEGERS: bool = cfg!(all(target_pointer_width = "32", not(any(target_arch = "wasm32", target_arch = "x86"))));

/// Whether `a · b` is above `upper · 2⁶⁴ + lower`.
fn is_product_above(a: u64, b: u64, (upper, lower): (u64, u64)) -> bool {
    let (high, low) = (high(a, b), a.wrapping_mul(b));
    high > upper || (high == upper && low > lower)
}

/// The number of 54 bits with its leading bit, halved and rounded, times 2 to the power of `exponent − 52`.
fn halved(number: u64, exponent: i32) -> f64 {
    // The leading bit is added to the exponent.
    f64::from_bits((((exponent + 1022) as u64) << 52) + ((number + 1) >> 1))
}

/// [`divide`] in integer operations.
fn divide_in_integers(a: f64, b: f64) -> f64 {
    if a.to_bits() == 0 {
        return a;
    }
    let parts = |x: f64| ((x.to_bits() >> 52) as i32, 1 << 52 | (x.to_bits() & ((1 << 52) - 1)));
    let ((a_exponent, a), (b_exponent, b)) = (parts(a), parts(b));
    let less = i32::from(a < b);
    let a = a << less;
    // `a · 2⁵³ / b`, rounded down to 54 bits. That of coefficients is off by a few units.
    let mut quotient = (Coefficient::from(a) / Coefficient::from(b)).scaled(53).integer();
    let whole = (a >> 11, a << 53);
    while is_product_above(quotient, b, whole) {
        quotient -= 1;
    }
    while !is_product_above(quotient + 1, b, whole) {
        quotient += 1;
    }
    // The last bit rounds: a quotient that ends there would need a divisor of more bits.
    halved(quotient, a_exponent - b_exponent - less)
}

/// [`sqrt`] in integer operations.
fn sqrt_in_integers(x: f64) -> f64 {
    let bits = x.to_bits();
    if bits << 1 == 0 || bits == f64::INFINITY.to_bits() {
        return x;
    }
    if !is_finite(x) || bits >> 63 == 1 {
        return f64::NAN;
    }
    // x = significand · 2^(exponent − 52), the significand at least 2⁵², and 2 to an even power besides.
    let (exponent, fraction) = ((bits >> 52) as i32, bits & ((1 << 52) - 1));
    let (exponent, significand) = if exponent == 0 {
        let shift = fraction.leading_zeros() - 11;
        (-1022 - shift as i32, fraction << shift)
    } else {
        (exponent - 1023, 1 << 52 | fraction)
    };
    let odd = exponent & 1;
    let even = significand << odd;
    // The root of `even · 2⁵⁴`, rounded down to 54 bits. That of coefficients is off by a few units.
    let whole = (even >> 10, even << 54);
    let mut root = Coefficient::from(even).sqrt().scaled(27).integer();
    while is_product_above(root, root, whole) {
        root -= 1;
    }
    while !is_product_above(root + 1, root + 1, whole) {
        root += 1;
    }
    // The last bit rounds: a root that ends there is no root of an f64.
    halved(root, (exponent - odd) / 2)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_quotient_in_integers_is_the_quotient() {
        let mut bits = 1_u64;
        let mut draw = || {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // From 2⁻²⁵⁵ to 2²⁵⁶.
            f64::from_bits((bits >> 3 & ((1 << 61) - 1)) + (768 << 52))
        };
        for _ in 0..200_000 {
            let (a, b) = (draw(), draw());
            for (a, b) in [(a, b), (a.trunc() + 1.0, b.trunc() + 1.0), (a, a), (a, 3.0), (a * b, b), (1.0, b), (0.0, b)]
            {
                assert_eq!(super::divide_in_integers(a, b), a / b, "{a:e} / {b:e}");
            }
        }
        for a in 1..300 {
            for b in 1..300 {
                assert_eq!(super::divide_in_integers(a.into(), b.into()), f64::from(a) / f64::from(b));
            }
        }
    }

    #[test]
    fn the_root_in_integers_is_the_root() {
        let mut bits = 1_u64;
        for _ in 0..200_000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            for bits in [bits, bits >> 12, bits & !((1 << 40) - 1), bits | ((1 << 50) - 1)] {
                let x = f64::from_bits(bits);
                let (found, expected) = (super::sqrt_in_integers(x), libm::sqrt(x));
                assert!(found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan()), "{x:e}");
            }
        }
        // Squares, and their neighbors.
        for n in 1..100_000_u64 {
            let square = ((n * 947 * n * 947) as f64).to_bits();
            for bits in [square - 1, square, square + 1] {
                assert_eq!(super::sqrt_in_integers(f64::from_bits(bits)), libm::sqrt(f64::from_bits(bits)));
            }
        }
        for x in [0.0, -0.0, f64::INFINITY, f64::MAX, f64::MIN_POSITIVE, f64::from_bits(1)] {
            assert_eq!(super::sqrt_in_integers(x).to_bits(), libm::sqrt(x).to_bits());
        }
    }
}
