//! Optimizers that look at a whole tensor: the same bits for every backend, cut, order of pieces and number of threads, and the
//! errors of their slices and fields.

use gradstep::optim::{Kind, Value};
use gradstep::sum::{BLOCK, Sum};
use gradstep::whole::*;
use gradstep::{Backend, Error, Slice, Tensor, for_each_whole_optimizer};
use gradstep_testkit::assert_same_bits;
use gradstep_testkit::values::Source;

/// A check of an optimizer.
trait Check {
    fn check<O: WholeOptimizer<S, K>, const S: usize, const K: usize>(&self);
}

/// Checks the default of every optimizer.
fn every(check: &impl Check) {
    macro_rules! each {
        ($($Optimizer:ident: $slots:literal, $sums:literal;)*) => {$( check.check::<$Optimizer, $slots, $sums>(); )*};
    }
    for_each_whole_optimizer!(each);
}

/// Parameters, gradients and state of a tensor.
fn tensor<O: WholeOptimizer<S, K>, const S: usize, const K: usize>(
    source: &mut Source,
    n: usize,
) -> (Vec<f32>, Vec<f32>, [Vec<f32>; S]) {
    let (params, grads) = (source.many(n, Source::plain), source.many(n, Source::plain));
    let mut state = [(); S].map(|()| vec![0.0; n]);
    O::DEFAULT.init(&params, state.each_mut().map(|slot| &mut slot[..])).unwrap();
    (params, grads, state)
}

fn slices<const S: usize>(state: &mut [Vec<f32>; S]) -> [&mut [f32]; S] {
    state.each_mut().map(|slot| &mut slot[..])
}

struct Cuts;

impl Check for Cuts {
    fn check<O: WholeOptimizer<S, K>, const S: usize, const K: usize>(&self) {
        let mut source = Source::new(331);
        for n in [1, 40, BLOCK, 3 * BLOCK + 77] {
            let (start, _, start_state) = tensor::<O, S, K>(&mut source, n);
            let (mut whole, mut whole_state) = (start.clone(), start_state.clone());
            let (mut cut, mut cut_state) = (start, start_state);
            let (mut clock, mut memory) = (O::Clock::default(), Default::default());
            let mut cut_memory = memory;
            for _ in 0..4 {
                let grads = source.many(n, Source::plain);
                let step = O::DEFAULT.tick(&mut clock).unwrap().scale_grads(0.7);
                step.apply_with(&mut memory, &mut whole, &grads, slices(&mut whole_state)).unwrap();
                // Pieces of a block, measured from the last to the first, and stepped at any cut.
                let mut sums = [Sum::ZERO; K];
                for at in (0..n).step_by(BLOCK).rev() {
                    let piece = at..n.min(at + BLOCK);
                    let state = cut_state.each_ref().map(|slot| &slot[piece.clone()]);
                    let part = step.measure_with(&cut_memory, &cut[piece.clone()], &grads[piece], state).unwrap();
                    sums.iter_mut().zip(&part).for_each(|(sum, part)| sum.merge(part));
                }
                let update = step.update_with(&mut cut_memory, &sums);
                let mut pieces: Vec<_> = Tensor::new(&mut cut, &grads, &mut cut_state).chunks(61).collect();
                update.apply_all(&mut pieces).unwrap();
                assert_eq!(cut_memory, memory, "{}", O::NAME);
            }
            assert_same_bits(&cut, &whole, |i| format!("{}, element {i} of {n}", O::NAME));
            for (cut, whole) in cut_state.iter().zip(&whole_state) {
                assert_same_bits(cut, whole, |i| format!("{}, element {i} of {n}", O::NAME));
            }
        }
    }
}

#[test]
fn cuts_do_not_matter() {
    every(&Cuts);
}

struct Threads;

impl Check for Threads {
    fn check<O: WholeOptimizer<S, K>, const S: usize, const K: usize>(&self) {
        let mut source = Source::new(332);
        let (start, grads, start_state) = tensor::<O, S, K>(&mut source, 100_001);
        let step = O::DEFAULT.tick(&mut O::Clock::default()).unwrap();
        let run = |is_parallel: bool| {
            let (mut params, mut state, mut memory) = (start.clone(), start_state.clone(), Default::default());
            if is_parallel {
                step.par_apply_with(&mut memory, &mut params, &grads, slices(&mut state)).unwrap();
            } else {
                step.apply_with(&mut memory, &mut params, &grads, slices(&mut state)).unwrap();
            }
            (params, memory)
        };
        let (expected, memory) = run(false);
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (found, found_memory) = pool.install(|| run(true));
            assert_same_bits(&found, &expected, |i| format!("{}, element {i}", O::NAME));
            assert_eq!(found_memory, memory, "{}", O::NAME);
        }
    }
}

