//! `grad::accumulate_squares`: the bits of `accumulate`, the sum of what it wrote, and the errors.

use gradstep::grad::{accumulate, accumulate_squares, par_accumulate_squares};
use gradstep::sum::Sum;
use gradstep::{Error, Slice};
use gradstep_testkit::assert_same_bits;
use gradstep_testkit::values::Source;

#[test]
fn accumulates_and_sums_in_one_pass() {
    let mut source = Source::new(321);
    for n in (0..=67).chain([1000, 1025, 40_001, 600_001]) {
        let [start, grads] = [(); 2].map(|()| source.many(n, Source::mixed));
        let mut expected = start.clone();
        accumulate(&mut expected, &grads, 0.3).unwrap();
        for sum_up in [accumulate_squares, par_accumulate_squares] {
            let mut buffer = start.clone();
            let sum = sum_up(&mut buffer, &grads, 0.3).unwrap();
            assert_same_bits(&buffer, &expected, |i| format!("{n} elements, element {i}"));
            assert_eq!(sum, Sum::squares(&expected));
        }
    }
}

#[test]
fn refuses_and_writes_nothing() {
    for sum_up in [accumulate_squares, par_accumulate_squares] {
        let mut buffer = [1.0; 3];
        let wrong = Error::Length { slice: Slice::Buffer, expected: 2, found: 3 };
        assert_eq!(sum_up(&mut buffer, &[1.0; 2], 1.0), Err(wrong));
        assert!(matches!(sum_up(&mut buffer, &[1.0; 3], f64::NAN), Err(Error::HyperParameter { name: "factor", .. })));
        assert_eq!(buffer, [1.0; 3]);
    }
}
