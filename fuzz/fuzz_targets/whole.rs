//! Any optimizer that looks at more than an element, any hyper-parameters, clock, numbers, shapes and cuts: every backend gives the
//! same bits, pieces give what the whole gives, and a call that is refused changes nothing.
#![no_main]

use arbitrary::Arbitrary;
use gradstep::clip::ClipNorm;
use gradstep::optim::{Kind, Value};
use gradstep::rule::{Adapter, Rule, Scope, Unadapted};
use gradstep::sum::{BLOCK, Sum, Sums};
use gradstep::*;
use gradstep_testkit::{assert_same_bits, backends};
use libfuzzer_sys::fuzz_target;
use std::fmt::Debug;
use std::ops::Range;

#[derive(Arbitrary, Debug)]
struct Input {
    optimizer: u8,
    /// Fields that are set to something else than their defaults.
    fields: Vec<(u8, f64)>,
    clock: Option<(u64, [f64; 3])>,
    /// Repeated to the length.
    params: Vec<f32>,
    grads: Vec<f32>,
    /// Bits for the state that replace what `init` fills in.
    state: Option<Vec<f32>>,
    /// Of a matrix, and of a vector.
    lens: [u16; 2],
    row_len: u8,
    block_len: u8,
    loss: Option<f64>,
    factor: f64,
    max_norm: Option<f64>,
    cut: u8,
    wrong_length: u8,
}

fn repeated(values: &[f32], len: usize) -> Vec<f32> {
    values.iter().chain(&[0.5]).copied().cycle().take(len).collect()
}

/// A tensor with its gradients and its state.
#[derive(Clone)]
struct Owned<const S: usize> {
    shape: Shape,
    params: Vec<f32>,
    grads: Vec<f32>,
    state: [Vec<f32>; S],
}

impl<const S: usize> Owned<S> {
    fn tensor(&mut self) -> Tensor<'_, S> {
        let shape = self.shape;
        Tensor { shape, ..Tensor::new(&mut self.params, &self.grads, &mut self.state) }
    }

    /// What each slot has for a range of elements.
    fn numbers(&self, extents: &[Extent; S], range: &Range<usize>) -> [Range<usize>; S] {
        extents.map(|extent| {
            // A unit, or the first of several that a wider pass does not read the slot of.
            let unit_of = |len: usize| range.start / len.max(1)..range.start / len.max(1) + 1;
            match extent {
                Extent::Element => range.clone(),
                Extent::Row => unit_of(self.shape.row_len),
                Extent::Block => unit_of(self.shape.block_len),
                _ => 0..1,
            }
        })
    }

    fn state(&self, extents: &[Extent; S], range: &Range<usize>) -> [&[f32]; S] {
        let mut ranges = self.numbers(extents, range).into_iter();
        self.state.each_ref().map(|slot| &slot[ranges.next().unwrap()])
    }

    fn state_mut(&mut self, extents: &[Extent; S], range: &Range<usize>) -> [&mut [f32]; S] {
        let mut ranges = self.numbers(extents, range).into_iter();
        self.state.each_mut().map(|slot| &mut slot[ranges.next().unwrap()])
    }
}

fn assert_same<const S: usize>(found: &[Owned<S>], expected: &[Owned<S>], what: &str) {
    for (tensor, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_same_bits(&found.params, &expected.params, |i| format!("{what}, tensor {tensor}, element {i}"));
        for (slot, (found, expected)) in found.state.iter().zip(&expected.state).enumerate() {
            assert_same_bits(found, expected, |i| format!("{what}, tensor {tensor}, slot {slot}, number {i}"));
        }
    }
}

fn list<const S: usize>(model: &mut [Owned<S>]) -> Vec<Tensor<'_, S>> {
    model.iter_mut().map(Owned::tensor).collect()
}

/// Where pieces of a range are cut: at a multiple of the block, counted from its start.
fn pieces(range: &Range<usize>, cut: u8) -> [Range<usize>; 2] {
    let at = range.start + (usize::from(cut) * BLOCK).min(range.len() / BLOCK * BLOCK);
    [at..range.end, range.start..at]
}

/// The sums of a pass over a range, from its last piece to the first.
fn measured<U: Rule<S>, A: Adapter, C: optim::Carried, const S: usize>(
    step: &Step<U, A, C>,
    tensor: &Owned<S>,
    range: &Range<usize>,
    cut: u8,
) -> Sums {
    let mut total = Sums::ZERO;
    for piece in pieces(range, cut).into_iter().filter(|piece| !piece.is_empty()) {
        let state = tensor.state(&U::EXTENTS, &piece);
        let Sums(sums) = step.measure(&tensor.params[piece.clone()], &tensor.grads[piece], state).unwrap();
        total += Sums(sums.map(|sum| Sum::from_bytes(&sum.to_bytes())));
    }
    total
}

