//! What the two x86-64 backends share: the operators of a vector newtype.

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
