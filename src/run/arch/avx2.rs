//! 256-bit vectors. Values of [`F32x8`] and sums of them are made only in functions that carry `#[target_feature]`:
//! those at the end of this file, which run only where AVX2 was detected, and those of `avx512.rs`. Values with `VL` are
//! made only in the latter, which run only where AVX-512 was detected. That is the SAFETY reason of every block here.

use super::super::{
    blocks::{self, Summed, Total},
    driver,
    lanes::{Lanes, Summing},
    streams::{Access, Streams, StreamsList},
    units::{self, Inside, Progress},
};
use super::x86::{SIGN, operator, prefetch};
use crate::real::{INVERSE_CUBE_ROOT, Real, THIRD, sealed::Sealed};
use crate::rule::Rule;
use crate::shape::Shape;
use core::arch::x86_64::*;

/// With `VL` it also uses the instructions of AVX-512F and VL for vectors of this width.
#[derive(Clone, Copy)]
pub(super) struct F32x8<const VL: bool>(pub(super) __m256);

operator!(Add add, F32x8<VL>, VL: bool: _mm256_add_ps);
operator!(Sub sub, F32x8<VL>, VL: bool: _mm256_sub_ps);
operator!(Mul mul, F32x8<VL>, VL: bool: _mm256_mul_ps);
operator!(Div div, F32x8<VL>, VL: bool: _mm256_div_ps);

impl<const VL: bool> core::ops::Neg for F32x8<VL> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        // SAFETY: see the top of this file.
        Self(unsafe { _mm256_xor_ps(self.0, _mm256_set1_ps(-0.0)) })
    }
}

impl<const VL: bool> Sealed for F32x8<VL> {}

