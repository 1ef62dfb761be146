//! The instruction sets that can run a step, and which of them this CPU has.

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod cpu;

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

    /// The backend that [`Step::apply`](crate::Step::apply) uses: the widest that this CPU and this build support.
    #[inline]
    pub fn active() -> Backend {
        if Backend::Avx512.is_supported() {
            Backend::Avx512
        } else if Backend::Avx2.is_supported() {
            Backend::Avx2
        } else if cfg!(any(
            target_feature = "sse2",
            all(target_arch = "aarch64", target_feature = "neon"),
            target_feature = "simd128"
        )) {
            Backend::Portable
        } else {
            Backend::Scalar
        }
    }

    /// Whether this CPU and this build can run the backend. The CPU is asked once; later calls read one atomic.
    #[inline]
    pub fn is_supported(self) -> bool {
        match self {
            Backend::Scalar | Backend::Portable => true,
            #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
            Backend::Avx2 => cpu::has_avx2(),
            #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
            Backend::Avx512 => cpu::has_avx512(),
            #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
            Backend::Avx2 | Backend::Avx512 => false,
        }
    }
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
