//! `wide::f32x8`: the vectors that the target was compiled for.

use super::super::{
    blocks::{self, Summed, Total},
    driver,
    lanes::{Lanes, Summing},
    streams::{Access, Streams, StreamsList},
    units::{self, Inside, Progress},
};
use super::hidden;
use crate::real::{INVERSE_CUBE_ROOT, Real, THIRD, sealed::Sealed};
use crate::rule::Rule;
use crate::shape::Shape;
use wide::{bytemuck, f32x8, f64x4, i16x16, i32x8};

impl Sealed for f32x8 {}

impl Real for f32x8 {
    type Mask = f32x8;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        f32x8::splat(value)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.abs()
    }

    #[inline(always)]
    fn lt(self, other: Self) -> Self {
        hidden(self.simd_lt(other))
    }

    #[inline(always)]
    fn select(mask: Self, yes: Self, no: Self) -> Self {
        mask.select(yes, no)
    }

    #[inline(always)]
    fn zero_where(self, mask: Self) -> Self {
        !mask & self
    }

    #[inline(always)]
    fn inverse_cube_root_start(self) -> Self {
        let upper_halves = bytemuck::cast::<i32x8, i16x16>(i32x8::splat(i32::from(THIRD) << 16));
        let third = bytemuck::cast::<f32x8, i16x16>(self).dot(upper_halves);
        bytemuck::cast(i32x8::splat(INVERSE_CUBE_ROOT) - third)
    }
}

impl Lanes<8> for f32x8 {
    #[inline(always)]
    fn load(from: &[f32; 8]) -> Self {
        f32x8::new(*from)
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; 8]) {
        *to = self.to_array();
    }
}

/// The remaining elements of a slice fill the lower lanes. The other lanes compute on zeros, and their results are not
/// used.
macro_rules! lower_lanes {
    ($N:literal: $($lane:ident)+, $($zero:literal)+) => {
        impl Lanes<$N> for f32x8 {
            #[inline(always)]
            fn load(&[$($lane),+]: &[f32; $N]) -> Self {
                f32x8::new([$($lane,)+ $($zero),+])
            }

            #[inline(always)]
            fn store(self, to: &mut [f32; $N]) {
                let [$($lane,)+ ..] = self.to_array();
                *to = [$($lane),+];
            }
        }
    };
}
lower_lanes!(4: a b c d, 0.0 0.0 0.0 0.0);
lower_lanes!(2: a b, 0.0 0.0 0.0 0.0 0.0 0.0);
lower_lanes!(1: a, 0.0 0.0 0.0 0.0 0.0 0.0 0.0);

impl Summing<8> for f32x8 {
    type Sums = [f64x4; 2];

    #[inline(always)]
    fn nothing() -> [f64x4; 2] {
        [f64x4::splat(0.0); 2]
    }

    #[inline(always)]
    fn add_products([low, high]: [f64x4; 2], a: Self, b: Self) -> [f64x4; 2] {
        let halves = |x: Self| {
            let [a, b, c, d, e, f, g, h] = x.to_array().map(f64::from);
            (f64x4::new([a, b, c, d]), f64x4::new([e, f, g, h]))
        };
        let ((a_low, a_high), (b_low, b_high)) = (halves(a), halves(b));
        [low + a_low * b_low, high + a_high * b_high]
    }

    #[inline(always)]
    fn add_sums([a, b]: [f64x4; 2], [c, d]: [f64x4; 2]) -> [f64x4; 2] {
        [a + c, b + d]
    }

    #[inline(always)]
    fn total([low, high]: [f64x4; 2]) -> f64 {
        let [a, b, c, d] = (low + high).to_array();
        (a + c) + (b + d)
    }

    #[inline(always)]
    fn store_sums([low, high]: [f64x4; 2], to: &mut [f64; 8]) {
        let ([a, b, c, d], [e, f, g, h]) = (low.to_array(), high.to_array());
        *to = [a, b, c, d, e, f, g, h];
    }
}

/// Not inlined into its callers, like the functions of the other backends.
#[inline(never)]
pub(super) fn drive<'a, U: Rule<S>, A: Access, const S: usize>(rule: &U, list: impl StreamsList<'a, A, S>) {
    for streams in list {
        driver::drive_vectors::<f32x8, 8, f32x8, U, A, S>(rule, streams);
    }
}

#[inline(never)]
pub(super) fn measure<M: Summed<S, K>, A: Access, T: Total, const S: usize, const K: usize>(
    measure: &M,
    streams: Streams<'_, S, A>,
    totals: &mut [T; K],
) {
    blocks::drive::<f32x8, 8, M, A, T, S, K>(measure, streams, totals);
}

#[inline(never)]
pub(super) fn units<U: Rule<S>, A: Access, const PASS: usize, const S: usize>(
    rule: &U,
    streams: Streams<'_, S, A>,
    shape: &Shape,
    progress: &Progress,
) {
    units::from::<PASS, Inside<f32x8, 8, f32x8>, U, A, S>(rule, streams, shape, progress);
}

#[inline(never)]
pub(super) fn max_abs(values: &[f32]) -> f32 {
    blocks::max_abs_bits(values)
}
