//! Steps that look at more than an element: one pattern among ordinary numbers in a tensor of two rows, every backend against the
//! scalar one, and the clock after the step.

use crate::bits::{Streams, difference};
use crate::patterns::Patterns;
use crate::subjects::Set;
use gradstep::any::{AnyOptimizer, AnyTensor};
use gradstep::clip::{AdaptiveClip, ClipNorm};
use gradstep::rule::{Adapter, Rule};
use gradstep::sam::Sam;
use gradstep::{Adam, Backend, ClockData, DecayForm, Error, Lamb, Optimizer, Shape, Step, Tensor};
use gradstep_testkit::backends;
use gradstep_testkit::values::{self, Source};

/// Every lane of a sum and one more element.
const ROW: usize = 33;
const LEN: usize = 2 * ROW;
const SHAPE: Shape = Shape::vector(LEN).rows(ROW).blocks(ROW);

/// A loss for those that need one.
const LOSS: f64 = 0.75;

/// A step on a backend, and the clock after it.
type Apply = Box<dyn Fn(Backend, &mut Streams) -> Result<ClockData, Error>>;

/// A step that is ready: its parameters, gradients and state before it.
struct Prepared {
    apply: Apply,
    start: Streams,
}

/// An optimizer that looks at more than an element, its presets, and every form of weight decay.
pub(crate) fn variants() -> Vec<(&'static str, Vec<AnyOptimizer>)> {
    let looking = AnyOptimizer::ALL.iter().filter(|optimizer| optimizer.scope().is_some());
    looking.map(|optimizer| (optimizer.name(), variants_of(optimizer))).collect()
}

fn variants_of(optimizer: &AnyOptimizer) -> Vec<AnyOptimizer> {
    let presets = optimizer.presets().iter().map(|preset| optimizer.preset(preset).unwrap());
    let decays = DecayForm::NAMES.iter().map(|form| {
        let mut variant = *optimizer;
        variant.set("weight_decay", 0.05).unwrap();
        variant.set("decay_form", *form).unwrap();
        variant
    });
    let mut variants = vec![*optimizer];
    for variant in presets.chain(decays) {
        if !variants.contains(&variant) {
            variants.push(variant);
        }
    }
    variants
}

/// The step of an optimizer after the steps of a set.
fn step(optimizer: &AnyOptimizer, set: Set) -> Prepared {
    let (steps, gradient, param) = set.history();
    let mut source = Source::new(11);
    let mut start = vec![vec![param; LEN], vec![0.0; LEN]];
    start.extend(optimizer.slots().map(|slot| vec![f32::NAN; slot.extent.len(&SHAPE)]));
    let [params, _, state @ ..] = &mut start[..] else { unreachable!("a step has two streams at least") };
    params.iter_mut().for_each(|p| *p *= 1.0 + 0.5 * source.bell());
    optimizer.init_shaped(&SHAPE, params, state).unwrap();
    let mut clock = optimizer.clock();
    for t in 0..=steps {
        start[1].iter_mut().for_each(|g| *g = gradient * (source.bell() + 0.25));
        if t < steps {
            clock = apply(optimizer, &clock, Backend::Scalar, &mut start).unwrap();
        }
    }
    let optimizer = *optimizer;
    Prepared { apply: Box::new(move |backend, streams| apply(&optimizer, &clock, backend, streams)), start }
}

fn apply(
    optimizer: &AnyOptimizer,
    clock: &ClockData,
    backend: Backend,
    streams: &mut Streams,
) -> Result<ClockData, Error> {
    let [params, grads, state @ ..] = &mut streams[..] else { unreachable!("a step has two streams at least") };
    let (step, mut clock) = (optimizer.begin(clock)?.loss(LOSS), *clock);
    let tensor = AnyTensor::new(params, grads, state).rows(ROW).blocks(ROW);
    step.apply_all_on(backend, &mut [tensor])?.commit(&mut clock)?;
    Ok(clock)
}

/// What is fused into a step, by name, and the number of slots.
pub(crate) const FUSED: [(&str, usize); 7] = [
    ("Adam clipped by norm", 2),
    ("Adam clipped adaptively", 2),
    ("Adam with centered gradients", 2),
    ("Adam cautious by mean", 2),
    ("Adam with a bound", 2),
    ("Lamb clipped and cautious by mean", 2),
    ("Sam", 1),
];

