//! `apply_zeroing`: the bits of `apply`, zeros in every gradient, and the errors.

use gradstep::average::WeightEma;
use gradstep::{AdamW, Error, Optimizer, Slice};
use gradstep_testkit::assert_same_bits;
use gradstep_testkit::values::Source;

#[test]
fn steps_as_apply_does_and_zeroes_the_gradients() {
    let mut source = Source::new(311);
    let step = (1..64).fold(AdamW::default().tick(&mut 0).unwrap(), |_, t| AdamW::default().tick(&mut { t }).unwrap());
    let ema = WeightEma::default().tick(&mut 3).unwrap();
    let step = step.scale_grads(0.5).clip_by_value(1.0).then(ema);
    for n in (0..=67).chain([1000, 40_001, 600_001]) {
        let start: [Vec<f32>; 5] = [(); 5].map(|()| source.many(n, Source::mixed));
        let [mut params, grads, mut m, mut v, mut average] = start.clone();
        step.apply(&mut params, &grads, [&mut m, &mut v, &mut average]).unwrap();
        let expected = [params, vec![0.0; n], m, v, average];
        for is_parallel in [false, true] {
            let mut found = start.clone();
            let [params, grads, m, v, average] = &mut found;
            let state = [&mut m[..], v, average];
            if is_parallel {
                step.par_apply_zeroing(params, grads, state).unwrap();
            } else {
                step.apply_zeroing(params, grads, state).unwrap();
            }
            for (found, expected) in found.iter().zip(&expected) {
                assert_same_bits(found, expected, |i| format!("{n} elements, element {i}"));
            }
        }
    }
}

#[test]
fn writes_nothing_on_an_error() {
    let step = AdamW::default().tick(&mut 0).unwrap();
    let (mut p, mut g, mut m, mut v) = ([1.0; 4], [2.0; 4], [3.0; 4], [4.0; 4]);
    let short = step.apply_zeroing(&mut p, &mut g[1..], [&mut m, &mut v]);
    assert_eq!(short, Err(Error::Length { slice: Slice::Grads, expected: 4, found: 3 }));
    let short = step.par_apply_zeroing(&mut p, &mut g, [&mut m, &mut v[..2]]);
    assert_eq!(short, Err(Error::Length { slice: Slice::State(1), expected: 4, found: 2 }));
    let bad = step.scale_grads(f64::NAN).apply_zeroing(&mut p, &mut g, [&mut m, &mut v]);
    assert!(matches!(bad, Err(Error::HyperParameter { name: "scale_grads", .. })));
    assert_eq!((p, g, m, v), ([1.0; 4], [2.0; 4], [3.0; 4], [4.0; 4]));
}
