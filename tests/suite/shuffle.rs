//! `sample::shuffle`: every order with the same probability, the same order for the same bits of the generator.

use gradstep::sample::shuffle;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{SeedableRng, TryRng};
use std::collections::BTreeMap;
use std::convert::Infallible;

#[test]
fn a_permutation_of_every_length() {
    let mut rng = Pcg64Mcg::seed_from_u64(1);
    for n in 0..200u32 {
        let mut items: Vec<u32> = (0..n).collect();
        shuffle(&mut items, &mut rng);
        items.sort_unstable();
        assert!(items.into_iter().eq(0..n));
    }
}

#[test]
fn every_order_is_equally_likely() {
    const DRAWS: u32 = 48_000;
    let mut rng = Pcg64Mcg::seed_from_u64(2);
    let mut counts = BTreeMap::new();
    for _ in 0..DRAWS {
        let mut items = [0, 1, 2, 3];
        shuffle(&mut items, &mut rng);
        *counts.entry(items).or_insert(0u32) += 1;
    }
    assert_eq!(counts.len(), 24);
    let expected = f64::from(DRAWS) / 24.0;
    let excess = counts.values().map(|&count| f64::from(count) - expected);
    let chi_square: f64 = excess.map(|excess| excess * excess / expected).sum();
    // 23 degrees of freedom: 99.9 % of fair shuffles stay below 49.73.
    assert!(chi_square < 49.73, "{chi_square}");
}

#[test]
fn the_order_of_a_seed_is_pinned() {
    let mut items: Vec<u8> = (0..16).collect();
    shuffle(&mut items, &mut Pcg64Mcg::seed_from_u64(3));
    assert_eq!(items, [6u8, 9, 11, 12, 0, 1, 13, 7, 8, 5, 2, 4, 15, 14, 10, 3]);
}

/// Gives what it is told, in order.
struct Script(std::vec::IntoIter<u64>);

impl TryRng for Script {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("the order may not depend on the width of usize");
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next().expect("more numbers than a fair draw takes"))
    }

    fn try_fill_bytes(&mut self, _bytes: &mut [u8]) -> Result<(), Infallible> {
        panic!("the order may not depend on how bytes become numbers");
    }
}

/// 2⁶⁴ = 3 · k + 1: one of the generator's numbers is too many for three places, and it is drawn again.
#[test]
fn a_number_that_would_favour_a_place_is_drawn_again() {
    // The second number takes the middle third, the third the lower half.
    let mut script = Script(vec![0, u64::MAX / 2, 1 << 62].into_iter());
    let mut items = ['a', 'b', 'c'];
    shuffle(&mut items, &mut script);
    assert_eq!(items, ['c', 'a', 'b']);
    assert_eq!(script.0.len(), 0);
}

/// A generator that gives nothing but 0 is broken, but it does not hold the caller for ever.
#[test]
fn a_broken_generator_comes_to_an_end() {
    let mut items = ['a', 'b', 'c'];
    shuffle(&mut items, &mut Script(vec![0; 2 * 64].into_iter()));
    items.sort_unstable();
    assert_eq!(items, ['a', 'b', 'c']);
}
