//! `grad::accumulate` against its formula.

use gradstep::grad::{accumulate, par_accumulate};
use gradstep::{Error, Slice};
use gradstep_testkit::assert_same_bits;
use gradstep_testkit::values::Source;

#[test]
fn every_length_and_alignment() {
    let mut source = Source::new(41);
    for n in (0..=67).chain([1000, 1003]) {
        for offset in 0..4 {
            for factor in [1.0, 1.0 / 3.0, -0.7, 0.0] {
                let start = source.many(n + offset, Source::mixed);
                let grads = source.many(n + 3, Source::mixed);
                let mut buffer = start.clone();
                accumulate(&mut buffer[offset..], &grads[3 - offset.min(3)..][..n], factor).unwrap();
                let mut expected = start.clone();
                for (sum, g) in expected[offset..].iter_mut().zip(&grads[3 - offset.min(3)..]) {
                    *sum += factor as f32 * g;
                }
                assert_same_bits(&buffer, &expected, |i| format!("{n} elements from {offset}, sum {:e}", start[i]));
            }
        }
    }
}

#[test]
fn refuses_and_writes_nothing() {
    let mut buffer = [1.5f32; 7];
    for length in [0, 6, 8] {
        let expected = Error::Length { slice: Slice::Buffer, expected: length, found: 7 };
        assert_eq!(accumulate(&mut buffer, &vec![1.0; length], 1.0), Err(expected));
    }
    for factor in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e39] {
        match accumulate(&mut buffer, &[1.0; 7], factor) {
            Err(Error::HyperParameter { name: "factor", value, .. }) => assert_eq!(value.to_bits(), factor.to_bits()),
            other => panic!("{factor}: {other:?}"),
        }
    }
    let lost = Err(Error::Coefficient { name: "factor", value: 1e-50, coefficient: 1e-50 });
    assert_eq!(accumulate(&mut buffer, &[1.0; 7], 1e-50), lost);
    assert_eq!(buffer, [1.5; 7]);
}

#[test]
fn all_cores_give_the_same_bits() {
    let mut source = Source::new(42);
    let [start, grads] = [(); 2].map(|()| source.many(700_001, Source::mixed));
    let (mut alone, mut shared) = (start.clone(), start);
    accumulate(&mut alone, &grads, 0.3).unwrap();
    par_accumulate(&mut shared, &grads, 0.3).unwrap();
    assert_same_bits(&shared, &alone, |i| format!("element {i}"));
    let expected = Error::Length { slice: Slice::Buffer, expected: 1, found: 2 };
    assert_eq!(par_accumulate(&mut [0.0; 2], &[1.0], 1.0), Err(expected));
}
