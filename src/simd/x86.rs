//! What the two x86-64 backends share: the operators of a vector newtype, and how they fetch what comes from memory.

use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

/// Slices of this length and more may come from memory, and take the loop that was faster from there on Zen 4. It is the
/// length of `par_apply`'s pieces.
pub(super) const LONG: usize = 1 << 15;

/// Whether slices are prefetched. With four streams and more that takes up to a fifth off a step from memory; with fewer
/// the CPU needs no help.
#[inline(always)]
pub(super) fn far(slots: usize, len: usize) -> bool {
    slots >= 2 && len >= LONG
}

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
