//! What the two x86-64 backends share: the operators of a vector newtype, and prefetching.

use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

#[inline(always)]
pub(super) fn prefetch(address: *const f32) {
    // SAFETY: every address may be prefetched: the program sees nothing of it, and it never faults.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
}

/// Implements an operator of a vector newtype by one instruction.
macro_rules! operator {
    ($Op:ident $op:ident, $Vector:ty $(, $parameter:ident: $Parameter:ty)?: $instruction:ident) => {
        impl$(<const $parameter: $Parameter>)? core::ops::$Op for $Vector {
            type Output = Self;

            #[inline(always)]
            fn $op(self, other: Self) -> Self {
                // SAFETY: a value of this type exists only inside `drive`, on a CPU that has the instruction.
                Self(unsafe { $instruction(self.0, other.0) })
            }
        }
    };
}
