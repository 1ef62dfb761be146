//! The loops that a user would write for sums over a slice, in f32, compiled for the widest vectors of this CPU. They add in
//! an order of their own and round at every addition, so they do not give the bits of the crate's sums.

use multiversion::multiversion;

/// The sums that such a loop keeps, each of every 64th element: four vectors of AVX-512, eight of AVX2.
const LANES: usize = 64;

/// The sum of the squares.
pub fn squares(values: &[f32]) -> f32 {
    sum(values, &|x| x * x)
}

/// The sum of the magnitudes.
pub fn magnitudes(values: &[f32]) -> f32 {
    sum(values, &f32::abs)
}

/// The sum.
pub fn values(values: &[f32]) -> f32 {
    sum(values, &|x| x)
}

#[multiversion(targets("x86_64+avx2+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
fn sum<F: Fn(f32) -> f32>(values: &[f32], term: &F) -> f32 {
    let mut lanes = [0.0; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane += term(x);
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|&x| term(x)).sum::<f32>()
}

/// Reads every element and does as little with it as can be done: the exclusive or of the bits.
#[multiversion(targets("x86_64+avx2+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
pub fn read(values: &[f32]) -> u32 {
    let mut lanes = [0; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane ^= x.to_bits();
        }
    }
    lanes.into_iter().chain(rest.iter().map(|x| x.to_bits())).fold(0, |all, bits| all ^ bits)
}