impl<const VL: bool> Real for F32x8<VL> {
    type Mask = __m256;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: see the top of this file.
        Self(unsafe { _mm256_set1_ps(value) })
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: see the top of this file.
        Self(unsafe { _mm256_sqrt_ps(self.0) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see the top of this file.
        Self(unsafe { _mm256_andnot_ps(_mm256_set1_ps(-0.0), self.0) })
    }

    #[inline(always)]
    fn lt(self, other: Self) -> __m256 {
        // SAFETY: see the top of this file.
        unsafe { _mm256_cmp_ps::<_CMP_LT_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn select(mask: __m256, yes: Self, no: Self) -> Self {
        // SAFETY: see the top of this file.
        Self(unsafe { _mm256_blendv_ps(no.0, yes.0, mask) })
    }

    #[inline(always)]
    fn zero_where(self, mask: __m256) -> Self {
        // SAFETY: see the top of this file.
        Self(unsafe { _mm256_andnot_ps(mask, self.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: see the top of this file. The instruction returns its second operand for NaN and for two zeros.
        Self(unsafe { _mm256_max_ps(other.0, self.0) })
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: see the top of this file. As above.
        Self(unsafe { _mm256_min_ps(other.0, self.0) })
    }

    #[inline(always)]
    fn sign(self) -> Self {
        // SAFETY: see the top of this file.
        Self(unsafe {
            if VL {
                return Self(_mm256_fixupimm_ps::<0>(self.0, self.0, _mm256_set1_epi32(SIGN)));
            }
            let number = _mm256_cmp_ps::<_CMP_NEQ_OQ>(self.0, _mm256_setzero_ps());
            let sign = _mm256_and_ps(self.0, _mm256_set1_ps(-0.0));
            _mm256_blendv_ps(self.0, _mm256_or_ps(sign, _mm256_set1_ps(1.0)), number)
        })
    }

    #[inline(always)]
    fn inverse_cube_root_start(self) -> Self {
        // SAFETY: see the top of this file.
        Self(unsafe {
            let upper_halves = _mm256_set1_epi32(i32::from(THIRD) << 16);
            let third = _mm256_madd_epi16(_mm256_castps_si256(self.0), upper_halves);
            _mm256_castsi256_ps(_mm256_sub_epi32(_mm256_set1_epi32(INVERSE_CUBE_ROOT), third))
        })
    }
}

macro_rules! lanes {
    ($N:literal: |$from:ident| $load:expr, |$to:ident, $value:ident| $store:expr) => {
        impl<const VL: bool> Lanes<$N> for F32x8<VL> {
            const PREFETCHES: bool = true;

            #[inline(always)]
            fn load(from: &[f32; $N]) -> Self {
                let $from = from.as_ptr();
                // SAFETY: reads the `$N` floats that it points to, and needs no alignment.
                Self(unsafe { $load })
            }

            #[inline(always)]
            fn store(self, to: &mut [f32; $N]) {
                let ($to, $value) = (to.as_mut_ptr(), self.0);
                // SAFETY: writes the `$N` floats that it points to, and needs no alignment.
                unsafe { $store }
            }

            #[inline(always)]
            fn prefetch(address: *const f32) {
                prefetch(address)
            }
        }
    };
}
lanes!(8: |from| _mm256_loadu_ps(from),
    |to, value| _mm256_storeu_ps(to, value));
// The remaining elements of a slice fill the lower lanes. The other lanes compute on zeros, and their results are not used.
lanes!(4: |from| _mm256_zextps128_ps256(_mm_loadu_ps(from)),
    |to, value| _mm_storeu_ps(to, _mm256_castps256_ps128(value)));
lanes!(2: |from| _mm256_zextps128_ps256(_mm_castsi128_ps(_mm_loadl_epi64(from.cast()))),
    |to, value| _mm_storel_epi64(to.cast(), _mm_castps_si128(_mm256_castps256_ps128(value))));
lanes!(1: |from| _mm256_zextps128_ps256(_mm_load_ss(from)),
    |to, value| _mm_store_ss(to, _mm256_castps256_ps128(value)));

impl Summing<8> for F32x8<false> {
    type Sums = [__m256d; 2];

    #[inline(always)]
    fn nothing() -> [__m256d; 2] {
        // SAFETY: see the top of this file.
        [unsafe { _mm256_setzero_pd() }; 2]
    }

    #[inline(always)]
    fn add_products([low, high]: [__m256d; 2], a: Self, b: Self) -> [__m256d; 2] {
        // SAFETY: see the top of this file.
        unsafe {
            let low_of = |x: Self| _mm256_cvtps_pd(_mm256_castps256_ps128(x.0));
            let high_of = |x: Self| _mm256_cvtps_pd(_mm256_extractf128_ps::<1>(x.0));
            [
                _mm256_add_pd(low, _mm256_mul_pd(low_of(a), low_of(b))),
                _mm256_add_pd(high, _mm256_mul_pd(high_of(a), high_of(b))),
            ]
        }
    }

    #[inline(always)]
    fn add_sums([a, b]: [__m256d; 2], [c, d]: [__m256d; 2]) -> [__m256d; 2] {
        // SAFETY: see the top of this file.
        unsafe { [_mm256_add_pd(a, c), _mm256_add_pd(b, d)] }
    }

    #[inline(always)]
    fn total([low, high]: [__m256d; 2]) -> f64 {
        // SAFETY: see the top of this file.
        total(unsafe { _mm256_add_pd(low, high) })
    }

    #[inline(always)]
    fn store_sums([low, high]: [__m256d; 2], to: &mut [f64; 8]) {
        // SAFETY: `to` is eight writable floats; the stores need no alignment.
        unsafe {
            _mm256_storeu_pd(to.as_mut_ptr(), low);
            _mm256_storeu_pd(to.as_mut_ptr().add(4), high);
        }
    }
}

/// Adds the lanes 2 apart, then 1.
#[inline(always)]
pub(super) fn total(sums: __m256d) -> f64 {
    // SAFETY: see the top of this file.
    unsafe {
        let two = _mm_add_pd(_mm256_castpd256_pd128(sums), _mm256_extractf128_pd::<1>(sums));
        _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)))
    }
}

/// # Safety
/// `cpu::has_avx2` holds.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn drive<'a, U: Rule<S>, A: Access, const S: usize>(rule: &U, list: impl StreamsList<'a, A, S>) {
    for streams in list {
        driver::drive_vectors::<F32x8<false>, 8, F32x8<false>, U, A, S>(rule, streams);
    }
}

/// # Safety
/// `cpu::has_avx2` holds.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn measure<M: Summed<S, K>, A: Access, T: Total, const S: usize, const K: usize>(
    measure: &M,
    streams: Streams<'_, S, A>,
    totals: &mut [T; K],
) {
    blocks::drive::<F32x8<false>, 8, M, A, T, S, K>(measure, streams, totals);
}

/// # Safety
/// `cpu::has_avx2` holds.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn units<U: Rule<S>, A: Access, const PASS: usize, const S: usize>(
    rule: &U,
    streams: Streams<'_, S, A>,
    shape: &Shape,
    progress: &Progress,
) {
    units::from::<PASS, Inside<F32x8<false>, 8, F32x8<false>>, U, A, S>(rule, streams, shape, progress);
}

/// # Safety
/// `cpu::has_avx2` holds.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn max_abs(values: &[f32]) -> f32 {
    blocks::max_abs_bits(values)
}
