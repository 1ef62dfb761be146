//! 512-bit vectors. Values of [`F32x16`] and of `F32x8<true>`, and sums of them, are made only in the functions at the
//! end of this file, which carry `#[target_feature]` and run only where AVX-512F, BW, VL and what they imply were
//! detected. That is the SAFETY reason of every block here.

use super::super::{
    blocks::{self, Summed, Total},
    driver,
    lanes::{Lanes, Summing},
    streams::{Access, Streams, StreamsList},
    units::{self, Inside, Progress},
};
use super::avx2::{self, F32x8};
use super::x86::{SIGN, operator, prefetch};
use crate::real::{INVERSE_CUBE_ROOT, Real, THIRD, sealed::Sealed};
use crate::rule::Rule;
use crate::shape::Shape;
use core::arch::x86_64::*;

#[derive(Clone, Copy)]
pub(super) struct F32x16(__m512);

/// The elements for which a comparison does not hold. Instructions write zero where a mask has no bit, so
/// [`Real::zero_where`] takes one instruction and needs no other to invert the mask.
#[derive(Clone, Copy)]
pub(super) struct Unless(__mmask16);

operator!(Add add, F32x16: _mm512_add_ps);
operator!(Sub sub, F32x16: _mm512_sub_ps);
operator!(Mul mul, F32x16: _mm512_mul_ps);
operator!(Div div, F32x16: _mm512_div_ps);

impl core::ops::Neg for F32x16 {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        // SAFETY: see the top of this file. AVX-512F has the exclusive or of integers only.
        Self(unsafe { _mm512_castsi512_ps(_mm512_xor_si512(_mm512_castps_si512(self.0), _mm512_set1_epi32(i32::MIN))) })
    }
}

impl Sealed for F32x16 {}

impl Real for F32x16 {
    type Mask = Unless;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: see the top of this file.
        Self(unsafe { _mm512_set1_ps(value) })
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: see the top of this file.
        Self(unsafe { _mm512_sqrt_ps(self.0) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see the top of this file.
        Self(unsafe { _mm512_abs_ps(self.0) })
    }

    #[inline(always)]
    fn lt(self, other: Self) -> Unless {
        // SAFETY: see the top of this file.
        Unless(unsafe { _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(self.0, other.0) })
    }

    #[inline(always)]
    fn select(mask: Unless, yes: Self, no: Self) -> Self {
        // SAFETY: see the top of this file.
        Self(unsafe { _mm512_mask_blend_ps(mask.0, yes.0, no.0) })
    }

    #[inline(always)]
    fn zero_where(self, mask: Unless) -> Self {
        // SAFETY: see the top of this file.
        Self(unsafe { _mm512_maskz_mov_ps(mask.0, self.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: see the top of this file. The instruction returns its second operand for NaN and for two zeros.
        Self(unsafe { _mm512_max_ps(other.0, self.0) })
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: see the top of this file. As above.
        Self(unsafe { _mm512_min_ps(other.0, self.0) })
    }

    #[inline(always)]
    fn sign(self) -> Self {
        // SAFETY: see the top of this file.
        Self(unsafe { _mm512_fixupimm_ps::<0>(self.0, self.0, _mm512_set1_epi32(SIGN)) })
    }

    #[inline(always)]
    fn inverse_cube_root_start(self) -> Self {
        // SAFETY: see the top of this file.
        Self(unsafe {
            let upper_halves = _mm512_set1_epi32(i32::from(THIRD) << 16);
            let third = _mm512_madd_epi16(_mm512_castps_si512(self.0), upper_halves);
            _mm512_castsi512_ps(_mm512_sub_epi32(_mm512_set1_epi32(INVERSE_CUBE_ROOT), third))
        })
    }
}

impl Lanes<16> for F32x16 {
    const PREFETCHES: bool = true;

    #[inline(always)]
    fn load(from: &[f32; 16]) -> Self {
        // SAFETY: `from` is sixteen readable floats; the load needs no alignment.
        Self(unsafe { _mm512_loadu_ps(from.as_ptr()) })
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; 16]) {
        // SAFETY: `to` is sixteen writable floats; the store needs no alignment.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self.0) }
    }

    #[inline(always)]
    fn prefetch(address: *const f32) {
        prefetch(address)
    }
}

/// The elements of a narrower vector widen to one of this width.
impl Summing<8> for F32x8<true> {
    type Sums = __m512d;

    #[inline(always)]
    fn nothing() -> __m512d {
        // SAFETY: see the top of this file.
        unsafe { _mm512_setzero_pd() }
    }

    #[inline(always)]
    fn add_products(sums: __m512d, a: Self, b: Self) -> __m512d {
        // SAFETY: see the top of this file.
        unsafe { _mm512_add_pd(sums, _mm512_mul_pd(_mm512_cvtps_pd(a.0), _mm512_cvtps_pd(b.0))) }
    }

    #[inline(always)]
    fn add_sums(a: __m512d, b: __m512d) -> __m512d {
        // SAFETY: see the top of this file.
        unsafe { _mm512_add_pd(a, b) }
    }

    #[inline(always)]
    fn total(sums: __m512d) -> f64 {
        // SAFETY: see the top of this file.
        avx2::total(unsafe { _mm256_add_pd(_mm512_castpd512_pd256(sums), _mm512_extractf64x4_pd::<1>(sums)) })
    }

    #[inline(always)]
    fn store_sums(sums: __m512d, to: &mut [f64; 8]) {
        // SAFETY: `to` is eight writable floats; the store needs no alignment.
        unsafe { _mm512_storeu_pd(to.as_mut_ptr(), sums) }
    }
}

/// # Safety
/// `cpu::has_avx512` holds.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) unsafe fn drive<'a, U: Rule<S>, A: Access, const S: usize>(rule: &U, list: impl StreamsList<'a, A, S>) {
    for streams in list {
        if S == 0 && streams.len() >= driver::LONG {
            // From memory, a step over two streams takes a sixth longer with vectors of a whole cache line.
            driver::drive_vectors::<F32x8<true>, 8, F32x8<true>, U, A, S>(rule, streams);
        } else {
            driver::drive_vectors::<F32x16, 16, F32x8<true>, U, A, S>(rule, streams);
        }
    }
}

/// # Safety
/// `cpu::has_avx512` holds.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) unsafe fn measure<M: Summed<S, K>, A: Access, T: Total, const S: usize, const K: usize>(
    measure: &M,
    streams: Streams<'_, S, A>,
    totals: &mut [T; K],
) {
    blocks::drive::<F32x8<true>, 8, M, A, T, S, K>(measure, streams, totals);
}

/// # Safety
/// `cpu::has_avx512` holds.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) unsafe fn units<U: Rule<S>, A: Access, const PASS: usize, const S: usize>(
    rule: &U,
    streams: Streams<'_, S, A>,
    shape: &Shape,
    progress: &Progress,
) {
    units::from::<PASS, Inside<F32x16, 16, F32x8<true>>, U, A, S>(rule, streams, shape, progress);
}

/// # Safety
/// `cpu::has_avx512` holds.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) unsafe fn max_abs(values: &[f32]) -> f32 {
    blocks::max_abs_bits(values)
}
