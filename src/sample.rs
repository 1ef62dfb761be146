//! Random numbers from a generator of the caller: the order of an epoch, and normal noise.

use rand_core::Rng;

/// Shuffles a slice in place. Every order has the same probability. `indices.chunks(batch)` then gives the mini-batches
/// of an epoch. The order depends on the generator's bits alone, not on the width of `usize`.
///
/// Source: Durstenfeld, "Algorithm 235: Random permutation", 1964, with bounded numbers by Lemire, "Fast Random Integer
/// Generation in an Interval", 2018, arXiv 1805.10941.
///
/// ```
/// use rand_pcg::{Pcg64Mcg, rand_core::SeedableRng};
///
/// let mut rng = Pcg64Mcg::seed_from_u64(0);
/// let mut indices: [u16; 100] = core::array::from_fn(|i| i as u16);
/// gradstep::sample::shuffle(&mut indices, &mut rng);
/// for batch in indices.chunks(32) {
///     // the mini-batch of these samples
/// #   assert!(batch.len() == 32 || batch.len() == 4);
/// }
/// ```
pub fn shuffle<T>(items: &mut [T], rng: &mut impl Rng) {
    let mut unsettled = items;
    while let Some((last, rest @ [_, ..])) = unsettled.split_last_mut() {
        // An index outside the rest chooses the last element, which stays where it is.
        if let Some(chosen) = rest.get_mut(below(rest.len() as u64 + 1, rng) as usize) {
            core::mem::swap(chosen, last);
        }
        unsettled = rest;
    }
}

/// A number below `bound`, each with the same probability. `bound` is not zero.
fn below(bound: u64, rng: &mut impl Rng) -> u64 {
    /// So many rejections in a row have a probability below 2⁻⁶⁴. The limit ends the loop with a broken generator.
    const TRIES: u32 = 64;
    let mut tries = 0;
    loop {
        tries += 1;
        let product = u128::from(rng.next_u64()) * u128::from(bound);
        // The low half is rejected where it would make some numbers likelier than others.
        if product as u64 >= bound.wrapping_neg() % bound || tries == TRIES {
            return (product >> 64) as u64;
        }
    }
}

/// Fills a slice with standard normal numbers: the noise of [`NoisySgd`](crate::NoisySgd). The numbers depend on the
/// generator's bits alone: `libm` gives the same bits on every target.
///
/// Source: Box & Muller, "A Note on the Generation of Random Normal Deviates", 1958.
///
/// ```
/// use rand_pcg::{Pcg64Mcg, rand_core::SeedableRng};
///
/// let mut noise = [0.0; 1000];
/// gradstep::sample::normal(&mut noise, &mut Pcg64Mcg::seed_from_u64(0));
/// let mean = noise.iter().sum::<f32>() / 1000.0;
/// let variance = noise.iter().map(|z| z * z).sum::<f32>() / 1000.0;
/// assert!(mean.abs() < 0.1 && (variance - 1.0).abs() < 0.1);
/// ```
pub fn normal(noise: &mut [f32], rng: &mut impl Rng) {
    for pair in noise.chunks_mut(2) {
        // In (0, 1]: the logarithm of 0 is infinite.
        let radius = crate::math::sqrt(-2.0 * libm::log(1.0 - share(rng)));
        let angle = 2.0 * core::f64::consts::PI * share(rng);
        let both = [radius * libm::cos(angle), radius * libm::sin(angle)];
        pair.iter_mut().zip(both).for_each(|(z, value)| *z = value as f32);
    }
}

/// A number in [0, 1), with 53 random bits.
fn share(rng: &mut impl Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
}
