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
