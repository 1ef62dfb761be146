//! Any optimizer, hyper-parameters, adapters, lengths, splits and bits: every backend gives the scalar one's bits, and
//! a call that is refused changes nothing.
#![no_main]

use arbitrary::Arbitrary;
use gradstep::{Backend, Error, Slice};
use gradstep_testkit::oracle::Dice;
use gradstep_testkit::{Adapters, Entry, Run, Step, Tensor, backends, registry};
use libfuzzer_sys::fuzz_target;
use std::cell::OnceCell;

/// Hyper-parameters from f64 of any bits are mostly refused; from shares they are valid.
#[derive(Arbitrary, Debug)]
enum Rolls {
    Shares([u8; 16]),
    Any([f64; 16]),
}

#[derive(Arbitrary, Debug)]
struct Grads {
    grads: Vec<f32>,
    cuts: [u8; 3],
}

#[derive(Arbitrary, Debug)]
struct Input {
    optimizer: u8,
    rolls: Rolls,
    /// Factor, limit and rate: any bits.
    adapters: Option<(f64, f64, f64, bool)>,
    params: Vec<f32>,
    /// Bits for the state that replace what `init` fills in.
    state: Option<Vec<f32>>,
    steps: Vec<Grads>,
    wrong_slice: u8,
    wrong_length: u8,
}

thread_local! {
    static REGISTRY: OnceCell<Vec<Entry>> = const { OnceCell::new() };
}

/// Whether an error names a hyper-parameter or an adapter's number.
fn is_of_a_value(error: &Error) -> bool {
    matches!(error, Error::HyperParameter { .. } | Error::Coefficient { .. })
}

/// The values, over and over, to a length.
fn repeated(values: &[f32], len: usize) -> Vec<f32> {
    values.iter().chain(&[0.5]).copied().cycle().take(len).collect()
}

/// A step with one slice of another length names it and writes nothing.
fn refuse_length(run: &Run, step: &Step, tensor: &Tensor, input: &Input) {
    let expected = tensor.params.len();
    let found = usize::from(input.wrong_length);
    let wrong = usize::from(input.wrong_slice) % (1 + tensor.state.len());
    if found == expected {
        return;
    }
    let mut after = tensor.clone();
    let mut grads = vec![1.0; expected];
    let slice = match wrong.checked_sub(1) {
        None => {
            grads.resize(found, 1.0);
            Slice::Grads
        }
        Some(slot) => {
            after.state[slot].resize(found, 0.25);
            Slice::State(slot)
        }
    };
    let before = after.clone();
    for backend in backends() {
        let Tensor { params, state } = &mut after;
        let slots = state.iter_mut().map(|slot| &mut slot[..]).collect();
        let result = step.apply_on(backend, params, &grads, slots);
        assert_eq!(result, Err(Error::Length { slice, expected, found }), "{}", run.hyper());
    }
    after.assert_same_bits(&before, |_| run.hyper());
}

/// A step on each backend, cut in pieces; all are what the scalar one gives in one piece.
fn agree(run: &Run, step: &Step, tensors: &mut [(Backend, Tensor)], grads: &[f32], cuts: &[u8]) {
    let n = grads.len();
    let mut cuts: Vec<usize> = cuts.iter().map(|&cut| usize::from(cut) % (n + 1)).chain([0, n]).collect();
    cuts.sort_unstable();
    let Some(((_, scalar), others)) = tensors.split_first_mut() else { return };
    let before = scalar.clone();
    let Tensor { params, state } = &mut *scalar;
    if let Err(error) =
        step.apply_on(Backend::Scalar, params, grads, state.iter_mut().map(|slot| &mut slot[..]).collect())
    {
        assert!(is_of_a_value(&error), "{error}");
        return scalar.assert_same_bits(&before, |_| run.hyper());
    }
    for (backend, tensor) in others {
        for cut in cuts.windows(2) {
            tensor.apply_range(*backend, step, grads, cut[0]..cut[1]);
        }
        tensor.assert_same_bits(scalar, |i| {
            format!("{backend}, cut at {cuts:?}: g {:e}, {}\n{}", grads[i], before.element(i), run.hyper())
        });
    }
}

fn test(entry: &Entry, input: &Input) {
    let valid = matches!(input.rolls, Rolls::Shares(_));
    let rolls = match input.rolls {
        Rolls::Shares(shares) => shares.map(|share| f64::from(share) / 256.0),
        Rolls::Any(rolls) => rolls,
    };
    let mut run = (entry.random)(&mut Dice::new(&rolls));
    let n = input.params.len();
    let mut state = vec![vec![7.0; n]; run.slots()];
    if let Err(error) = run.init(&input.params, state.iter_mut().map(|slot| &mut slot[..]).collect()) {
        assert!(!valid && is_of_a_value(&error), "{error}: {}", run.hyper());
        assert_eq!(state, vec![vec![7.0; n]; run.slots()], "{}", run.hyper());
    }
    if let Some(values) = &input.state {
        let values = repeated(values, n * run.slots());
        for (slot, values) in state.iter_mut().zip(values.chunks_exact(n.max(1))) {
            slot.copy_from_slice(values);
        }
    }
    let start = Tensor { params: input.params.clone(), state };
    let adapters = input.adapters.map(|(scale, clip, decay, maximize)| Adapters {
        scale,
        clip,
        decay,
        weight_decay: if maximize { 0.01 } else { 0.0 },
        maximize,
    });
    let mut tensors: Vec<(Backend, Tensor)> =
        [Backend::Scalar].into_iter().chain(backends()).map(|backend| (backend, start.clone())).collect();
    for grads in input.steps.iter().take(8) {
        let clock = run.clock;
        match run.tick(adapters.as_ref()) {
            Ok(step) => {
                refuse_length(&run, &step, &start, input);
                agree(&run, &step, &mut tensors, &repeated(&grads.grads, n), &grads.cuts);
            }
            Err(error) => {
                assert!(!valid && is_of_a_value(&error), "{error}: {}", run.hyper());
                assert_eq!(run.clock, clock, "{}", run.hyper());
                return;
            }
        }
    }
}

fuzz_target!(|input: Input| {
    REGISTRY.with(|entries| {
        let entries = entries.get_or_init(registry);
        test(&entries[usize::from(input.optimizer) % entries.len()], &input);
    });
});
