//! Any optimizer that looks at a whole tensor, any numbers, lengths and cuts: every backend sums the same bits, pieces give what
//! the whole gives, and a call that is refused changes nothing.
#![no_main]

use arbitrary::Arbitrary;
use gradstep::sum::{BLOCK, Sum};
use gradstep::whole::*;
use gradstep::{Backend, Error, Slice, for_each_whole_optimizer};
use gradstep_testkit::assert_same_bits;
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    optimizer: u8,
    /// Repeated to the length.
    params: Vec<f32>,
    grads: Vec<f32>,
    /// Bits for the state that replace what `init` fills in.
    state: Option<Vec<f32>>,
    len: u16,
    factor: f64,
    cut: u8,
    wrong_length: u8,
}

fn repeated(values: &[f32], len: usize) -> Vec<f32> {
    values.iter().chain(&[0.5]).copied().cycle().take(len).collect()
}

fn slices<const S: usize>(state: &mut [Vec<f32>; S]) -> [&mut [f32]; S] {
    state.each_mut().map(|slot| &mut slot[..])
}

fn test<O: WholeOptimizer<S, K>, const S: usize, const K: usize>(input: &Input) {
    let n = usize::from(input.len) % 5000;
    let (start, grads) = (repeated(&input.params, n), repeated(&input.grads, n));
    let mut start_state = [(); S].map(|()| vec![0.0; n]);
    O::DEFAULT.init(&start, slices(&mut start_state)).unwrap();
    if let Some(values) = &input.state {
        start_state = [(); S].map(|()| repeated(values, n));
    }
    let (mut whole, mut whole_state, mut memory) = (start.clone(), start_state.clone(), Default::default());
    let (mut cut, mut cut_state, mut cut_memory) = (start, start_state, memory);
    let mut clock = O::Clock::default();
    for _ in 0..3 {
        let step = O::DEFAULT.tick(&mut clock).unwrap().scale_grads(input.factor);
        let wrong = usize::from(input.wrong_length);
        if wrong != n {
            let refused = step.apply_with(&mut memory, &mut whole, &vec![1.0; wrong], slices(&mut whole_state));
            assert_eq!(refused, Err(Error::Length { slice: Slice::Grads, expected: n, found: wrong }));
        }
        let reading = || whole_state.each_ref().map(|slot| &slot[..]);
        let scalar = match step.measure_with_on(Backend::Scalar, &memory, &whole, &grads, reading()) {
            Ok(sums) => sums,
            Err(error) => {
                assert!(matches!(error, Error::HyperParameter { .. } | Error::Coefficient { .. }), "{error}");
                return;
            }
        };
        for backend in Backend::ALL.into_iter().filter(|backend| backend.is_supported()) {
            let sums = step.measure_with_on(backend, &memory, &whole, &grads, reading()).unwrap();
            assert_eq!(sums, scalar, "{} on {backend}", O::NAME);
        }
        // Two pieces, measured from the last to the first.
        let at = (usize::from(input.cut) * BLOCK).min(n / BLOCK * BLOCK);
        let mut sums = [Sum::ZERO; K];
        for piece in [at..n, 0..at] {
            let state = cut_state.each_ref().map(|slot| &slot[piece.clone()]);
            let part = step.measure_with(&cut_memory, &cut[piece.clone()], &grads[piece], state).unwrap();
            sums.iter_mut().zip(&part).for_each(|(sum, part)| sum.merge(&Sum::from_bytes(&part.to_bytes())));
        }
        assert_eq!(sums, scalar, "{}", O::NAME);
        let update = step.update_with(&mut cut_memory, &sums);
        for piece in [0..at, at..n] {
            let state = cut_state.each_mut().map(|slot| &mut slot[piece.clone()]);
            update.apply(&mut cut[piece.clone()], &grads[piece], state).unwrap();
        }
        step.apply_with(&mut memory, &mut whole, &grads, slices(&mut whole_state)).unwrap();
        assert_same_bits(&cut, &whole, |i| format!("{}, element {i}", O::NAME));
        for (cut, whole) in cut_state.iter().zip(&whole_state) {
            assert_same_bits(cut, whole, |i| format!("{}, element {i}", O::NAME));
        }
    }
}

macro_rules! tests {
    ($($Optimizer:ident: $slots:literal, $sums:literal;)*) => { [$(test::<$Optimizer, $slots, $sums>),*] };
}

fuzz_target!(|input: Input| {
    let tests: [fn(&Input); 15] = for_each_whole_optimizer!(tests);
    tests[usize::from(input.optimizer) % tests.len()](&input);
});
