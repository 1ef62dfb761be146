//! The bit patterns of a sweep, in blocks that fit a cache.

/// Elements of a block.
pub(crate) const BLOCK: usize = 512;

/// Every n-th of the 2³² patterns.
#[derive(Clone, Copy)]
pub(crate) struct Patterns {
    stride: u64,
}

impl Patterns {
    pub(crate) fn every(stride: u32) -> Self {
        Patterns { stride: u64::from(stride.max(1)) }
    }

    /// How many there are.
    pub(crate) fn count(self) -> u64 {
        (1u64 << 32).div_ceil(self.stride)
    }

    /// Calls `block` with slices of numbers until there are no more, or until it fails.
    pub(crate) fn try_for_each<E>(self, mut block: impl FnMut(&[f32]) -> Result<(), E>) -> Result<(), E> {
        let mut numbers = vec![0.0; BLOCK];
        let mut first = 0;
        while first < self.count() {
            let len = BLOCK.min((self.count() - first) as usize);
            for (number, i) in numbers.iter_mut().zip(first..) {
                *number = f32::from_bits((i * self.stride) as u32);
            }
            block(&numbers[..len])?;
            first += len as u64;
        }
        Ok(())
    }
}
