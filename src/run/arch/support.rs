//! Which backends this CPU and this build can run.

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
use super::cpu;
use crate::backend::Backend;

impl Backend {
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
