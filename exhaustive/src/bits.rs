//! Every backend against the scalar one.

use crate::patterns::{BLOCK, Patterns};
use crate::subjects::{Prepared, special};
use gradstep::Backend;
use gradstep_testkit::backends;

/// Parameter, gradient and state of a block.
pub(crate) type Streams = Vec<Vec<f32>>;

/// The inputs that are not swept, for a block.
pub(crate) fn others(others: Option<&[f32]>, inputs: usize) -> Streams {
    match others {
        Some(values) => values.iter().map(|&value| vec![value; BLOCK]).collect(),
        None => special(inputs, BLOCK),
    }
}

/// Applies a step to the first elements.
pub(crate) fn apply(apply: &crate::subjects::Apply, backend: Backend, streams: &mut Streams, len: usize) {
    let [params, grads, state @ ..] = &mut streams[..] else { unreachable!("a step has two streams at least") };
    apply(backend, &mut params[..len], &grads[..len], state.iter_mut().map(|slot| &mut slot[..len]).collect());
}

/// The place of the first element whose bits differ. Payloads of NaN are unspecified.
pub(crate) fn difference(found: &[f32], expected: &[f32]) -> Option<usize> {
    let differs = |(a, b): (&f32, &f32)| a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan());
    // Without a way out of the loop the compiler makes vectors of it.
    let any = found.iter().zip(expected).fold(0, |any, (a, b)| any | (a.to_bits() ^ b.to_bits()));
    if any == 0 { None } else { found.iter().zip(expected).position(differs) }
}

/// Compares the backends over all patterns of an input.
pub(crate) fn sweep(prepared: &Prepared, input: usize, patterns: Patterns) -> Result<(), String> {
    let mut start = others(prepared.others.as_deref(), prepared.inputs);
    let (mut expected, mut found) = (start.clone(), start.clone());
    patterns.try_for_each(|numbers| {
        let len = numbers.len();
        start[input][..len].copy_from_slice(numbers);
        expected.clone_from(&start);
        apply(&prepared.apply, Backend::Scalar, &mut expected, len);
        for backend in backends().filter(|backend| *backend != Backend::Scalar) {
            found.clone_from(&start);
            apply(&prepared.apply, backend, &mut found, len);
            for (stream, (found, expected)) in found.iter().zip(&expected).enumerate() {
                if let Some(i) = difference(&found[..len], &expected[..len]) {
                    let inputs: Vec<f32> = start.iter().map(|stream| stream[i]).collect();
                    return Err(format!(
                        "{backend} gives {:e} ({:#010x}) in stream {stream}, scalar {:e} ({:#010x}), of p, g, state {inputs:?}, \
                         input {:#010x}",
                        found[i],
                        found[i].to_bits(),
                        expected[i],
                        expected[i].to_bits(),
                        numbers[i].to_bits()
                    ));
                }
            }
        }
        Ok(())
    })
}
