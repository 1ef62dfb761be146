use crate::real::Real;

/// A [`Real`] of `N` elements that can be loaded and stored.
pub(super) trait Lanes<const N: usize>: Real {
    /// Whether [`Lanes::prefetch`] does something.
    const PREFETCHES: bool = false;

    fn load(from: &[f32; N]) -> Self;
    fn store(self, to: &mut [f32; N]);

    /// Asks for the cache line at an address, whatever is there.
    #[inline(always)]
    fn prefetch(_: *const f32) {}
}

/// Lanes that add products of their elements in f64, one sum for each lane.
pub(super) trait Summing<const N: usize>: Lanes<N> {
    /// `N` sums.
    type Sums: Copy;

    /// Zeros.
    fn nothing() -> Self::Sums;

    /// `sums + a · b`, where the product is exact.
    fn add_products(sums: Self::Sums, a: Self, b: Self) -> Self::Sums;

    /// The sums of both.
    fn add_sums(a: Self::Sums, b: Self::Sums) -> Self::Sums;

    /// The sum of all `N`: adds those `N / 2` apart, then those half as far apart, down to 1.
    fn total(sums: Self::Sums) -> f64;

    fn store_sums(sums: Self::Sums, to: &mut [f64; N]);
}
