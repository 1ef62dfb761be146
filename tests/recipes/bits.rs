//! Optimizers that look at more than an element: the same bits for every backend, cut, order of pieces and number of threads, and
//! errors that change nothing.

use gradstep::any::AnyOptimizer;
use gradstep::optim::{Kind, Value};
use gradstep::rule::{Chain, ScaleGrads, Scope, Unadapted};
use gradstep::sum::{BLOCK, Sums};
use gradstep::*;
use gradstep_testkit::assert_same_bits;
use gradstep_testkit::values::Source;

/// A loss for those that need one.
const LOSS: f64 = 2.5;

/// A check of an optimizer.
trait Check {
    fn check<O: Optimizer<S>, const S: usize>(&self);
}

/// Checks the default of every optimizer that looks at more than an element.
fn every(check: &impl Check) {
    macro_rules! each {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            if AnyOptimizer::from($Optimizer::DEFAULT).scope().is_some() {
                check.check::<$Optimizer, $slots>();
            }
        )*};
    }
    for_each_optimizer!(each);
}

/// A tensor with its state.
#[derive(Clone)]
struct Owned<const S: usize> {
    shape: Shape,
    params: Vec<f32>,
    state: [Vec<f32>; S],
}

impl<const S: usize> Owned<S> {
    fn new<O: Optimizer<S>>(shape: Shape, params: Vec<f32>) -> Self {
        let mut state = O::SLOTS.map(|slot| vec![f32::NAN; slot.extent.len(&shape)]);
        O::DEFAULT.init_shaped(&shape, &params, state.each_mut().map(|slot| &mut slot[..])).unwrap();
        Owned { shape, params, state }
    }

    fn tensor<'a>(&'a mut self, grads: &'a [f32]) -> Tensor<'a, S> {
        let shape = self.shape;
        Tensor { shape, ..Tensor::new(&mut self.params, grads, &mut self.state) }
    }

    fn assert_same_bits(&self, expected: &Self, what: impl Fn() -> String) {
        assert_same_bits(&self.params, &expected.params, |i| format!("{}, element {i}", what()));
        for (found, expected) in self.state.iter().zip(&expected.state) {
            assert_same_bits(found, expected, |i| format!("{}, state {i}", what()));
        }
    }
}

/// A model of a few tensors, and their gradients in a step.
fn model<O: Optimizer<S>, const S: usize>(source: &mut Source, lens: &[usize]) -> Vec<Owned<S>> {
    let of = |&len: &usize| Owned::new::<O>(Shape::vector(len), source.many(len, Source::plain));
    lens.iter().map(of).collect()
}

/// A step with its gradients scaled.
type Sharded<O, const S: usize> =
    Step<<O as Optimizer<S>>::Rule, Chain<Unadapted, ScaleGrads>, <O as Optimizer<S>>::Clock>;

/// What an engine does that shares out pieces of tensors: sums of pieces in any order, and updates of other pieces.
fn step_pieces<O: Optimizer<S>, const S: usize>(clock: &mut O::Clock, model: &mut [Owned<S>], grads: &[Vec<f32>]) {
    let mut step = O::DEFAULT.begin(clock).unwrap().scale_grads(0.7).loss(LOSS);
    // A piece of each slot of elements, and all of the other slots.
    let piece_of = |slot: usize, piece: &std::ops::Range<usize>, len: usize| match O::SLOTS[slot].extent {
        Extent::Element => piece.clone(),
        _ => 0..len,
    };
    let sums_of = |step: &Sharded<O, S>, tensor: &Owned<S>, grads: &[f32]| {
        let mut sums = Sums::ZERO;
        let n = tensor.params.len();
        for at in (0..n).step_by(BLOCK).rev() {
            let piece = at..n.min(at + BLOCK);
            let state =
                std::array::from_fn(|slot| &tensor.state[slot][piece_of(slot, &piece, tensor.state[slot].len())]);
            sums += step.measure(&tensor.params[piece.clone()], &grads[piece], state).unwrap();
        }
        sums
    };
    while step.scope() == Some(Scope::All) {
        let sums = model.iter().zip(grads).map(|(tensor, grads)| sums_of(&step, tensor, grads)).sum();
        step = step.update(&sums, &Shape::vector(0), std::array::from_fn(|_| &mut [][..])).unwrap();
    }
    for (tensor, grads) in model.iter_mut().zip(grads) {
        let mut step = step;
        while step.scope().is_some() {
            let sums = sums_of(&step, tensor, grads);
            // The tensor is one row.
            step = step
                .update(&sums, &tensor.shape, tensor.state.each_mut().map(|slot| &mut slot[..]))
                .unwrap()
                .gathered();
        }
        let n = tensor.params.len();
        for at in (0..n).step_by(61) {
            let piece = at..n.min(at + 61);
            let mut slot = 0..;
            let state = tensor.state.each_mut().map(|values| {
                let len = values.len();
                &mut values[piece_of(slot.next().unwrap(), &piece, len)]
            });
            step.apply(&mut tensor.params[piece.clone()], &grads[piece], state).unwrap();
        }
    }
    step.applied().unwrap().commit(clock).unwrap();
}

