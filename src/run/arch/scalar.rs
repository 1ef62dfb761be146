//! One f32 at a time: the backend of targets without vectors.

use super::super::{
    blocks::{self, Summed, Total},
    driver,
    lanes::{Lanes, Summing},
    streams::{Access, Streams, StreamsList},
    units::{self, InsideScalar, Progress},
};
use super::hidden;
use crate::real::{INVERSE_CUBE_ROOT, Real, THIRD, sealed::Sealed};
use crate::rule::Rule;
use crate::shape::Shape;

impl Sealed for f32 {}

impl Real for f32 {
    type Mask = bool;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        value
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        sqrt(self)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f32::from_bits(self.to_bits() & 0x7fff_ffff)
    }

    #[inline(always)]
    fn lt(self, other: Self) -> bool {
        hidden(self < other)
    }

    #[inline(always)]
    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }

    /// Compares magnitudes as integers: it is shorter without an FPU, and with one too.
    #[inline(always)]
    fn flush_below(self, threshold: f32) -> Self {
        if self.to_bits() << 1 < threshold.to_bits() << 1 { 0.0 } else { self }
    }

    #[inline(always)]
    fn inverse_cube_root_start(self) -> Self {
        let third = (self.to_bits() as i32 >> 16).wrapping_mul(THIRD.into());
        f32::from_bits(INVERSE_CUBE_ROOT.wrapping_sub(third) as u32)
    }
}

impl Lanes<1> for f32 {
    #[inline(always)]
    fn load(&[from]: &[f32; 1]) -> Self {
        from
    }

    #[inline(always)]
    fn store(self, [to]: &mut [f32; 1]) {
        *to = self;
    }
}

impl Summing<1> for f32 {
    type Sums = f64;

    #[inline(always)]
    fn nothing() -> f64 {
        0.0
    }

    #[inline(always)]
    fn add_products(sum: f64, a: Self, b: Self) -> f64 {
        sum + f64::from(a) * f64::from(b)
    }

    #[inline(always)]
    fn add_sums(a: f64, b: f64) -> f64 {
        a + b
    }

    #[inline(always)]
    fn total(sum: f64) -> f64 {
        sum
    }

    #[inline(always)]
    fn store_sums(sum: f64, [to]: &mut [f64; 1]) {
        *to = sum;
    }
}

/// Not inlined into its callers where there are other backends; where it is the only one, inlining saves code.
#[cfg_attr(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "wasm32"), inline(never))]
#[cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "wasm32")), inline(always))]
pub(super) fn drive<'a, U: Rule<S>, A: Access, const S: usize>(rule: &U, list: impl StreamsList<'a, A, S>) {
    for streams in list {
        driver::drive_elements(rule, streams);
    }
}

// `core` has no square root and `libm`'s is a software loop where it does not know the instruction.

#[cfg(all(target_arch = "x86_64", target_feature = "sse"))]
#[inline(always)]
fn sqrt(x: f32) -> f32 {
    use core::arch::x86_64::{_mm_cvtss_f32, _mm_set_ss, _mm_sqrt_ss};
    // SAFETY: SSE is enabled for the whole build.
    unsafe { _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))) }
}

#[cfg(all(target_arch = "x86", target_feature = "sse"))]
#[inline(always)]
fn sqrt(x: f32) -> f32 {
    use core::arch::x86::{_mm_cvtss_f32, _mm_set_ss, _mm_sqrt_ss};
    // SAFETY: SSE is enabled for the whole build.
    unsafe { _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))) }
}

#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
#[inline(always)]
fn sqrt(x: f32) -> f32 {
    use core::arch::aarch64::{vdup_n_f32, vget_lane_f32, vsqrt_f32};
    // SAFETY: NEON is enabled for the whole build.
    unsafe { vget_lane_f32::<0>(vsqrt_f32(vdup_n_f32(x))) }
}

/// The hard-float ABI implies an FPU with a single-precision square root.
#[cfg(all(target_arch = "arm", target_abi = "eabihf", not(miri)))]
#[inline(always)]
fn sqrt(x: f32) -> f32 {
    let root: u32;
    // SAFETY: the instruction exists on every FPU of this ABI. Operands may not be FPU registers on stable Rust, so
    // the value moves through integer registers and s0 is put back as it was.
    unsafe {
        core::arch::asm!(
            "vmov {saved}, s0",
            "vmov s0, {x}",
            "vsqrt.f32 s0, s0",
            "vmov {x}, s0",
            "vmov s0, {saved}",
            x = inout(reg) x.to_bits() => root,
            saved = out(reg) _,
            // The instruction sets flags of the FPU.
            options(pure, nomem, nostack),
        );
    }
    f32::from_bits(root)
}

#[cfg(all(any(target_arch = "riscv32", target_arch = "riscv64"), target_feature = "f", not(miri)))]
#[inline(always)]
fn sqrt(x: f32) -> f32 {
    let root: f32;
    // SAFETY: the F extension is enabled for the whole build.
    unsafe {
        core::arch::asm!("fsqrt.s {root}, {x}", x = in(freg) x, root = out(freg) root, options(pure, nomem, nostack));
    }
    root
}

#[cfg(all(target_arch = "s390x", not(miri)))]
#[inline(always)]
fn sqrt(x: f32) -> f32 {
    let root: f32;
    // SAFETY: every s390x has the instruction.
    unsafe {
        core::arch::asm!("sqebr {root}, {x}", x = in(freg) x, root = out(freg) root, options(pure, nomem, nostack));
    }
    root
}

/// wasm and whatever has no instruction that stable Rust can name, and Miri, which runs no assembly: `libm` rounds correctly
/// too.
#[cfg(not(any(
    all(any(target_arch = "x86_64", target_arch = "x86"), target_feature = "sse"),
    all(target_arch = "aarch64", target_feature = "neon"),
    all(target_arch = "arm", target_abi = "eabihf", not(miri)),
    all(any(target_arch = "riscv32", target_arch = "riscv64"), target_feature = "f", not(miri)),
    all(target_arch = "s390x", not(miri)),
)))]
#[inline(always)]
fn sqrt(x: f32) -> f32 {
    libm::sqrtf(x)
}

#[inline(never)]
pub(super) fn measure<M: Summed<S, K>, A: Access, T: Total, const S: usize, const K: usize>(
    measure: &M,
    streams: Streams<'_, S, A>,
    totals: &mut [T; K],
) {
    blocks::drive::<f32, 1, M, A, T, S, K>(measure, streams, totals);
}

#[inline(never)]
pub(super) fn units<U: Rule<S>, A: Access, const PASS: usize, const S: usize>(
    rule: &U,
    streams: Streams<'_, S, A>,
    shape: &Shape,
    progress: &Progress,
) {
    units::from::<PASS, InsideScalar, U, A, S>(rule, streams, shape, progress);
}

#[inline(never)]
pub(super) fn max_abs(values: &[f32]) -> f32 {
    blocks::max_abs_bits(values)
}
