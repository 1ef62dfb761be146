//! The arithmetic of a formula, the vectors that run it, and the choice between them.
//!
//! All code for an instruction set and all `unsafe` of the crate is below this module.
#![allow(unsafe_code)]

pub(crate) mod driver;
mod portable;
mod scalar;
mod streams;

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[macro_use]
mod x86;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod avx2;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod avx512;

use crate::{Error, Rule};
use core::fmt;
use core::ops::{Add, Div, Mul, Neg, Sub};
pub(crate) use streams::Streams;

/// The arithmetic that a formula may use, on one element or on a vector of them.
///
/// Every operation is exact (`neg`, `abs`, comparison, selection, the start of a cube root) or correctly rounded
/// (`+ − × ÷ √`), so a formula gives the same bits whatever runs it. A formula cannot see memory, position or vector
/// width. The trait is sealed.
pub trait Real:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + sealed::Sealed
{
    /// The outcome of a comparison, element by element.
    type Mask: Copy;

    /// The same number in every element.
    fn splat(value: f32) -> Self;

    /// The correctly rounded square root; NaN below zero, −0 at −0.
    fn sqrt(self) -> Self;

    /// The magnitude: clears the sign bit.
    fn abs(self) -> Self;

    /// `self < other`; false where either is NaN.
    fn lt(self, other: Self) -> Self::Mask;

    /// `yes` where the mask holds, `no` elsewhere.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// +0 where the mask holds, the value itself elsewhere.
    #[inline(always)]
    fn zero_where(self, mask: Self::Mask) -> Self {
        Self::select(mask, Self::splat(0.0), self)
    }

    /// Within 4.5 % of `1/∛self` for a normal number above zero, of no meaning for others: the start of an iteration. A
    /// third of the exponent, by whole numbers on the bits, so it is exact like a comparison.
    fn inverse_cube_root_start(self) -> Self;

    /// The larger of the two; `self` where either is NaN or both are zero.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self::select(self.lt(other), other, self)
    }

    /// The smaller of the two; `self` where either is NaN or both are zero.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self::select(other.lt(self), other, self)
    }

    /// 1, −1, or the value itself where it is ±0 or NaN.
    #[inline(always)]
    fn sign(self) -> Self {
        let zero = Self::splat(0.0);
        let negative = Self::select(self.lt(zero), Self::splat(-1.0), self);
        Self::select(zero.lt(self), Self::splat(1.0), negative)
    }

    /// Zero where the magnitude is below `threshold`, else the value itself; NaN stays.
    #[inline(always)]
    fn flush_below(self, threshold: f32) -> Self {
        self.zero_where(self.abs().lt(Self::splat(threshold)))
    }
}

/// From which [`Real::inverse_cube_root_start`] takes a third of the bits of a number: `4/3 · 127 · 2²³`, less what keeps
/// the error small.
const INVERSE_CUBE_ROOT: i32 = 0x54a0_1000;

/// Times the upper half of the bits, it is a third of them.
const THIRD: i16 = 0x5556;

mod sealed {
    pub trait Sealed {}
}

/// A [`Real`] of `N` elements that can be loaded and stored.
trait Lanes<const N: usize>: Real {
    /// Whether [`Lanes::prefetch`] does something.
    const PREFETCHES: bool = false;

    fn load(from: &[f32; N]) -> Self;
    fn store(self, to: &mut [f32; N]);

    /// Asks for the cache line at an address, whatever is there.
    #[inline(always)]
    fn prefetch(_: *const f32) {}
}

/// What runs a step. All backends give the same bits; they differ in speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// One element at a time, with the FPU's own square root where there is one. Supported everywhere.
    Scalar,
    /// `wide::f32x8`: SSE2, AVX, NEON or simd128, whatever the target was compiled for. Supported everywhere,
    /// active by default only where the target has vectors.
    Portable,
    /// 256-bit vectors, found at run time on x86-64.
    Avx2,
    /// 512-bit vectors (AVX-512F, BW and VL), found at run time on x86-64. From 32,768 elements on, a step without state
    /// takes 256-bit ones, which are faster there.
    Avx512,
}

impl Backend {
    /// Every backend, the narrowest first.
    pub const ALL: [Backend; 4] = [Backend::Scalar, Backend::Portable, Backend::Avx2, Backend::Avx512];

    /// The backend that [`Rule::apply`] runs on: the widest that this CPU and this build support.
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

    /// Whether this CPU and this build can run it. The CPU is asked once; later calls read one atomic.
    #[inline]
    pub fn is_supported(self) -> bool {
        match self {
            Backend::Scalar | Backend::Portable => true,
            #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
            Backend::Avx2 => avx2::detected(),
            #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
            Backend::Avx512 => avx512::detected(),
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

/// Runs a rule on a chosen backend. One that is not supported is refused before anything is written.
#[inline]
pub(crate) fn run<U: Rule<S>, const S: usize>(
    backend: Backend,
    rule: &U,
    streams: Streams<'_, S>,
) -> Result<(), Error> {
    if !backend.is_supported() {
        return Err(Error::UnsupportedBackend(backend));
    }
    match backend {
        Backend::Scalar => driver::drive_elements(rule, streams),
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
