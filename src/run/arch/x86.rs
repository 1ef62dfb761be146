//! What the two x86-64 backends share: the operators of a vector newtype, prefetching, and the table of a sign.

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
                // SAFETY: values of this type are made only in functions that run on a CPU with the instruction: see
                // the top of the vector's file.
                Self(unsafe { $instruction(self.0, other.0) })
            }
        }
    };
}
pub(super) use operator;

/// The table of `vfixupimmps` for a sign: four bits for each kind of number, from the lowest on. A quiet NaN stays as it
/// is, a signalling one becomes quiet, ±0 stays, 1 becomes 1, −∞ becomes −1, ∞ becomes 1, other negative numbers become
/// −1, and other positive ones 1.
pub(super) const SIGN: i32 = 0xa9a9_a121_u32.cast_signed();