struct Cuts;

impl Check for Cuts {
    fn check<O: Optimizer<S>, const S: usize>(&self) {
        let mut source = Source::new(331);
        let lens = [1, 40, BLOCK, 3 * BLOCK + 77];
        let mut whole = model::<O, S>(&mut source, &lens);
        let mut cut = whole.clone();
        let (mut clock, mut cut_clock) = (O::Clock::default(), O::Clock::default());
        for _ in 0..4 {
            let grads: Vec<_> = lens.iter().map(|len| source.many(*len, Source::plain)).collect();
            let step = O::DEFAULT.begin(&clock).unwrap().scale_grads(0.7).loss(LOSS);
            let mut list: Vec<_> = whole.iter_mut().zip(&grads).map(|(t, grads)| t.tensor(grads)).collect();
            step.apply_all(&mut list).unwrap().commit(&mut clock).unwrap();
            step_pieces::<O, S>(&mut cut_clock, &mut cut, &grads);
            assert_eq!(cut_clock, clock, "{}", O::NAME);
        }
        cut.iter().zip(&whole).for_each(|(cut, whole)| cut.assert_same_bits(whole, || O::NAME.into()));
    }
}

#[test]
fn cuts_do_not_matter() {
    every(&Cuts);
}

struct Threads;

impl Check for Threads {
    fn check<O: Optimizer<S>, const S: usize>(&self) {
        let mut source = Source::new(332);
        let shapes =
            [Shape::vector(100_000).rows(125).blocks(777), Shape::vector(70), Shape::vector(33_000).rows(33_000)];
        let start: Vec<_> =
            shapes.iter().map(|shape| Owned::new::<O>(*shape, source.many(shape.len, Source::plain))).collect();
        let grads: Vec<_> = shapes.iter().map(|shape| source.many(shape.len, Source::plain)).collect();
        let run = |is_parallel: bool| {
            let (mut model, mut clock) = (start.clone(), O::Clock::default());
            for _ in 0..2 {
                let step = O::DEFAULT.begin(&clock).unwrap().loss(LOSS);
                let mut list: Vec<_> = model.iter_mut().zip(&grads).map(|(t, grads)| t.tensor(grads)).collect();
                let applied = if is_parallel { step.par_apply_all(&mut list) } else { step.apply_all(&mut list) };
                applied.unwrap().commit(&mut clock).unwrap();
            }
            (model, clock)
        };
        let (expected, clock) = run(false);
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (found, found_clock) = pool.install(|| run(true));
            found
                .iter()
                .zip(&expected)
                .for_each(|(found, expected)| found.assert_same_bits(expected, || O::NAME.into()));
            assert_eq!(found_clock, clock, "{}", O::NAME);
        }
    }
}

#[test]
fn threads_do_not_matter() {
    every(&Threads);
}

struct Backends;

