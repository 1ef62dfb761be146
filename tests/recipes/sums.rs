//! Sums against whole numbers of any size, against their definition, and for every cut, order, merge and thread count.

use gradstep::Error;
use gradstep::sum::{BLOCK, Sum, count_non_finite, larger, max_abs};
use gradstep_testkit::values::Source;
use num_bigint::BigInt;
use proptest::prelude::*;

/// A finite f64 in units of 2⁻²⁹⁸, of which it is a whole number.
fn units(x: f64) -> BigInt {
    let (bits, sign) = (x.abs().to_bits(), if x < 0.0 { -1 } else { 1 });
    if bits == 0 {
        return BigInt::ZERO;
    }
    let (exponent, significand) = ((bits >> 52) as i32, bits & ((1 << 52) - 1) | 1 << 52);
    let whole = BigInt::from(sign) * significand;
    let shift = exponent - 1075 + 298;
    if shift >= 0 { whole << shift } else { whole >> -shift }
}

/// Whether `x` is the f64 nearest to a number of units.
fn is_nearest(x: f64, exact: &BigInt) -> bool {
    let distance = |x: f64| (units(x) - exact).magnitude().clone();
    let nearer = distance(x);
    [x.next_up(), x.next_down()]
        .iter()
        .all(|other| nearer < distance(*other) || nearer == distance(*other) && x.to_bits().is_multiple_of(2))
}

/// The sum of a block as the definition says, in f64.
fn block(terms: &[f64]) -> f64 {
    let mut lanes = [0.0; 32];
    for (i, term) in terms.iter().enumerate() {
        lanes[i % 32] += term;
    }
    for width in [16, 8, 4, 2, 1] {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
    }
    lanes[0]
}

/// The terms of each kind of sum, and the sum.
fn kinds(values: &[f32], factors: &[f32]) -> [(&'static str, Vec<f64>, Sum); 4] {
    let of =
        |term: fn(f64, f64) -> f64| values.iter().zip(factors).map(|(x, y)| term((*x).into(), (*y).into())).collect();
    [
        ("squares", of(|x, _| x * x), Sum::squares(values)),
        ("magnitudes", of(|x, _| x.abs()), Sum::magnitudes(values)),
        ("values", of(|x, _| x), Sum::values(values)),
        ("products", of(|x, y| x * y), Sum::products(values, factors).unwrap()),
    ]
}

/// Finite f32 of all exponents.
fn finite(source: &mut Source, n: usize) -> Vec<f32> {
    std::iter::repeat_with(|| source.pattern()).filter(|x| x.is_finite()).take(n).collect()
}

#[test]
fn the_definition_holds_at_every_length() {
    let mut source = Source::new(301);
    for n in (0..=131).chain([1000, 1023, 1024, 1025, 1056, 2048, 3000, 5001]) {
        let (values, factors) = (finite(&mut source, n), finite(&mut source, n));
        for (kind, terms, sum) in kinds(&values, &factors) {
            let exact: BigInt = terms.chunks(1024).map(|terms| units(block(terms))).sum();
            assert!(is_nearest(sum.value(), &exact), "{kind} of {n} elements: {:e}", sum.value());
            assert_eq!((sum.len(), sum.is_finite()), (n as u64, true));
        }
    }
}

/// A lane of a block adds at most 32 terms, and five levels join the lanes: 37 roundings of 2⁻⁵³, relative to the terms'
/// magnitudes.
#[test]
fn the_error_is_a_few_units_of_f64() {
    let mut source = Source::new(302);
    for n in [1, 31, 1000, 10_000] {
        let (values, factors) = (finite(&mut source, n), finite(&mut source, n));
        for (kind, terms, sum) in kinds(&values, &factors) {
            let exact: BigInt = terms.iter().map(|term| units(*term)).sum();
            let size: BigInt = terms.iter().map(|term| units(term.abs())).sum();
            let error = units(sum.value()) - exact;
            assert!(BigInt::from(error.magnitude().clone()) << 53 <= size * 38, "{kind} of {n} elements");
        }
    }
}

#[test]
fn no_finite_sum_overflows() {
    assert_eq!(Sum::squares(&[1e30; 4]).root(), 2.0 * f64::from(1e30f32));
    let largest = f64::from(f32::MAX);
    assert_eq!(Sum::squares(&[f32::MAX; 4096]).root(), 64.0 * largest);
    let smallest = f64::from(f32::from_bits(1));
    assert_eq!(Sum::squares(&[f32::from_bits(1); 4]).root(), 2.0 * smallest);
    // What cancels leaves what is small, across 500 binary digits.
    let mut values = vec![f32::MAX; BLOCK];
    values.extend([f32::from_bits(1)]);
    values.resize(2 * BLOCK, 0.0);
    values.extend(vec![-f32::MAX; BLOCK]);
    assert_eq!(Sum::values(&values).value(), smallest);
}

#[test]
fn what_is_not_finite_shows() {
    for (values, expected, count) in [
        (vec![1.0, f32::INFINITY], f64::INFINITY, 1),
        (vec![1.0, f32::NEG_INFINITY], f64::NEG_INFINITY, 1),
        (vec![f32::INFINITY, f32::NEG_INFINITY], f64::NAN, 2),
        (vec![f32::NAN; 3], f64::NAN, 3),
        (vec![f32::MAX; 3], 3.0 * f64::from(f32::MAX), 0),
    ] {
        // In one vector, in the remaining elements, and in two blocks.
        for at in [0, 70, 1023] {
            let mut padded = vec![0.0; at];
            padded.extend(&values);
            padded.resize(at + 64, 0.0);
            let sum = Sum::values(&padded);
            assert_eq!((sum.value().to_bits(), sum.is_finite()), (expected.to_bits(), count == 0), "{values:?}");
            assert_eq!(count_non_finite(&padded), count);
            assert!(expected.is_finite() == Sum::squares(&padded).root().is_finite());
        }
    }
}

#[test]
fn the_largest_magnitude() {
    let mut source = Source::new(303);
    for n in [0, 1, 31, 32, 33, 1000, 5001] {
        let values = finite(&mut source, n);
        let expected = values.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
        assert_eq!(max_abs(&values).to_bits(), expected.to_bits());
        for at in 0..n.min(40) {
            let mut with_nan = values.clone();
            with_nan[at] = -f32::NAN;
            assert!(max_abs(&with_nan).is_nan());
        }
    }
    assert_eq!(larger(1.0, 2.0), 2.0);
    assert_eq!(larger(2.0, 1.0), 2.0);
    assert!(larger(1.0, f32::NAN).is_nan() && larger(f32::NAN, 1.0).is_nan());
}

#[test]
fn threads_give_the_same_bits() {
    let mut source = Source::new(304);
    for n in [0, 1, 40_000, 100_001, 700_001] {
        let values = finite(&mut source, n);
        let alone = [Sum::squares(&values), Sum::magnitudes(&values), Sum::values(&values)];
        let shared = || [Sum::par_squares(&values), Sum::par_magnitudes(&values), Sum::par_values(&values)];
        assert_eq!(shared(), alone);
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(shared), alone, "{n} elements, {threads} threads");
        }
    }
}

