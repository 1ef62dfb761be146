//! One step of every optimizer on every backend, against plain loops.
//!
//! `cargo bench --bench step` runs all, `cargo bench --bench step -- Adam/apply` what matches. The scalar backend is the
//! formula one element at a time.

use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, measurement::WallTime};
use gradstep::{Backend, Extent, Optimizer, Shape, for_each_optimizer};
use gradstep_testkit::bench::{Streams, plain};
use std::time::Duration;

/// Parameters: in L1, in L2, in L3 and in memory on the usual CPU.
const SIZES: [usize; 4] = [1 << 10, 1 << 14, 1 << 18, 1 << 22];

/// From here on memory limits every backend alike.
const IN_MEMORY: usize = 1 << 22;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300))
        .sample_size(20)
        .nresamples(1000)
        .without_plots()
        .configure_from_args();
    macro_rules! bench {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            bench::<gradstep::$Optimizer, $slots>(&mut criterion);
        )*};
    }
    for_each_optimizer!(bench);
    criterion.final_summary();
}

fn bench<O: Optimizer<S>, const S: usize>(criterion: &mut Criterion) {
    let name = O::NAME;
    let (step, plain) = plain::contest::<O, S>();
    let mut group = criterion.benchmark_group(name);
    for len in SIZES {
        let slots = O::SLOTS.iter().filter(|slot| slot.extent == Extent::Element);
        let bytes = slots.fold(12, |bytes, slot| bytes + if slot.is_written { 8 } else { 4 });
        group.throughput(Throughput::Bytes(bytes * len as u64));
        if len < IN_MEMORY {
            for backend in Backend::ALL.into_iter().filter(|backend| backend.is_supported()) {
                measure::<O, _, S>(&mut group, &backend.to_string(), len, |streams| {
                    let (params, grads, state) = streams.split();
                    step.apply_on(backend, params, grads, state)
                });
            }
        }
        measure::<O, _, S>(&mut group, "apply", len, |streams| {
            let (params, grads, state) = streams.split();
            step.apply(params, grads, state)
        });
        measure::<O, _, S>(&mut group, "loop", len, |streams| plain(std::slice::from_mut(streams)));
    }
    group.finish();
}

fn measure<O: Optimizer<S>, T, const S: usize>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    len: usize,
    mut step: impl FnMut(&mut Streams) -> T,
) {
    group.bench_with_input(BenchmarkId::new(name, len), &len, |bencher, &len| {
        let mut streams = Streams::of::<O, S>(&Shape::vector(len));
        bencher.iter(|| step(&mut streams));
    });
}