impl Check for Backends {
    fn check<O: Optimizer<S>, const S: usize>(&self) {
        let mut source = Source::new(333);
        // Numbers that are not finite are an error where a step looks at all tensors.
        let refuses = <O::Rule as gradstep::rule::Rule<S>>::PASSES.scope(0) == Some(Scope::All);
        let draw = |source: &mut Source| match Source::mixed(source) {
            x if refuses && !x.is_finite() => 1.0,
            x => x,
        };
        for n in (0..=67).chain([1000, 1057]) {
            let shape = Shape::vector(n).rows(if n % 5 == 0 { n / 5 } else { n }).blocks(19);
            let start = Owned::<S> {
                shape,
                params: source.many(n, draw),
                state: O::SLOTS.map(|slot| source.many(slot.extent.len(&shape), draw)),
            };
            let grads = source.many(n, draw);
            let step = O::DEFAULT.begin(&O::Clock::default()).unwrap().loss(LOSS);
            let on = |backend| {
                let mut found = start.clone();
                // A term beyond f32 is an error too.
                let refused = step.apply_all_on(backend, &mut [found.tensor(&grads)]).err();
                (found, refused)
            };
            let (expected, refused) = on(Backend::Scalar);
            for backend in Backend::ALL.into_iter().filter(|backend| backend.is_supported()) {
                let (found, found_refused) = on(backend);
                found.assert_same_bits(&expected, || format!("{} on {backend}, {n} elements", O::NAME));
                assert_eq!(
                    format!("{found_refused:?}"),
                    format!("{refused:?}"),
                    "{} on {backend}, {n} elements",
                    O::NAME
                );
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
    fn check<O: Optimizer<S>, const S: usize>(&self) {
        let step = O::DEFAULT.begin(&O::Clock::default()).unwrap().loss(LOSS);
        let start = Owned::<S> {
            shape: Shape::vector(4),
            params: vec![1.0; 4],
            state: O::SLOTS.map(|slot| vec![2.0; slot.extent.len(&Shape::vector(4))]),
        };
        let mut tensor = start.clone();
        let short = step.apply(&mut tensor.params, &[1.0; 3], slices(&mut tensor.state));
        assert_eq!(short.err(), Some(Error::Length { slice: Slice::Grads, expected: 4, found: 3 }));
        let long = step.apply_all(&mut [tensor.tensor(&[1.0; 5])]);
        assert_eq!(long.err(), Some(Error::TensorLength { tensor: 0, slice: Slice::Grads, expected: 4, found: 5 }));
        if S > 0 {
            let (slot, extent) = (S - 1, O::SLOTS[S - 1].extent);
            let expected = extent.len(&start.shape);
            let slice = if extent == Extent::Element { Slice::State(slot) } else { Slice::Numbers { slot, extent } };
            let mut longer = start.state.clone();
            longer[slot].push(2.0);
            let error = Some(Error::Length { slice, expected, found: expected + 1 });
            assert_eq!(step.apply(&mut tensor.params, &[1.0; 4], slices(&mut longer)).err(), error);
            assert_eq!(O::DEFAULT.init(&tensor.params, slices(&mut longer)).err(), error);
        }
        let bad = step.scale_grads(f64::NAN).apply(&mut tensor.params, &[1.0; 4], slices(&mut tensor.state));
        assert!(matches!(bad, Err(Error::HyperParameter { name: "scale_grads", .. })));
        assert!(tensor.params == start.params && tensor.state == start.state);
    }
}

fn slices<const S: usize>(state: &mut [Vec<f32>; S]) -> [&mut [f32]; S] {
    state.each_mut().map(|slot| &mut slot[..])
}

#[test]
fn errors_change_nothing() {
    every(&Faults);
}

/// A tensor without elements, and gradients of zeros, make no NaN.
struct Nothing;

impl Check for Nothing {
    fn check<O: Optimizer<S>, const S: usize>(&self) {
        for (n, start) in [(0, 0.0), (5, 1.0), (5, 0.0)] {
            let (mut tensor, mut clock) = (Owned::<S>::new::<O>(Shape::vector(n), vec![start; n]), O::Clock::default());
            for _ in 0..3 {
                let step = O::DEFAULT.begin(&clock).unwrap().loss(LOSS);
                step.apply_all(&mut [tensor.tensor(&vec![0.0; n])]).unwrap().commit(&mut clock).unwrap();
            }
            assert!(tensor.params.iter().all(|p| p.is_finite()), "{}: {:?}", O::NAME, tensor.params);
        }
    }
}

#[test]
fn nothing_to_do_makes_no_nan() {
    every(&Nothing);
}

/// Every number of every field that is out of its range, by name.
struct Fields;

impl Check for Fields {
    fn check<O: Optimizer<S>, const S: usize>(&self) {
        for field in O::FIELDS {
            let Kind::Number(range) = field.kind else { continue };
            for value in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1.0, 1e300] {
                let mut optimizer = O::DEFAULT;
                (field.set)(&mut optimizer, Value::Number(value)).unwrap();
                match optimizer.begin(&O::Clock::default()) {
                    Ok(_) => assert!(range.contains(value), "{}: {} is {value}", O::NAME, field.name),
                    Err(Error::HyperParameter { name, .. }) => {
                        assert!(name == field.name && !range.contains(value), "{}: {} is {value}", O::NAME, field.name);
                    }
                    Err(Error::Coefficient { .. }) => {}
                    Err(other) => panic!("{}: {} is {value}: {other}", O::NAME, field.name),
                }
            }
        }
    }
}

#[test]
fn fields_out_of_range() {
    every(&Fields);
}
