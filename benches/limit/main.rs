//! How near every optimizer is to what the machine can do: against a plain loop that gives the same bits, against the same
//! streams read and written with trivial arithmetic, and against the throughput of a vector division and root, measured
//! in turn with the optimizer in one process. An optimizer that looks at a whole tensor first reads it once more than the streams
//! that it is measured against.
//!
//! `cargo bench --bench limit` prints the table and draws a roofline into `target/limit/`. Names of optimizers choose,
//! `--quick` measures in cache alone, `--csv FILE` writes the table to a file.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a benchmark that cannot run may stop

mod chart;

use gradstep::optim::Carried;
use gradstep::rule::{Rule, Unadapted};
use gradstep::{Extent, Optimizer, Real, Shape, Step, for_each_optimizer};
use gradstep_testkit::bench::{Arguments, Effort, Streams, in_turn, median, plain};
use std::cell::RefCell;

/// Tensors in cache, and their length.
const IN_CACHE: [(usize, usize); 4] = [(128, 64), (10, 768), (1, CACHE), (1, 1 << 16)];
const CACHE: usize = 1 << 13;

/// Parameters far beyond every cache.
const MEMORY: usize = 1 << 26;

/// Reads every stream once, and writes the parameters and the first `WRITTEN` slots, with one operation for each: what no step
/// over them can be faster than. A slot keeps its size, so that a step that takes turns with it never sees the root of a
/// negative number.
#[derive(Clone, Copy, Debug)]
struct Limit<const WRITTEN: usize>;

macro_rules! limit {
    ($($slots:literal)*) => {$(
        impl<const WRITTEN: usize> Rule<$slots> for Limit<WRITTEN> {
            #[inline(always)]
            fn lane<R: Real>(&self, p: R, g: R, mut state: [R; $slots]) -> (R, [R; $slots]) {
                let p = state.iter().skip(WRITTEN).fold(p + g, |p, slot| p + *slot);
                state.iter_mut().take(WRITTEN).for_each(|slot| *slot = slot.abs());
                (p, state)
            }
        }
    )*};
}
limit!(0 1 2 3 4 5);

/// A division and a root of every parameter, and nothing else.
#[derive(Clone, Copy, Debug)]
struct DivideAndRoot;

impl Rule<0> for DivideAndRoot {
    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, []: [R; 0]) -> (R, [R; 0]) {
        (g / p.sqrt(), [])
    }
}

/// What was measured of one optimizer.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) bytes: usize,
    in_cache: [Times; IN_CACHE.len()],
    memory: Times,
    all_cores: Times,
}

/// Nanoseconds a parameter: those of the optimizer are a median, the others stand in the ratio to it that is the median of the
/// ratios.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) ours: f64,
    pub(crate) limit: f64,
    plain: f64,
}

impl Row {
    pub(crate) fn cache(&self) -> Times {
        self.in_cache[2]
    }

    pub(crate) fn memory(&self) -> Times {
        self.memory
    }
}

/// What takes its turns over one set of tensors.
struct Contest<'a> {
    ours: &'a dyn Fn(&mut [Streams]),
    limit: &'a dyn Fn(&mut [Streams]),
    plain: &'a dyn Fn(&mut [Streams]),
}

impl Contest<'_> {
    /// Measures steps over tensors of ordinary values, of which an endless run of steps makes no subnormal or infinite ones.
    fn measure<O: Optimizer<S>, const S: usize>(
        &self,
        (count, len): (usize, usize),
        samples: usize,
        runs: usize,
    ) -> Times {
        let calm = |_| {
            let mut streams = Streams::of::<O, S>(&Shape::vector(len));
            let (params, _, state) = streams.split::<S>();
            params.fill(1.0);
            state.into_iter().for_each(|slot| slot.fill(1.0));
            streams
        };
        let tensors = RefCell::new((0..count).map(calm).collect::<Vec<_>>());
        let mut ours = || (self.ours)(&mut tensors.borrow_mut());
        let mut limit = || (self.limit)(&mut tensors.borrow_mut());
        let mut plain = || (self.plain)(&mut tensors.borrow_mut());
        let [times, limit, plain] = in_turn(samples, runs, [&mut ours, &mut limit, &mut plain]);
        let ratio = |of: &[f64]| median(of.iter().zip(&times).map(|(of, ours)| of / ours).collect());
        let (limit, plain) = (ratio(&limit), ratio(&plain));
        let ours = median(times) / (count * len) as f64;
        Times { ours, limit: ours * limit, plain: ours * plain }
    }
}

fn each<U: Rule<S>, C: Carried, const S: usize>(step: &Step<U, Unadapted, C>) -> impl Fn(&mut [Streams]) {
    |tensors| {
        for tensor in tensors {
            let (params, grads, state) = tensor.split();
            step.apply(params, grads, state).unwrap();
        }
    }
}

fn on_all_cores<U: Rule<S>, C: Carried, const S: usize>(step: &Step<U, Unadapted, C>) -> impl Fn(&mut [Streams]) {
    |tensors| {
        for tensor in tensors {
            let (params, grads, state) = tensor.split();
            step.par_apply(params, grads, state).unwrap();
        }
    }
}