/// The passes of an engine within a tensor, from those over a range on, and the update in pieces.
fn finish<U: Rule<S>, A: Adapter, C: optim::Carried, const S: usize>(
    step: &Step<U, A, C>,
    tensor: &mut Owned<S>,
    range: Range<usize>,
    cut: u8,
) {
    let unit_len = match step.scope() {
        None => {
            let at = range.start + usize::from(cut) % (range.len() + 1);
            for piece in [range.start..at, at..range.end].into_iter().filter(|piece| !piece.is_empty()) {
                let (mut params, grads) = (tensor.params[piece.clone()].to_vec(), tensor.grads[piece.clone()].to_vec());
                step.apply(&mut params, &grads, tensor.state_mut(&U::EXTENTS, &piece)).unwrap();
                tensor.params[piece].copy_from_slice(&params);
            }
            return;
        }
        Some(Scope::Row) => tensor.shape.row_len,
        Some(Scope::Block) => tensor.shape.block_len,
        Some(_) => range.len(),
    };
    let (mut gathering, shape) = (*step, tensor.shape);
    for at in range.clone().step_by(unit_len.max(1)) {
        let unit = at..range.end.min(at + unit_len);
        let sums = measured(step, tensor, &unit, cut);
        if step.gathers() {
            gathering = gathering.update(&sums, &shape, tensor.state_mut(&U::EXTENTS, &unit)).unwrap();
        } else {
            let step = step.update(&sums, &shape, tensor.state_mut(&U::EXTENTS, &unit)).unwrap();
            finish(&step, tensor, unit, cut);
        }
    }
    if step.gathers() {
        finish(&gathering.gathered(), tensor, range, cut);
    }
}

/// A whole step of an engine.
fn in_pieces<U: Rule<S>, A: Adapter, C: optim::Carried, const S: usize>(
    mut step: Step<U, A, C>,
    model: &mut [Owned<S>],
    cut: u8,
) -> Result<C::Applied, Error> {
    while step.scope() == Some(Scope::All) {
        let sums = model.iter().rev().map(|tensor| measured(&step, tensor, &(0..tensor.params.len()), cut)).sum();
        step = step.update(&sums, &Shape::vector(0), [(); S].map(|()| &mut [][..]))?;
    }
    for tensor in model.iter_mut() {
        let len = tensor.params.len();
        finish(&step, tensor, 0..len, cut);
    }
    step.applied()
}

/// A step on every backend and in pieces, of models that hold the same.
fn agree<O: Optimizer<S>, A: Adapter, const S: usize>(
    step: Step<O::Rule, A, O::Clock>,
    model: &mut [Owned<S>],
    clock: &mut O::Clock,
    input: &Input,
) -> Result<(), Error> {
    let start = model.to_vec();
    let refused = step.apply_all_on(Backend::Scalar, &mut list(model));
    let Ok(applied) = refused else {
        assert_same(model, &start, "refused");
        let mut pieces = start.clone();
        // Errors of shapes are those of lists alone.
        if let Err(error @ (Error::NotFinite { .. } | Error::NotFiniteElement { .. })) = refused {
            assert!(matches!(in_pieces(step, &mut pieces, input.cut), Err(Error::NotFinite { .. })), "{error}");
            assert_same(&pieces, &start, "refused in pieces");
        }
        return refused.map(drop);
    };
    for backend in backends() {
        let mut found = start.clone();
        let on_backend = step.apply_all_on(backend, &mut list(&mut found)).unwrap();
        assert_same_text(&on_backend, &applied);
        assert_same(&found, model, &format!("{} on {backend}", O::NAME));
    }
    let mut found = start.clone();
    let of_pieces = in_pieces(step, &mut found, input.cut).unwrap();
    assert_same_text(&of_pieces, &applied);
    assert_same(&found, model, &format!("{} in pieces", O::NAME));
    // A clock that is two steps on takes none of it.
    let mut ahead = *clock;
    *ahead.step() = ahead.step().wrapping_add(2);
    let before = ahead;
    assert!(matches!(applied.commit(&mut ahead), Err(Error::Stale { .. })));
    assert_same_text(&ahead, &before);
    applied.commit(clock)
}

/// Clocks can hold NaN, which does not equal itself.
fn assert_same_text(found: &impl Debug, expected: &impl Debug) {
    assert_eq!(format!("{found:?}"), format!("{expected:?}"));
}

/// One slice of another length: an error that names it.
fn refuse_length<O: Optimizer<S>, const S: usize>(
    step: &Step<O::Rule, Unadapted, O::Clock>,
    model: &[Owned<S>],
    wrong: usize,
) {
    let (mut model, last) = (model.to_vec(), model.len() - 1);
    let expected = model[last].params.len();
    if wrong == expected {
        return;
    }
    model[last].grads = vec![1.0; wrong];
    let start = model.clone();
    let refused = step.apply_all(&mut list(&mut model));
    let length = Error::TensorLength { tensor: last, slice: Slice::Grads, expected, found: wrong };
    assert_eq!(refused.err(), Some(length));
    assert_same(&model, &start, "a wrong length");
}

