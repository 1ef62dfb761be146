//! The instruction sets that can run a step.

use core::fmt;

/// The vectors that a step runs on. All backends give the same bits; they differ in speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Backend {
    /// One element at a time, with the FPU's square root where there is one. Supported everywhere.
    Scalar,
    /// `wide::f32x8`: SSE2, AVX, NEON or simd128, whatever the target was compiled for. Supported everywhere, active by
    /// default only where the target has vectors. On 32-bit ARM it takes one element at a time, because NEON flushes
    /// subnormal numbers there.
    Portable,
    /// 256-bit vectors, detected at run time on x86-64.
    Avx2,
    /// 512-bit vectors (AVX-512F, BW and VL), detected at run time on x86-64. From 32,768 elements on, a step without
    /// state uses 256-bit vectors, which are faster there.
    Avx512,
}

impl Backend {
    /// Every backend, the narrowest first.
    pub const ALL: [Backend; 4] = [Backend::Scalar, Backend::Portable, Backend::Avx2, Backend::Avx512];
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Backend::Scalar => "scalar",
            Backend::Portable => "portable",
            Backend::Avx2 => "avx2",
            Backend::Avx512 => "avx512",
        })
    }
}
