//! The one comparison of bits.

/// Whether two numbers have the same bits. Payloads of NaN are unspecified, so NaN equals NaN.
fn same_bits(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// Panics at the first element whose bits differ and prints it in decimal and hex, with what `inputs` says of it.
#[track_caller]
pub fn assert_same_bits(found: &[f32], expected: &[f32], inputs: impl Fn(usize) -> String) {
    assert_eq!(found.len(), expected.len(), "{}", inputs(0));
    for (i, (&f, &e)) in found.iter().zip(expected).enumerate() {
        assert!(
            same_bits(f, e),
            "element {i}: found {f:e} ({:#010x}), expected {e:e} ({:#010x})\n{}",
            f.to_bits(),
            e.to_bits(),
            inputs(i)
        );
    }
}