/// Hyper-parameters with some fields set.
fn optimizer<O: Optimizer<S>, const S: usize>(fields: &[(u8, f64)]) -> O {
    let mut optimizer = O::DEFAULT;
    for &(field, number) in fields {
        let field = &O::FIELDS[usize::from(field) % O::FIELDS.len()];
        let value = match field.kind {
            Kind::Number(_) => Value::Number(number),
            Kind::Choice(names) => Value::Choice(names[number.to_bits() as usize % names.len()]),
            Kind::Count => Value::Count(number.to_bits()),
            _ => Value::Flag(number > 0.0),
        };
        (field.set)(&mut optimizer, value).unwrap();
    }
    optimizer
}

fn test<O: Optimizer<S>, const S: usize>(input: &Input) {
    let optimizer: O = optimizer(&input.fields);
    let [matrix, vector] = input.lens.map(|len| usize::from(len) % 3000);
    let matrix = Shape::vector(matrix).rows(input.row_len.into()).blocks(input.block_len.into());
    let mut model = [matrix, Shape::vector(vector)].map(|shape| Owned {
        shape,
        params: repeated(&input.params, shape.len),
        grads: repeated(&input.grads, shape.len),
        state: O::SLOTS.map(|slot| vec![0.0; slot.extent.len(&shape)]),
    });
    for Owned { shape, params, state, .. } in &mut model {
        let slots = state.each_mut().map(|slot| &mut slot[..]);
        if let Err(error) = optimizer.init_shaped(shape, params, slots) {
            assert!(matches!(error, Error::HyperParameter { .. } | Error::Coefficient { .. }), "{error}");
            assert!(state.iter().flatten().all(|number| *number == 0.0));
        }
        if let Some(values) = &input.state {
            state.iter_mut().for_each(|slot| *slot = repeated(values, slot.len()));
        }
    }
    let mut clock = input.clock.map_or(O::Clock::START, |(step, values)| O::Clock::load(&ClockData { step, values }));
    for t in 0..3 {
        let step = match optimizer.begin(&clock) {
            Ok(step) => step,
            Err(error) => {
                let is_default = input.fields.is_empty() && input.clock.is_none() && t == 0;
                let of_a_value =
                    matches!(error, Error::HyperParameter { .. } | Error::Coefficient { .. } | Error::Clock { .. });
                assert!(!is_default && (of_a_value || error == Error::ClockOverflow), "{error}: {optimizer:?}");
                return;
            }
        };
        let step = input.loss.map_or(step, |loss| step.loss(loss));
        let needs_loss = <O::Rule as Rule<S>>::PASSES.need_loss() && input.loss.is_none();
        let shapes_fit = match step.apply_all(&mut list(&mut model.clone())) {
            Err(Error::Missing { name: "loss" }) => {
                assert!(needs_loss);
                return;
            }
            Err(Error::NotFinite { name: "loss", .. }) => {
                assert!(input.loss.is_some_and(|loss| !loss.is_finite()));
                return;
            }
            other => !matches!(other, Err(Error::RowLength { .. } | Error::BlockLength)),
        };
        assert!(!needs_loss);
        if shapes_fit {
            refuse_length::<O, S>(&step, &model, input.wrong_length.into());
        }
        let scaled = step.scale_grads(input.factor);
        let done = match input.max_norm.map(ClipNorm::optax) {
            Some(Ok(clip)) => agree::<O, _, S>(scaled.clip_norm(clip), &mut model, &mut clock, input),
            _ => agree::<O, _, S>(scaled, &mut model, &mut clock, input),
        };
        match done {
            Ok(()) => {}
            Err(Error::NotFinite { .. } | Error::NotFiniteElement { .. }) => {
                let looks_at_all = <O::Rule as Rule<S>>::PASSES.scope(0) == Some(Scope::All);
                assert!(input.max_norm.is_some() || looks_at_all);
            }
            Err(Error::HyperParameter { name, .. } | Error::Coefficient { name, .. }) => {
                assert_eq!(name, "scale_grads")
            }
            Err(Error::RowLength { .. } | Error::BlockLength) => assert!(!shapes_fit),
            Err(error) => panic!("{error}: {optimizer:?}"),
        }
    }
}

macro_rules! tests {
    ($($Optimizer:ident: $slots:literal,)*) => {
        [$((!<<$Optimizer as Optimizer<$slots>>::Rule as Rule<$slots>>::PASSES.is_empty())
            .then_some(test::<$Optimizer, $slots> as fn(&Input))),*]
    };
}

fuzz_target!(|input: Input| {
    let tests: Vec<fn(&Input)> = for_each_optimizer!(tests).into_iter().flatten().collect();
    tests[usize::from(input.optimizer) % tests.len()](&input);
});
