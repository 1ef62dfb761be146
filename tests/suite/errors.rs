//! A call that is refused changes nothing: not the parameters, not the state, not the clock.

use gradstep::{Backend, Error, Named, Range, Slice};
use gradstep_testkit::values::Source;
use gradstep_testkit::{Run, Tensor, backends, registry};

const N: usize = 19;

/// An optimizer in the middle of its steps, and gradients for one more.
fn midway(run: &Run) -> (Run, Tensor, Vec<f32>) {
    let mut source = Source::new(21);
    let mut run = run.restart();
    let mut tensor = Tensor::new(&run, &source.many(N, Source::plain));
    for _ in 0..3 {
        let step = run.tick(None).unwrap();
        tensor.apply_on(Backend::active(), &step, &source.many(N, Source::plain));
    }
    (run, tensor, source.many(N, Source::plain))
}

/// The slices of a call, the one at `wrong` with `length` elements: 0 for the gradients, then the slots.
fn slices<'a>(
    grads: &'a [f32],
    state: &'a mut [Vec<f32>],
    wrong: usize,
    length: usize,
) -> (&'a [f32], Vec<&'a mut [f32]>) {
    let len = |slice: usize| if slice == wrong { length } else { N };
    let slots = state.iter_mut().enumerate().map(|(slot, values)| &mut values[..len(1 + slot)]).collect();
    (&grads[..len(0)], slots)
}

#[test]
fn lengths() {
    for entry in registry() {
        let (mut run, tensor, grads) = midway(&entry.variants[0]);
        let step = run.tick(None).unwrap();
        let clock = run.clock;
        for wrong in 0..=tensor.state.len() {
            let slice = if wrong == 0 { Slice::Grads } else { Slice::State(wrong - 1) };
            for length in [0, 1, N - 1, N + 1, 2 * N] {
                let expected = Err(Error::Length { slice, expected: N, found: length });
                // Room enough for a slice that is too long.
                let doubled = |values: &Vec<f32>| values.iter().chain(values).copied().collect::<Vec<f32>>();
                let grads = doubled(&grads);
                let start: Vec<Vec<f32>> = tensor.state.iter().map(doubled).collect();
                for backend in backends() {
                    let (mut params, mut state) = (tensor.params.clone(), start.clone());
                    let (grads, slots) = slices(&grads, &mut state, wrong, length);
                    assert_eq!(step.apply_on(backend, &mut params, grads, slots), expected, "{}", run.hyper());
                    assert_eq!((&params, &state), (&tensor.params, &start), "{}", run.hyper());
                }
                if wrong > 0 {
                    let mut state = start.clone();
                    let (_, slots) = slices(&grads, &mut state, wrong, length);
                    assert_eq!(run.init(&tensor.params, slots), expected, "{}", run.hyper());
                    assert_eq!(state, start, "{}", run.hyper());
                }
                assert_eq!(run.clock, clock, "{}", run.hyper());
            }
        }
    }
}

#[test]
fn a_clock_at_its_end() {
    for entry in registry() {
        for variant in &entry.variants {
            let mut run = variant.restart();
            run.wind_to_last();
            let last = run.clock;
            assert_eq!(run.tick(None).err(), Some(Error::ClockOverflow), "{}", run.hyper());
            assert_eq!(run.clock, last, "{}", run.hyper());
        }
    }
}

#[test]
fn backends_that_are_not_supported() {
    for entry in registry() {
        let (mut run, tensor, grads) = midway(&entry.variants[0]);
        let step = run.tick(None).unwrap();
        for backend in Backend::ALL {
            let mut after = tensor.clone();
            let Tensor { params, state } = &mut after;
            let result = step.apply_on(backend, params, &grads, state.iter_mut().map(|slot| &mut slot[..]).collect());
            if backend.is_supported() {
                assert_eq!(result, Ok(()));
                assert_ne!(after.params, tensor.params, "{}", run.hyper());
            } else {
                assert_eq!(result, Err(Error::UnsupportedBackend(backend)));
                after.assert_same_bits(&tensor, |_| format!("{backend}, {}", run.hyper()));
            }
        }
    }
}

#[test]
fn scalar_and_portable_are_supported_everywhere() {
    assert!(Backend::Scalar.is_supported() && Backend::Portable.is_supported());
}

#[test]
fn empty_slices() {
    for entry in registry() {
        let mut run = entry.variants[0].restart();
        let mut tensor = Tensor::new(&run, &[]);
        for backend in backends() {
            let step = run.tick(None).unwrap();
            tensor.apply_on(backend, &step, &[]);
        }
    }
}

#[test]
fn messages() {
    let length = |slice| Error::Length { slice, expected: 3, found: 2 };
    let messages = [
        (length(Slice::Grads), "grads has 2 elements, expected 3"),
        (length(Slice::State(1)), "state slot 1 has 2 elements, expected 3"),
        (length(Slice::Average), "average has 2 elements, expected 3"),
        (
            Error::HyperParameter { name: "beta1", value: 1.0, range: Range::Fraction },
            "beta1 is 1, expected at least 0 and below 1",
        ),
        (
            Error::HyperParameter { name: "step_max", value: 0.5, range: Range::AtLeast(0.75) },
            "step_max is 0.5, expected a finite f32 of at least 0.75",
        ),
        (
            Error::Coefficient { name: "lr", value: 1e30, coefficient: 1e60 },
            "lr is 1000000000000000000000000000000, which makes a coefficient of \
             1000000000000000000000000000000000000000000000000000000000000, out of the range of f32",
        ),
        (
            Error::Clock { name: "mu_product", value: -3.0, range: Range::Share },
            "the clock's mu_product is -3, expected at least 0 and at most 1",
        ),
        (Error::ClockOverflow, "the clock is at its maximum"),
        (Error::UnsupportedBackend(Backend::Avx512), "backend avx512 is not supported here"),
        (
            Error::Unknown { what: Named::Field, known: &["lr", "beta1"] },
            "no field has this name; the names are lr, beta1",
        ),
        (Error::FieldType { name: "maximize", expected: "bool" }, "maximize is of type bool"),
        (Error::SlotCount { expected: 2, found: 1 }, "1 state slots, expected 2"),
    ];
    for (error, message) in messages {
        assert_eq!(error.to_string(), message);
    }
    let names: Vec<String> = Backend::ALL.iter().map(Backend::to_string).collect();
    assert_eq!(names, ["scalar", "portable", "avx2", "avx512"]);
}

#[test]
fn kinds_need_no_formatting() {
    assert_eq!(Error::ClockOverflow.kind(), "clock at its maximum");
    let length = Error::Length { slice: Slice::Grads, expected: 1, found: 2 };
    assert_eq!(length.kind(), "length of a slice");
}
