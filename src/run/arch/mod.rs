//! The vectors of each instruction set, one file each, and the choice between them.

mod portable;
mod scalar;

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod avx2;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod avx512;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod x86;

use super::streams::Streams;
use crate::backend::Backend;
use crate::error::Error;
use crate::rule::Rule;

/// Runs a rule on a backend. One that is not supported is refused before anything is written.
#[inline]
pub(super) fn run<U: Rule<S>, const S: usize>(
    backend: Backend,
    rule: &U,
    streams: Streams<'_, S>,
) -> Result<(), Error> {
    if !backend.is_supported() {
        return Err(Error::UnsupportedBackend(backend));
    }
    match backend {
        Backend::Scalar => scalar::drive(rule, streams),
        Backend::Portable => portable::drive(rule, streams),
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
        // SAFETY: `is_supported` has seen AVX2 on this CPU.
        Backend::Avx2 => unsafe { avx2::drive(rule, streams) },
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
        // SAFETY: `is_supported` has seen AVX2, AVX-512F, BW and VL on this CPU.
        Backend::Avx512 => unsafe { avx512::drive(rule, streams) },
        #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
        Backend::Avx2 | Backend::Avx512 => {}
    }
    Ok(())
}
