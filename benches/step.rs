//! One step of every optimizer on every backend, against loops written by hand.
//!
//! `cargo bench --bench step` runs all, `cargo bench --bench step -- Adam/apply` what matches. The scalar backend is the
//! formula one element at a time.

use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, measurement::WallTime};
use gradstep::rule::Rule;
use gradstep::{Backend, Error, Optimizer, Step, for_each_optimizer};
use gradstep_testkit::bench::{Streams, by_hand};
use std::time::Duration;

/// Parameters: in L1, in L2, in L3 and in memory on the usual CPU.
const SIZES: [usize; 4] = [1 << 10, 1 << 14, 1 << 18, 1 << 22];

/// From here on memory limits every backend alike.
const IN_MEMORY: usize = 1 << 22;

/// Steps before the one that is measured, so that it is not a special first one.
const WARM_UP: usize = 10;

fn main() -> Result<(), Error> {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300))
        .sample_size(20)
        .nresamples(1000)
        .without_plots()
        .configure_from_args();
    macro_rules! bench {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            bench::<gradstep::$Optimizer, $slots>(&mut criterion)?;
        )*};
    }
    for_each_optimizer!(bench);
    criterion.final_summary();
    Ok(())
}

fn bench<O: Optimizer<S>, const S: usize>(criterion: &mut Criterion) -> Result<(), Error> {
    let name = O::NAME;
    let optimizer = O::default();
    let mut clock = O::Clock::default();
    let mut step = optimizer.tick(&mut clock)?;
    for _ in 1..WARM_UP {
        step = optimizer.tick(&mut clock)?;
    }
    let by_hand = by_hand::of(name);
    if let Some(by_hand) = by_hand {
        assert!(agrees::<_, S>(&step, by_hand)?, "{name} by hand computes something else");
    }
    let mut group = criterion.benchmark_group(name);
    for len in SIZES {
        group.throughput(Throughput::Bytes(
            O::SLOTS.iter().fold(12, |bytes, slot| bytes + if slot.is_written { 8 } else { 4 }) * len as u64,
        ));
        if len < IN_MEMORY {
            for backend in Backend::ALL.into_iter().filter(|backend| backend.is_supported()) {
                measure::<_, S>(&mut group, &backend.to_string(), len, |streams| {
                    let (params, grads, state) = streams.split();
                    step.apply_on(backend, params, grads, state)
                });
            }
        }
        measure::<_, S>(&mut group, "apply", len, |streams| {
            let (params, grads, state) = streams.split();
            step.apply(params, grads, state)
        });
        if let Some(by_hand) = by_hand {
            measure::<_, S>(&mut group, "loop", len, by_hand);
        }
    }
    group.finish();
    Ok(())
}

fn measure<T, const S: usize>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    len: usize,
    mut step: impl FnMut(&mut Streams) -> T,
) {
    group.bench_with_input(BenchmarkId::new(name, len), &len, |bencher, &len| {
        let mut streams = Streams::new(len, S);
        bencher.iter(|| step(&mut streams));
    });
}

/// Whether a loop does what a step does, but for rounding.
fn agrees<U: Rule<S>, const S: usize>(step: &Step<U>, by_hand: by_hand::Step) -> Result<bool, Error> {
    let (mut ours, mut theirs) = (Streams::new(1000, S), Streams::new(1000, S));
    let (params, grads, state) = ours.split();
    step.apply(params, grads, state)?;
    by_hand(&mut theirs);
    let ((p, _, state), (q, _, others)) = (ours.split::<S>(), theirs.split::<S>());
    let near = |ours: &[f32], theirs: &[f32]| ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() <= 1e-6);
    Ok(near(p, q) && state.iter().zip(&others).all(|(a, b)| near(a, b)))
}