fn fused(index: usize) -> Prepared {
    fn erased<U: Rule<S> + 'static, A: Adapter + 'static, const S: usize>(step: Step<U, A>) -> Apply {
        Box::new(move |backend, streams| {
            let [params, grads, state @ ..] = &mut streams[..] else { unreachable!("a step has two streams at least") };
            let state: &mut [Vec<f32>; S] = state.try_into().expect("as many as slots");
            step.apply_all_on(backend, &mut [Tensor::new(params, grads, state).rows(ROW)])?;
            Ok(ClockData::default())
        })
    }
    let (adam, lamb) = (Adam::DEFAULT.tick(&mut 9).unwrap(), Lamb::timm().tick(&mut 9).unwrap());
    let clip = ClipNorm::torch(0.7).unwrap();
    let apply = match index {
        0 => erased(adam.clip_norm(clip)),
        1 => erased(adam.adaptive_clip(AdaptiveClip::DEFAULT)),
        2 => erased(adam.centralize_grads()),
        3 => erased(adam.cautious_mean()),
        4 => erased(adam.bound_update(1e-4)),
        5 => erased(lamb.clip_norm(clip).cautious_mean()),
        _ => erased(Sam::asam().perturb().unwrap()),
    };
    let mut source = Source::new(12);
    let start = (0..2 + FUSED[index].1).map(|_| source.many(LEN, |source| source.bell().abs() + 0.1)).collect();
    Prepared { apply, start }
}

/// What is swept.
#[derive(Clone, Copy)]
pub(crate) enum Looking {
    /// A variant of an optimizer.
    Step { index: usize, variant: usize, set: Set },
    /// Something fused in.
    Fused { index: usize, special: bool },
}

/// Compares the backends over all patterns of an input.
pub(crate) fn sweep(looking: Looking, input: usize, patterns: Patterns) -> Result<(), String> {
    let (prepared, is_special) = match looking {
        Looking::Step { index, variant, set } => (step(&variants()[index].1[variant], set), set == Set::Special),
        Looking::Fused { index, special } => (fused(index), special),
    };
    let Prepared { apply, mut start } = prepared;
    let original = start.clone();
    let (mut expected, mut found) = (start.clone(), start.clone());
    let (specials, mut i) = (values::special(), 0);
    patterns.try_for_each(|numbers| {
        for &number in numbers {
            start.clone_from(&original);
            if is_special {
                // A special number beside it, in every stream and place in turn.
                let stream = i / specials.len() % start.len();
                let len = start[stream].len();
                start[stream][(7 * i + 3) % len] = specials[i % specials.len()];
            }
            let place = i % start[input].len();
            start[input][place] = number;
            i += 1;
            expected.clone_from(&start);
            let clock = apply(Backend::Scalar, &mut expected);
            for backend in backends().filter(|backend| *backend != Backend::Scalar) {
                found.clone_from(&start);
                let found_clock = apply(backend, &mut found);
                let inputs =
                    || format!("of {number:e} ({:#010x}) at place {place}, {}", number.to_bits(), text(&start));
                if !is_same(&found_clock, &clock) {
                    return Err(format!("{backend} gives {found_clock:?}, scalar {clock:?}, {}", inputs()));
                }
                for (stream, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    if let Some(at) = difference(found, expected) {
                        let (found, expected) = (found[at], expected[at]);
                        return Err(format!(
                            "{backend} gives {found:e} ({:#010x}) in stream {stream} at {at}, scalar {expected:e} ({:#010x}), {}",
                            found.to_bits(),
                            expected.to_bits(),
                            inputs()
                        ));
                    }
                }
            }
        }
        Ok(())
    })
}

/// Whether two steps left the same clock, or were refused alike. Payloads of NaN are unspecified.
fn is_same(found: &Result<ClockData, Error>, expected: &Result<ClockData, Error>) -> bool {
    match (found, expected) {
        (Ok(found), Ok(expected)) => {
            let is_same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
            found.step == expected.step && found.values.iter().zip(&expected.values).all(is_same)
        }
        (Err(found), Err(expected)) => found.kind() == expected.kind(),
        _ => false,
    }
}

/// The streams of a step.
fn text(streams: &Streams) -> String {
    let streams: Vec<String> = streams.iter().map(|stream| format!("{stream:?}")).collect();
    streams.join("; ")
}
