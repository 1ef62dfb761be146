//! How near every optimizer is to what the machine can do: the same streams read and written with trivial arithmetic,
//! and the throughput of a vector division and root, measured in turn with the optimizer in one process.
//!
//! `cargo bench --bench limit` prints the table and draws a roofline into `target/limit/`; names of
//! optimizers choose, `--csv FILE` writes the table to a file.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a benchmark that cannot run may stop

mod chart;

use gradstep::rule::Rule;
use gradstep::{Backend, Optimizer, Real, Step, for_each_optimizer};
use gradstep_testkit::bench::{Arguments, Streams, in_turn, median};

/// Parameters in L1 or L2, and far beyond every cache.
const CACHE: usize = 1 << 13;
const MEMORY: usize = 1 << 26;

/// Reads every stream, and writes the parameters and the first `WRITTEN` slots, with one operation for each: what no step
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
    /// Nanoseconds a parameter, of the optimizer and of its limit: the first is a median, and the second in the ratio to it
    /// that is the median of the ratios.
    pub(crate) cache: [f64; 2],
    pub(crate) memory: [f64; 2],
    pub(crate) all_cores: [f64; 2],
}

fn apply<U: Rule<S>, const S: usize>(step: &Step<U>, streams: &mut Streams) {
    let (params, grads, state) = streams.split();
    step.apply(params, grads, state).unwrap();
}

fn par_apply<U: Rule<S>, const S: usize>(step: &Step<U>, streams: &mut Streams) {
    let (params, grads, state) = streams.split();
    step.par_apply(params, grads, state).unwrap();
}

/// Streams of ordinary values, of which an endless run of steps makes no subnormal or infinite ones.
fn calm<const S: usize>(len: usize) -> Streams {
    let mut streams = Streams::new(len, S);
    let (params, grads, state) = streams.split::<S>();
    params.fill(1.0);
    state.into_iter().for_each(|slot| slot.fill(1.0));
    assert!(grads.len() == len);
    streams
}

fn measure<O: Optimizer<S>, const S: usize, const WRITTEN: usize>(quick: bool) -> Row
where
    Limit<WRITTEN>: Rule<S>,
{
    let mut clock = O::Clock::default();
    let step = (0..10).map(|_| O::default().tick(&mut clock).unwrap()).last().unwrap();
    let (memory, samples) = if quick { (1 << 12, 1) } else { (MEMORY, 15) };
    // Both work on the same streams, in turn.
    let turns = |len: usize,
                 steps: usize,
                 samples: usize,
                 ours: fn(&Step<O::Rule>, &mut Streams),
                 limit: fn(&Step<Limit<WRITTEN>>, &mut Streams)| {
        let streams = std::cell::RefCell::new(calm::<S>(len));
        let mut ours = || ours(&step, &mut streams.borrow_mut());
        let mut limit = || limit(&Step::of(Limit), &mut streams.borrow_mut());
        let [ours, limit] = in_turn(samples, steps, [&mut ours, &mut limit]);
        let ratio = median(limit.iter().zip(&ours).map(|(limit, ours)| limit / ours).collect());
        let ours = median(ours) / len as f64;
        [ours, ours * ratio]
    };
    let (steps, samples_in_cache) = if quick { (1, 1) } else { (500, 101) };
    Row {
        name: O::NAME,
        bytes: 12 + 4 * (S + WRITTEN),
        cache: turns(CACHE, steps, samples_in_cache, apply::<_, S>, apply::<_, S>),
        memory: turns(memory, 1, samples, apply::<_, S>, apply::<_, S>),
        all_cores: turns(memory, 1, samples, par_apply::<_, S>, par_apply::<_, S>),
    }
}

/// Nanoseconds for a division and a root of one number.
fn divide_and_root(quick: bool) -> f64 {
    let mut streams = calm::<0>(CACHE);
    let (params, grads, []) = streams.split();
    let mut copy = params.to_vec();
    let mut run = || {
        copy.copy_from_slice(params);
        Step::of(DivideAndRoot).apply(&mut copy, grads, []).unwrap();
    };
    let mut copied = vec![0.0; CACHE];
    let mut overhead = || std::hint::black_box(&mut copied).copy_from_slice(grads);
    let [both, copy] = in_turn(if quick { 1 } else { 31 }, 100, [&mut run, &mut overhead]).map(median);
    (both - copy) / CACHE as f64
}

fn main() {
    let arguments = Arguments::parse();
    let bound = divide_and_root(arguments.is_quick);
    println!("backend {}, a division and a root in {bound:.3} ns, medians", Backend::active());
    println!("ns a parameter and, in %, the limit of the same streams over it; {CACHE} and {MEMORY} parameters\n");
    let mut table =
        arguments.table(&["optimizer", "bytes", "cache", "of limit", "memory", "of limit", "all cores", "of limit"]);
    let mut rows = Vec::new();
    macro_rules! rows {
        ($($Optimizer:ident: $slots:literal,)*) => {$(
            if arguments.wants(stringify!($Optimizer)) {
                type Measured = gradstep::$Optimizer;
                let row = measure::<Measured, $slots, { written::<Measured, $slots>() }>(arguments.is_quick);
                let of = |[ours, limit]: [f64; 2]| [format!("{ours:.3}"), format!("{:.0} %", 100.0 * limit / ours)];
                let numbers = [of(row.cache), of(row.memory), of(row.all_cores)];
                table.row([format!("`{}`", row.name), row.bytes.to_string()].into_iter().chain(numbers.into_iter().flatten()));
                rows.push(row);
            }
        )*};
    }
    for_each_optimizer!(rows);
    if !arguments.is_quick {
        chart::draw(&rows, bound);
    }
}

/// The slots that a step writes. They come before those that a step only reads.
const fn written<O: Optimizer<S>, const S: usize>() -> usize {
    let mut written = 0;
    while written < S && O::SLOTS[written].is_written {
        written += 1;
    }
    written
}