#[test]
fn threads_do_not_matter() {
    every(&Threads);
}

struct Backends;

impl Check for Backends {
    fn check<O: WholeOptimizer<S, K>, const S: usize, const K: usize>(&self) {
        let mut source = Source::new(333);
        for n in (0..=67).chain([1000, 1057]) {
            let streams: [Vec<f32>; 8] = [(); 8].map(|()| source.many(n, Source::mixed));
            let [params, grads, state @ ..] = &streams;
            let state: [&[f32]; S] = std::array::from_fn(|slot| &state[slot][..]);
            let step = O::DEFAULT.tick(&mut O::Clock::default()).unwrap();
            let on = |backend| step.measure_with_on(backend, &Default::default(), params, grads, state).unwrap();
            for backend in Backend::ALL.into_iter().filter(|backend| backend.is_supported()) {
                assert_eq!(on(backend), on(Backend::Scalar), "{} on {backend}, {n} elements", O::NAME);
            }
        }
    }
}

#[test]
fn backends_agree() {
    every(&Backends);
}

struct Faults;

impl Check for Faults {
    fn check<O: WholeOptimizer<S, K>, const S: usize, const K: usize>(&self) {
        let step = O::DEFAULT.tick(&mut O::Clock::default()).unwrap();
        let (mut params, mut memory) = ([1.0; 4], Default::default());
        let mut state = [(); S].map(|()| vec![2.0; 4]);
        let short = step.apply_with(&mut memory, &mut params, &[1.0; 3], slices(&mut state));
        assert_eq!(short, Err(Error::Length { slice: Slice::Grads, expected: 4, found: 3 }));
        let list = &mut [Tensor::new(&mut params, &[1.0; 5], &mut state)];
        let long = step.apply_all_with(&mut memory, list);
        assert_eq!(long, Err(Error::TensorLength { tensor: 0, slice: Slice::Grads, expected: 4, found: 5 }));
        if S > 0 {
            let mut shorter = state.clone();
            shorter[S - 1].pop();
            let short = step.apply_with(&mut memory, &mut params, &[1.0; 4], slices(&mut shorter));
            assert_eq!(short, Err(Error::Length { slice: Slice::State(S - 1), expected: 4, found: 3 }));
            let init = O::DEFAULT.init(&params, slices(&mut shorter));
            assert_eq!(init, Err(Error::Length { slice: Slice::State(S - 1), expected: 4, found: 3 }));
        }
        let bad = step.scale_grads(f64::NAN).apply_with(&mut memory, &mut params, &[1.0; 4], slices(&mut state));
        assert!(matches!(bad, Err(Error::HyperParameter { name: "scale_grads", .. })));
        assert!(memory == Default::default() && params == [1.0; 4] && state.iter().flatten().all(|x| *x == 2.0));

        // Every number of every field that is out of its range, by name.
        for field in O::FIELDS {
            let Kind::Number(range) = field.kind else { continue };
            for value in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1.0, 1e300] {
                let mut optimizer = O::DEFAULT;
                (field.set)(&mut optimizer, Value::Number(value)).unwrap();
                let mut clock = O::Clock::default();
                match optimizer.tick(&mut clock) {
                    Ok(_) => assert!(range.contains(value), "{}: {} is {value}", O::NAME, field.name),
                    Err(Error::HyperParameter { name, .. }) => {
                        assert!(name == field.name && !range.contains(value), "{}: {} is {value}", O::NAME, field.name);
                        assert_eq!(clock, O::Clock::default());
                    }
                    Err(Error::Coefficient { .. }) => {}
                    Err(other) => panic!("{}: {} is {value}: {other}", O::NAME, field.name),
                }
            }
        }
    }
}

#[test]
fn errors_change_nothing() {
    every(&Faults);
}

/// A tensor without elements, and gradients of zeros, make no NaN.
struct Nothing;

impl Check for Nothing {
    fn check<O: WholeOptimizer<S, K>, const S: usize, const K: usize>(&self) {
        for (n, start) in [(0, 0.0), (5, 1.0), (5, 0.0)] {
            let (mut params, mut memory, mut clock) = (vec![start; n], Default::default(), O::Clock::default());
            let mut state = [(); S].map(|()| vec![0.0; n]);
            O::DEFAULT.init(&params, slices(&mut state)).unwrap();
            for _ in 0..3 {
                let step = O::DEFAULT.tick(&mut clock).unwrap();
                step.apply_with(&mut memory, &mut params, &vec![0.0; n], slices(&mut state)).unwrap();
            }
            assert!(params.iter().all(|p| p.is_finite()), "{}: {params:?}", O::NAME);
        }
    }
}

#[test]
fn nothing_to_do_makes_no_nan() {
    every(&Nothing);
}
