//! Lists of tensors: the bits of one call for each, on any number of threads, and all or nothing on an error.

use gradstep::any::{AnyOptimizer, AnyTensor};
use gradstep::rule::ClipByValue;
use gradstep::*;
use gradstep_testkit::values::Source;

/// Parameters, gradients and two slots of tensors.
#[derive(Clone, Debug)]
struct Memory(Vec<[Vec<f32>; 4]>);

impl Memory {
    fn new(lengths: &[usize]) -> Self {
        let mut source = Source::new(131);
        Memory(lengths.iter().map(|&len| [(); 4].map(|()| source.many(len, Source::plain))).collect())
    }

    fn tensors(&mut self) -> Vec<Tensor<'_, 2>> {
        fn tensor([p, g, m, v]: &mut [Vec<f32>; 4]) -> Tensor<'_, 2> {
            let shape = Shape::vector(p.len());
            Tensor { params: p, grads: &g[..], state: [m, v], shape }
        }
        self.0.iter_mut().map(tensor).collect()
    }

    fn bits(&self) -> Vec<u32> {
        self.0.iter().flatten().flatten().map(|x| x.to_bits()).collect()
    }
}

/// Nothing, small tensors, one that is cut, and so many elements that a caller outside the pool shares them out.
const LISTS: [&[usize]; 6] =
    [&[], &[0], &[1, 0, 67, 3], &[64; 300], &[3, 200_000, 5, 40_000], &[300_000, 7, 400_000, 9, 11]];

#[test]
fn a_list_is_a_call_for_each() {
    let step = Adam::DEFAULT.tick(&mut 0).unwrap().clip_by_value(0.5);
    for lengths in LISTS {
        let start = Memory::new(lengths);
        let mut each = start.clone();
        for Tensor { params, grads, state, .. } in each.tensors() {
            step.apply(params, grads, state).unwrap();
        }
        let mut all = start.clone();
        step.apply_all(&mut all.tensors()).unwrap();
        assert!(all.bits() == each.bits(), "{lengths:?}");

        let mut outside = start.clone();
        step.par_apply_all(&mut outside.tensors()).unwrap();
        assert!(outside.bits() == each.bits(), "{lengths:?}");
        for threads in [1, 2, 3, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut inside = start.clone();
            pool.install(|| step.par_apply_all(&mut inside.tensors())).unwrap();
            assert!(inside.bits() == each.bits(), "{threads} threads, {lengths:?}");
        }
    }
}

#[test]
fn an_optimizer_by_name_takes_lists_of_vectors() {
    let (named, mut clock) = (AnyOptimizer::from_name("adam").unwrap(), 0);
    let any = named.tick(&mut named.clock()).unwrap().scale_grads(0.5).with(Some(ClipByValue::new(0.2)));
    let typed = Adam::DEFAULT.tick(&mut clock).unwrap().scale_grads(0.5).clip_by_value(0.2);
    for lengths in LISTS {
        let start = Memory::new(lengths);
        let mut expected = start.clone();
        typed.apply_all(&mut expected.tensors()).unwrap();
        for parallel in [false, true] {
            let mut found = start.clone();
            let mut list: Vec<_> = found.0.iter_mut().map(|[p, g, state @ ..]| AnyTensor::new(p, g, state)).collect();
            if parallel { any.par_apply_all(&mut list) } else { any.apply_all(&mut list) }.unwrap();
            assert!(found.bits() == expected.bits(), "{lengths:?}");
        }
    }
}

#[test]
fn an_error_names_the_tensor_and_changes_none() {
    let step = Adam::DEFAULT.tick(&mut 0).unwrap();
    let any = AnyOptimizer::from(Adam::DEFAULT);
    let any = any.tick(&mut any.clock()).unwrap();
    let start = Memory::new(&[5, 6, 7]);
    for (cut, slice) in [(1, Slice::Grads), (2, Slice::State(0)), (3, Slice::State(1))] {
        let expected = Error::TensorLength { tensor: 1, slice, expected: 6, found: 4 };
        let mut memory = start.clone();
        memory.0[1][cut].truncate(4);
        let before = memory.bits();
        assert_eq!(step.apply_all(&mut memory.tensors()), Err(expected));
        assert_eq!(step.par_apply_all(&mut memory.tensors()), Err(expected));
        type Apply<'a> = &'a dyn Fn(&mut [AnyTensor<Vec<f32>>]) -> Result<(), Error>;
        let list = |memory: &mut Memory, run: Apply| {
            run(&mut memory.0.iter_mut().map(|[p, g, state @ ..]| AnyTensor::new(p, g, state)).collect::<Vec<_>>())
        };
        assert_eq!(list(&mut memory, &|list| any.apply_all(list).map(drop)), Err(expected));
        assert_eq!(list(&mut memory, &|list| any.par_apply_all(list).map(drop)), Err(expected));
        assert_eq!(memory.bits(), before);
    }
    let mut memory = start.clone();
    let refused = step.clip_by_value(-1.0).apply_all(&mut memory.tensors());
    assert!(matches!(refused, Err(Error::HyperParameter { name: "clip_by_value", .. })));
    let mut list: Vec<_> =
        memory.0.iter_mut().map(|[p, g, state @ ..]| AnyTensor::new(p, g, &mut state[..1])).collect();
    assert_eq!(any.apply_all(&mut list).err(), Some(Error::SlotCount { expected: 2, found: 1 }));
    assert_eq!(memory.bits(), start.bits());
}

#[test]
fn cuts_of_all_slices_give_the_same_bits() {
    let step = Adam::DEFAULT.tick(&mut 0).unwrap();
    let start = Memory::new(&[67]);
    let mut whole = start.clone();
    step.apply_all(&mut whole.tensors()).unwrap();
    for len in [0, 1, 8, 66, 67, 100] {
        let mut cut = start.clone();
        let chunks: Vec<_> = cut.tensors().remove(0).chunks(len).collect();
        assert_eq!(chunks.len(), 67_usize.div_ceil(len.max(1)));
        chunks.into_iter().for_each(|chunk| step.apply_all(&mut [chunk]).unwrap());
        assert_eq!(cut.bits(), whole.bits());

        let mut taken = start.clone();
        let mut rest = taken.tensors().remove(0);
        let first = rest.take(len);
        assert_eq!((first.params.len(), rest.params.len()), (len.min(67), 67 - len.min(67)));
        step.apply_all(&mut [first, rest]).unwrap();
        assert_eq!(taken.bits(), whole.bits());
    }
    // What is missing shows in the first piece.
    let mut memory = start.clone();
    memory.0[0][3].truncate(3);
    let found = memory.tensors().remove(0).chunks(8).map(|chunk| step.apply_all(&mut [chunk])).find(Result::is_err);
    assert_eq!(found, Some(Err(Error::TensorLength { tensor: 0, slice: Slice::State(1), expected: 8, found: 3 })));
}

#[test]
fn state_comes_as_arrays_vectors_or_slices() {
    let step = Momentum::DEFAULT.tick(&mut 0).unwrap();
    let (mut params, grads, mut array, mut vector) = ([1.0_f32; 3], [1.0; 3], [[0.0; 3]], [vec![0.0; 3]]);
    step.apply_all(&mut [Tensor::new(&mut params, &grads, &mut array)]).unwrap();
    step.apply_all(&mut [Tensor::new(&mut params, &grads, &mut vector)]).unwrap();
    step.apply_all(&mut [Tensor::new(&mut params, &grads, &mut [&mut vector[0][..]])]).unwrap();
    assert_eq!((array[0], vector[0][0]), ([1.0; 3], 1.9));
}
