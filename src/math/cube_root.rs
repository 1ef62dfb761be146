use crate::real::Real;

/// The cube root of a number that is not below +0, within 2.5 units of 2⁻²⁴ of itself. It has no division: a polynomial
/// step towards the inverse of the root, then a step of Newton's iteration towards the root.
///
/// The polynomial step multiplies the start `i` by an approximation of `(1 − m)^(−1/3)`, where `m = 1 − x·i³` is the error
/// of the start, from −0.075 to 0.128. The quadratic is within 4.9e-5 of that power (minimax), so that Newton's step leaves
/// a relative error of 2e-8.
#[inline(always)]
pub fn cube_root<R: Real>(v: R) -> R {
    // Scaling by powers of 8 keeps the cube of the root finite and makes subnormal numbers normal.
    let tiny = v.lt(R::splat(power_of_two(-100)));
    let x = v * R::select(tiny, R::splat(power_of_two(48)), R::splat(power_of_two(-24)));
    let unscale = R::select(tiny, R::splat(power_of_two(-16)), R::splat(power_of_two(8)));

    let start = x.inverse_cube_root_start();
    let miss = R::splat(1.0) - (x * start) * (start * start);
    let factor = R::splat(0.999_963_33) + miss * (R::splat(0.334_305_54) + miss * R::splat(0.238_440_32));
    let inverse = start * factor;
    let square = inverse * inverse;
    let root = x * square;
    let root = root + (x - root * root * root) * (square * R::splat(1.0 / 3.0));
    // The iteration makes NaN of infinity.
    R::select(v.lt(R::splat(f32::INFINITY)), root * unscale, v)
}

const fn power_of_two(exponent: i32) -> f32 {
    f32::from_bits(((127 + exponent) as u32) << 23)
}
