//! `Rule::par_apply`: the same bits for any number of threads, and the errors of `apply`.

use gradstep::*;
use gradstep_testkit::assert_same_bits;
use gradstep_testkit::values::Source;

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    const PIECE: usize = 1 << 15;
    let rule = Adam::default().tick(&mut 0).unwrap().clip_by_value(0.5);
    // From the last length on a caller outside the pool gives shares away.
    for len in [0, 1, 67, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 7 * PIECE + 13, 16 * PIECE + 13] {
        let mut source = Source::new(121);
        let [start, grads, m, v] = [(); 4].map(|()| source.many(len, Source::mixed));
        let (mut params, mut first, mut second) = (start.clone(), m.clone(), v.clone());
        rule.apply(&mut params, &grads, [&mut first, &mut second]).unwrap();
        for threads in [1, 2, 3, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (mut p, mut m, mut v) = (start.clone(), m.clone(), v.clone());
            pool.install(|| rule.par_apply(&mut p, &grads, [&mut m, &mut v])).unwrap();
            for (found, expected) in [(&p, &params), (&m, &first), (&v, &second)] {
                assert_same_bits(found, expected, |i| format!("{threads} threads, {len} elements, {}", start[i]));
            }
        }
        let (mut p, mut m, mut v) = (start.clone(), m.clone(), v.clone());
        rule.par_apply(&mut p, &grads, [&mut m, &mut v]).unwrap();
        for (found, expected) in [(&p, &params), (&m, &first), (&v, &second)] {
            assert_same_bits(found, expected, |i| format!("from outside, {len} elements, {}", start[i]));
        }
    }
}

#[test]
fn errors_change_nothing() {
    let rule = Momentum::default().tick(&mut 0).unwrap();
    let len = 600_000;
    let (mut params, mut buffer, grads) = (vec![1.0f32; len], vec![2.0f32; len], vec![3.0f32; len]);
    let short = rule.par_apply(&mut params, &grads, [&mut buffer[1..]]);
    assert_eq!(short, Err(Error::Length { slice: Slice::State(0), expected: len, found: len - 1 }));
    let long = rule.par_apply(&mut params[1..], &grads, [&mut buffer[1..]]);
    assert_eq!(long, Err(Error::Length { slice: Slice::Grads, expected: len - 1, found: len }));
    let bad = rule.clip_by_value(-1.0).par_apply(&mut params, &grads, [&mut buffer]);
    assert!(matches!(bad, Err(Error::HyperParameter { name: "clip_by_value", .. })));
    assert!(params.iter().all(|p| *p == 1.0) && buffer.iter().all(|b| *b == 2.0));
}