/// `E` slots have a number for each element, and a step writes the first `WRITTEN` of them.
fn measure<O: Optimizer<S>, const S: usize, const E: usize, const WRITTEN: usize>(effort: Effort) -> Row
where
    Limit<WRITTEN>: Rule<E>,
{
    let (step, plain) = plain::contest::<O, S>();
    let limit = Step::of(Limit::<WRITTEN>);
    let (ours, limit_of_one) = (each::<_, _, S>(&step), each::<_, _, E>(&limit));
    let alone = Contest { ours: &ours, limit: &limit_of_one, plain: &plain };
    let (ours, limit_of_all) = (on_all_cores::<_, _, S>(&step), on_all_cores::<_, _, E>(&limit));
    let together = Contest { ours: &ours, limit: &limit_of_all, plain: &|_| () };
    let in_cache = IN_CACHE.map(|shape| {
        let runs = effort.of(1, 100, 200) * CACHE / shape.1.max(CACHE);
        alone.measure::<O, S>(shape, effort.of(1, 101, 301), runs.max(1))
    });
    let from_memory = |contest: &Contest| match effort {
        Effort::Once => contest.measure::<O, S>((1, 1 << 12), 1, 1),
        Effort::Quick => Times { ours: f64::NAN, limit: f64::NAN, plain: f64::NAN },
        Effort::Full => contest.measure::<O, S>((1, MEMORY), 15, 1),
    };
    Row {
        name: O::NAME,
        bytes: 12 + 4 * (E + WRITTEN),
        in_cache,
        memory: from_memory(&alone),
        all_cores: from_memory(&together),
    }
}

/// Nanoseconds for a division and a root of one number.
fn divide_and_root(effort: Effort) -> f64 {
    let mut streams = Streams::new(CACHE, 0);
    let (params, grads, []) = streams.split();
    params.fill(1.0);
    let mut copy = params.to_vec();
    let mut run = || {
        copy.copy_from_slice(params);
        Step::of(DivideAndRoot).apply(&mut copy, grads, []).unwrap();
    };
    let mut copied = vec![0.0; CACHE];
    let mut overhead = || std::hint::black_box(&mut copied).copy_from_slice(grads);
    let [both, copy] = in_turn(effort.of(1, 31, 31), 100, [&mut run, &mut overhead]).map(median);
    (both - copy) / CACHE as f64
}

fn main() {
    let arguments = Arguments::parse();
    let bound = divide_and_root(arguments.effort);
    let about = format!(
        "A division and a root take {bound:.3} ns. ns a parameter, medians, for tensors of a length; after them the speed in % of a\n\
         plain loop with the same bits, of the limit of the same streams, of a division and a root. {MEMORY} parameters from memory.\n\
         7 s an optimizer, 5 minutes for all; with --quick one."
    );
    let columns = [
        "optimizer",
        "bytes",
        "64",
        "of loop",
        "768",
        "of loop",
        "8192",
        "of loop",
        "of limit",
        "of division",
        "65536",
        "of loop",
        "memory",
        "of loop",
        "of limit",
        "all cores",
        "of limit",
    ];
    let mut table = arguments.table(&about, &columns);
    let mut rows = Vec::new();
    macro_rules! rows {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            if arguments.wants(stringify!($Optimizer)) {
                type Measured = gradstep::$Optimizer;
                let row = measure::<Measured, $slots, { elements::<Measured, $slots>() }, { written::<Measured, $slots>() }>(
                    arguments.effort,
                );
                table.row(cells(&row, bound));
                rows.push(row);
            }
        )*};
    }
    for_each_optimizer!(rows);
    if arguments.effort == Effort::Full {
        chart::draw(&rows, bound);
    }
}

/// A row of the table.
fn cells(row: &Row, bound: f64) -> Vec<String> {
    let ns = |times: &Times| format!("{:.3}", times.ours);
    let percent = |of: f64, times: &Times| format!("{:.0} %", 100.0 * of / times.ours);
    let mut cells = vec![format!("`{}`", row.name), row.bytes.to_string()];
    for (times, (_, len)) in row.in_cache.iter().zip(IN_CACHE) {
        cells.extend([ns(times), percent(times.plain, times)]);
        if len == CACHE {
            cells.extend([percent(times.limit, times), percent(bound, times)]);
        }
    }
    cells.extend([ns(&row.memory), percent(row.memory.plain, &row.memory), percent(row.memory.limit, &row.memory)]);
    cells.extend([ns(&row.all_cores), percent(row.all_cores.limit, &row.all_cores)]);
    cells
}

/// The slots that have a number for each element. They come first.
const fn elements<O: Optimizer<S>, const S: usize>() -> usize {
    let mut elements = 0;
    while elements < S && matches!(O::SLOTS[elements].extent, Extent::Element) {
        elements += 1;
    }
    elements
}

/// Those of them that a step writes. They come before those that a step only reads.
const fn written<O: Optimizer<S>, const S: usize>() -> usize {
    let mut written = 0;
    while written < elements::<O, S>() && O::SLOTS[written].is_written {
        written += 1;
    }
    written
}
