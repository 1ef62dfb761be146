//! The numbers that coefficients are derived in: against f64, which has 53 bits of their 63, and against whole numbers.

use gradstep::math::{Coefficient, bias_correction};
use proptest::prelude::*;

/// What f64's own rounding can differ by, in a few operations.
const CLOSE: f64 = 4.0 * f64::EPSILON;

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![(0.0..1.0), (-140..127_i32).prop_flat_map(|e| (1.0..2.0).prop_map(move |m: f64| libm::scalbn(m, e)))]
}

fn assert_close(found: Coefficient, expected: f64) {
    let found = found.to_f64();
    assert!((found - expected).abs() <= CLOSE * expected, "{found:e}, expected {expected:e}");
}

proptest! {
    #[test]
    fn arithmetic_is_that_of_numbers(x in number(), y in number(), share in 0.0..1.0) {
        let (a, b) = (Coefficient::new(x), Coefficient::new(y));
        assert_eq!(a.to_f64(), x);
        assert_close(a * b, x * y);
        assert_close(a / b, x / y);
        assert_close(a + b, x + y);
        assert_close(a.sqrt(), x.sqrt());
        assert_close(Coefficient::new(share).complement(), 1.0 - share);
    }

    #[test]
    fn rounding_is_that_of_ieee_754(bits: u64, tie in 0_u64..3, exponent in 0_u64..300) {
        // Any f64, and those that are near the middle between two f32 of any exponent.
        let near_tie = (900 + exponent) << 52 | ((bits >> 12 & !0x1FFF_FFFF | 0x0FFF_FFFF) + tie);
        for x in [f64::from_bits(bits), f64::from_bits(near_tie)].map(f64::abs).into_iter().filter(|x| x.is_finite()) {
            assert_eq!(Coefficient::new(x).to_f32().to_bits(), (x as f32).to_bits(), "{x:e}");
        }
    }

    #[test]
    fn bias_correction_is_that_of_whole_numbers(numerator in 0_u64..1000, t in 1_u32..12) {
        // β in thousandths of 1024 and powers in u128: exact.
        let beta = numerator as f64 / 1024.0;
        let (whole, power) = (1024_u128.pow(t), u128::from(numerator).pow(t));
        assert_close(bias_correction(beta, t.into()), (whole - power) as f64 / whole as f64);
    }

    #[test]
    fn bias_correction_is_that_of_logarithms(beta in 0.9..0.999_999, t in 1_u64..10_000_000) {
        let expected = -libm::expm1(t as f64 * libm::log(beta));
        let found = bias_correction(beta, t).to_f64();
        // β has 53 bits, and its logarithm is as small as 1 − β.
        assert!((found - expected).abs() <= 8.0 * f64::EPSILON / (1.0 - beta) * expected, "{found} {expected}");
    }
}

proptest! {
    /// In a build that checks for overflow.
    #[test]
    fn no_number_is_too_large(x: u64, y: u64, n: u64, operations in prop::collection::vec(0..7, 1..60)) {
        let (mut a, b) = (Coefficient::new(f64::from_bits(x)), Coefficient::new(f64::from_bits(y)));
        for operation in operations {
            a = match operation {
                0 => a * b,
                1 => a * a,
                2 => a / b,
                3 => a + b,
                4 => b / a,
                5 => a.sqrt(),
                _ => a.complement(),
            };
            assert!(a.to_f32() >= 0.0 && a.to_f64() >= 0.0);
        }
        assert!(a.complement_of_power(n).to_f64() <= 1.0);
    }
}

#[test]
fn ends() {
    let (zero, one) = (Coefficient::ZERO, Coefficient::ONE);
    assert_eq!(Coefficient::new(0.0), zero);
    assert_eq!(Coefficient::new(1.0), one);
    assert_eq!(Coefficient::from(1), one);
    assert_eq!(Coefficient::from(0), zero);
    assert_eq!(Coefficient::from(u64::MAX).to_f32(), u64::MAX as f32);
    assert_eq!(zero.complement(), one);
    assert_eq!(one.complement(), zero);
    assert_eq!(Coefficient::new(2.0).complement(), zero);
    assert_eq!(Coefficient::new(1.5).complement_of_power(3), zero);
    assert_eq!(((one / zero).to_f64(), zero / zero), (f64::INFINITY, zero));
    assert_eq!((zero.sqrt(), zero * one, zero / one, zero + one), (zero, zero, zero, one));
    for x in [1.0, 0.25, 4.0, 1e-3_f32] {
        assert_eq!(Coefficient::new(x.into()).sqrt().to_f32(), x.sqrt());
        assert_eq!((Coefficient::new(x.into()) / one).to_f32(), x);
    }
    let huge = Coefficient::new(f64::MAX);
    assert_eq!(((huge * huge).to_f32(), (huge * huge).to_f64()), (f32::INFINITY, f64::INFINITY));
    assert_eq!(((one / huge / huge).to_f32(), (one / huge / huge).to_f64()), (0.0, 0.0));
    assert_eq!(Coefficient::new(f64::INFINITY).to_f32(), f32::INFINITY);
    assert_eq!(Coefficient::new(f64::NAN).to_f32(), f32::INFINITY);
}

#[test]
fn powers_of_any_number_of_steps() {
    for t in [1, 2, 63, 64, 1 << 40, u64::MAX] {
        assert_eq!(bias_correction(0.0, t).to_f64(), 1.0);
        assert_eq!(bias_correction(0.999, t).to_f64() == 1.0, t > 64, "{t}");
        // The rate nearest to 1.
        let nearest = 1.0 - f64::EPSILON / 2.0;
        assert!(bias_correction(nearest, t).to_f64() >= f64::EPSILON / 2.0, "{t}");
    }
    assert_eq!(bias_correction(0.9, 0).to_f64(), 0.0);
}
