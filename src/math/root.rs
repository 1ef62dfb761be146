/// The correctly rounded square root.
///
/// On x86-64 the vector instruction: `libm` has the one for a single number in assembly, which is encoded in the old way and makes
/// the vectors around it wait.
#[inline(always)]
pub(crate) fn sqrt(x: f64) -> f64 {
    if cfg!(all(target_arch = "x86_64", target_feature = "sse2", not(miri))) {
        let [root, _] = wide::f64x2::splat(x).sqrt().to_array();
        root
    } else {
        libm::sqrt(x)
    }
}
