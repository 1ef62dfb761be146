//! The vectors of each instruction set, one file each, and the choice between them.

// NEON of 32-bit ARM flushes subnormal numbers, and the compiler uses it to compare vectors. Whether a build has it, stable
// Rust does not tell. So the portable backend is the scalar one there.
#[cfg(not(target_arch = "arm"))]
mod portable;
mod scalar;

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod avx2;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod avx512;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod cpu;
mod support;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod x86;

use super::blocks::{Summed, Total};
use super::streams::{Access, Streams, StreamsList};
use super::units::Progress;
use crate::backend::Backend;
use crate::error::Error;
use crate::rule::Rule;
use crate::shape::Shape;

/// A backend that this CPU and this build can run.
#[derive(Clone, Copy)]
pub(crate) struct Supported(Backend);

impl Supported {
    /// Refuses a backend that is not supported.
    #[inline]
    pub(crate) fn new(backend: Backend) -> Result<Self, Error> {
        if backend.is_supported() { Ok(Supported(backend)) } else { Err(Error::UnsupportedBackend(backend)) }
    }

    /// The widest one.
    #[inline]
    pub(crate) fn active() -> Self {
        Supported(Backend::active())
    }
}

/// Runs a rule over one tensor after another, on a backend.
#[inline]
pub(super) fn run<'a, U: Rule<S>, A: Access, const S: usize>(
    backend: Supported,
    rule: &U,
    list: impl StreamsList<'a, A, S>,
) {
    match backend.0 {
        #[cfg(not(target_arch = "arm"))]
        Backend::Portable => portable::drive(rule, list),
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
        // SAFETY: a supported backend: `cpu::has_avx2` holds.
        Backend::Avx2 => unsafe { avx2::drive(rule, list) },
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
        // SAFETY: a supported backend: `cpu::has_avx512` holds.
        Backend::Avx512 => unsafe { avx512::drive(rule, list) },
        _ => scalar::drive(rule, list),
    }
}

/// Adds the terms of all elements to sums, on a backend.
#[inline]
pub(super) fn measure<M: Summed<S, K>, A: Access, T: Total, const S: usize, const K: usize>(
    backend: Supported,
    measure: &M,
    streams: Streams<'_, S, A>,
    totals: &mut [T; K],
) {
    match backend.0 {
        #[cfg(not(target_arch = "arm"))]
        Backend::Portable => portable::measure(measure, streams, totals),
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
        // SAFETY: a supported backend: `cpu::has_avx2` holds.
        Backend::Avx2 => unsafe { avx2::measure(measure, streams, totals) },
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
        // SAFETY: a supported backend: `cpu::has_avx512` holds.
        Backend::Avx512 => unsafe { avx512::measure(measure, streams, totals) },
        _ => scalar::measure(measure, streams, totals),
    }
}

/// Makes the passes within a tensor, from pass `PASS` on, and the update, on a backend.
#[inline]
pub(super) fn units<U: Rule<S>, A: Access, const PASS: usize, const S: usize>(
    backend: Supported,
    rule: &U,
    streams: Streams<'_, S, A>,
    shape: &Shape,
    progress: &Progress,
) {
    match backend.0 {
        #[cfg(not(target_arch = "arm"))]
        Backend::Portable => portable::units::<U, A, PASS, S>(rule, streams, shape, progress),
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
        // SAFETY: a supported backend: `cpu::has_avx2` holds.
        Backend::Avx2 => unsafe { avx2::units::<U, A, PASS, S>(rule, streams, shape, progress) },
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
        // SAFETY: a supported backend: `cpu::has_avx512` holds.
        Backend::Avx512 => unsafe { avx512::units::<U, A, PASS, S>(rule, streams, shape, progress) },
        _ => scalar::units::<U, A, PASS, S>(rule, streams, shape, progress),
    }
}

/// The largest magnitude of a slice, on a backend.
#[inline]
pub(super) fn max_abs(backend: Supported, values: &[f32]) -> f32 {
    match backend.0 {
        #[cfg(not(target_arch = "arm"))]
        Backend::Portable => portable::max_abs(values),
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
        // SAFETY: a supported backend: `cpu::has_avx2` holds.
        Backend::Avx2 => unsafe { avx2::max_abs(values) },
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
        // SAFETY: a supported backend: `cpu::has_avx512` holds.
        Backend::Avx512 => unsafe { avx512::max_abs(values) },
        _ => scalar::max_abs(values),
    }
}

/// The outcome of a comparison. With `relaxed-simd` the compiler makes one instruction of a comparison and the selection
/// between the same numbers, which may return either of them where one is NaN. It does so where it can see both.
#[inline(always)]
fn hidden<M>(mask: M) -> M {
    if cfg!(all(target_family = "wasm", target_feature = "relaxed-simd")) { core::hint::black_box(mask) } else { mask }
}