#[test]
fn pieces_that_do_not_fit_are_refused() {
    let values = [1.0; 3 * BLOCK];
    let piece = Sum::squares(&values[BLOCK..]);
    assert_eq!(piece.starting_at(BLOCK), Ok(piece));
    assert_eq!(piece.starting_at(7), Err(Error::PieceStart { start: 7 }));
    let whole = piece + Sum::squares(&values[..BLOCK]);
    assert_eq!(whole.expect_len(3072), Ok(whole));
    assert_eq!((whole + piece).expect_len(3072), Err(Error::SumLength { expected: 3072, found: 5120 }));
    let different = Sum::products(&values, &values[1..]);
    assert!(matches!(different, Err(Error::Length { expected: 3072, found: 3071, .. })));
}

/// 2⁶⁰ + 2⁷ lies in the middle of two f64, and what is far below decides.
#[test]
fn a_tie_is_broken_by_the_last_digit() {
    let power = |power: i32| f32::from_bits(((power + 127) as u32) << 23);
    let blocks = |values: &[f32]| values.iter().map(|value| Sum::values(&[*value])).sum::<Sum>().value();
    let (high, middle) = (f64::from(power(60)), 2.0 * f64::from(power(7)));
    assert_eq!(blocks(&[power(60), power(7)]), high);
    assert_eq!(blocks(&[power(60), power(7), power(-120)]), high + middle);
    assert_eq!(blocks(&[power(60), power(7), -power(-120)]), high);
    assert_eq!(blocks(&[-power(60), -power(7), -power(-120)]), -high - middle);
}

#[test]
fn the_bytes_are_those_of_the_documentation() {
    // The square of the smallest f32 is one unit, and two squares of 1 are 2²⁹⁹ units: bit 43 of word 4.
    let unit = Sum::squares(&[f32::from_bits(1)]);
    let sum = unit + Sum::squares(&[1.0, -1.0]) + Sum::values(&[f32::NEG_INFINITY]);
    let mut expected = [0; 96];
    expected[0] = 1;
    expected[8 * 4 + 5] = 1 << 3;
    expected[8 * 10] = 4;
    expected[8 * 11] = 2;
    assert_eq!(sum.to_bytes(), expected);
    assert_eq!(unit.value(), f64::from(f32::from_bits(1)) * f64::from(f32::from_bits(1)));
}

#[test]
fn the_mean_of_nothing_is_zero() {
    assert_eq!(Sum::squares(&[]), Sum::ZERO);
    assert_eq!((Sum::ZERO.value().to_bits(), Sum::ZERO.root(), Sum::ZERO.mean()), (0, 0.0, 0.0));
    assert_eq!(Sum::values(&[1.0, 2.0]).mean(), 1.5);
    assert!(Sum::default().is_empty());
}

proptest! {
    #[test]
    fn cuts_orders_and_merges_do_not_matter(
        seed: u64, n in 0..20_000usize, cuts in prop::collection::vec(0..20usize, 0..8), order: u64,
    ) {
        let values = finite(&mut Source::new(seed), n);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| (cut * BLOCK).min(n)).chain([0, n]).collect();
        cuts.sort_unstable();
        let mut pieces: Vec<_> = cuts.windows(2).map(|cut| Sum::squares(&values[cut[0]..cut[1]])).collect();
        // Each round joins two pieces that the generator picks, through bytes as ranks send them.
        let mut picks = Source::new(order);
        while pieces.len() > 1 {
            let one = pieces.swap_remove(picks.below(pieces.len()));
            let at = picks.below(pieces.len());
            let sent = Sum::from_bytes(&one.to_bytes());
            prop_assert_eq!(sent, one);
            pieces[at].merge(&sent);
        }
        prop_assert_eq!(pieces[0], Sum::squares(&values));
    }

    #[test]
    fn every_pattern_of_bytes_is_a_sum(bytes: [[u8; 32]; 3]) {
        let bytes: [u8; 96] = bytes.concat().try_into().unwrap();
        let mut sum = Sum::from_bytes(&bytes);
        sum.merge(&sum.clone());
        let _ = (sum.value(), sum.root(), sum.mean());
    }
}
