//! L-BFGS against reference runs of torch in f64, against the matrix form of the update, and for every cut; the line search on
//! the test functions of Moré and Thuente; bad inputs; going on from what was written.

use gradstep::lbfgs::{Lbfgs, LbfgsState, LbfgsTensor, LineSearch, Ray, StrongWolfe, Trial};
use gradstep::sum::BLOCK;
use gradstep::{Error, Range, Slice};
use gradstep_testkit::tolerance;
use gradstep_testkit::values::Source;
use serde::Deserialize;
use std::collections::BTreeMap;

const HISTORY: usize = 5;

#[derive(Deserialize)]
struct File {
    history: usize,
    starts: BTreeMap<String, Vec<f32>>,
    inputs: Vec<Vec<f64>>,
    labels: Vec<f64>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    problem: String,
    line_search: Option<String>,
    lr: f64,
    params: Vec<Vec<f64>>,
    losses: Vec<f64>,
    evaluations: Vec<u64>,
}

fn rosenbrock(p: &[f64]) -> (f64, Vec<f64>) {
    let (mut loss, mut grads) = (0.0, vec![0.0; p.len()]);
    for i in 0..p.len() - 1 {
        let (a, b) = (1.0 - p[i], p[i + 1] - p[i] * p[i]);
        loss += a * a + 100.0 * b * b;
        grads[i] += -2.0 * a - 400.0 * b * p[i];
        grads[i + 1] += 200.0 * b;
    }
    (loss, grads)
}

fn logistic(file: &File, p: &[f64]) -> (f64, Vec<f64>) {
    let decay = 0.0078125;
    let mut loss = 0.5 * decay * p.iter().map(|p| p * p).sum::<f64>();
    let mut grads: Vec<_> = p.iter().map(|p| decay * p).collect();
    let n = file.labels.len() as f64;
    for (row, label) in file.inputs.iter().zip(&file.labels) {
        let sign = 2.0 * label - 1.0;
        let margin = sign * row.iter().zip(p).map(|(x, p)| x * p).sum::<f64>();
        loss += libm::log1p(libm::exp(-margin)) / n;
        let share = -sign / (1.0 + libm::exp(margin)) / n;
        grads.iter_mut().zip(row).for_each(|(g, x)| *g += share * x);
    }
    (loss, grads)
}

/// The loss and the gradient.
type Function<'a> = &'a dyn Fn(&[f64]) -> (f64, Vec<f64>);

/// A function of parameters in f32, with its gradient rounded to f32.
fn in_f32(function: Function<'_>, p: &[f32]) -> (f64, Vec<f32>) {
    let (loss, grads) = function(&p.iter().map(|p| f64::from(*p)).collect::<Vec<_>>());
    (loss, grads.iter().map(|g| *g as f32).collect())
}

/// An iteration with a line search. Returns the number of evaluations.
fn search<const M: usize>(
    function: Function<'_>,
    lbfgs: Lbfgs,
    state: &mut LbfgsState<M>,
    p: &mut [f32],
    history: &mut [f32],
) -> Result<u64, Error> {
    let (loss, mut grads) = in_f32(function, p);
    let ray = lbfgs.direction(state, &mut [LbfgsTensor::new(p, &grads, history)])?;
    let mut search = StrongWolfe::DEFAULT.search(loss, ray)?;
    while let Trial::Evaluate(t) = search.trial() {
        state.move_to(t, &mut [LbfgsTensor::new(p, &grads, history)])?;
        let loss;
        (loss, grads) = in_f32(function, p);
        search.report(loss, state.slope(&[LbfgsTensor::new(p, &grads, history)])?)?;
    }
    if let Trial::Failed(t) = search.trial() {
        state.move_to(t, &mut [LbfgsTensor::new(p, &grads, history)])?;
    }
    Ok(search.evaluations())
}

#[test]
fn the_runs_of_torch() {
    let file: File = serde_json::from_str(include_str!("../data/lbfgs.json")).unwrap();
    assert_eq!(file.history, HISTORY);
    for Case { problem, line_search, lr, params, losses, evaluations } in &file.cases {
        let function = |p: &[f64]| if problem == "logistic" { logistic(&file, p) } else { rosenbrock(p) };
        let (lbfgs, mut state) = (Lbfgs { lr: *lr, ..Lbfgs::DEFAULT }, LbfgsState::<HISTORY>::START);
        let mut p = file.starts[problem].clone();
        let mut history = vec![f32::NAN; LbfgsState::<HISTORY>::ROWS * p.len()];
        let (mut errors, mut counts) = (Vec::new(), Vec::new());
        for (i, expected_evaluations) in evaluations.iter().enumerate() {
            if line_search.is_some() {
                match search(&function, lbfgs, &mut state, &mut p, &mut history) {
                    Ok(found) => counts.push((found, *expected_evaluations)),
                    Err(Error::NotDescent { slope: 0.0 }) => break,
                    Err(error) => panic!("{problem} {lr} {i}: {error}"),
                }
            } else {
                let (_, grads) = in_f32(&function, &p);
                lbfgs.step(&mut state, &mut [LbfgsTensor::new(&mut p, &grads, &mut history)]).unwrap();
            }
            if let Some(expected) = params.get(i) {
                let size = expected.iter().fold(0.0f64, |size, x| size.max(x.abs()));
                let error = p.iter().zip(expected).map(|(p, x)| (f64::from(*p) - x).abs()).fold(0.0, f64::max);
                errors.push(error / size / tolerance::UNIT);
            }
        }
        let (loss, _) = in_f32(&function, &p);
        let last = losses.last().unwrap();
        println!("{problem} {line_search:?} {lr}: {loss:e} {last:e} {errors:.1?} {counts:?}");
        assert_eq!(errors.len(), params.len().min(losses.len()));
        for (i, error) in errors.iter().enumerate() {
            let bound = if i < tolerance::LBFGS_FIRST.0 { tolerance::LBFGS_FIRST.1 } else { tolerance::LBFGS };
            assert!(*error <= bound, "{problem} {lr}: {error} after {i} iterations");
        }
        assert!(
            counts.iter().take(params.len()).all(|(found, expected)| found == expected),
            "{problem} {lr}: {counts:?}"
        );
        assert!((loss - last).abs() <= tolerance::LBFGS_LOSS, "{problem} {lr}: {loss}, expected {last}");
    }
}

/// A gradient whose Hessian is a symmetric positive definite matrix.
struct Quadratic(Vec<Vec<f64>>);

impl Quadratic {
    fn random(source: &mut Source, n: usize) -> Self {
        let root: Vec<Vec<f64>> = (0..n).map(|_| (0..n).map(|_| source.plain().into()).collect()).collect();
        let entry = |i: usize, j: usize| root[i].iter().zip(&root[j]).map(|(a, b)| a * b).sum::<f64>();
        Quadratic((0..n).map(|i| (0..n).map(|j| entry(i, j) + if i == j { 0.5 } else { 0.0 }).collect()).collect())
    }

    fn grads(&self, p: &[f32]) -> Vec<f32> {
        self.0.iter().map(|row| row.iter().zip(p).map(|(a, p)| a * f64::from(*p)).sum::<f64>() as f32).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn times(matrix: &[Vec<f64>], vector: &[f64]) -> Vec<f64> {
    matrix.iter().map(|row| dot(row, vector)).collect()
}

/// −H·g by the matrices of (7.16) and (7.17): `H ← VᵀHV + ρssᵀ` from γI, with `V = I − ρysᵀ`.
fn dense(pairs: &[(Vec<f64>, Vec<f64>)], g: &[f64]) -> Vec<f64> {
    let n = g.len();
    let unit = |i: usize, j: usize| if i == j { 1.0 } else { 0.0 };
    let gamma = pairs.last().map_or(1.0, |(s, y)| dot(y, s) / dot(y, y));
    let mut h: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| gamma * unit(i, j)).collect()).collect();
    for (s, y) in pairs {
        let rho = 1.0 / dot(y, s);
        let v = |i: usize, j: usize| unit(i, j) - rho * y[i] * s[j];
        let column = |j: usize| (0..n).map(|i| v(i, j)).collect::<Vec<_>>();
        h = (0..n)
            .map(|i| (0..n).map(|j| dot(&column(i), &times(&h, &column(j))) + rho * s[i] * s[j]).collect())
            .collect();
    }
    times(&h, g).iter().map(|x| -x).collect()
}

fn difference(a: &[f32], b: &[f32]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b)).collect()
}

fn against_matrices<const M: usize>(seed: u64, n: usize) -> f64 {
    let mut source = Source::new(seed);
    let quadratic = Quadratic::random(&mut source, n);
    let mut state = LbfgsState::<M>::START;
    let mut history = vec![f32::NAN; LbfgsState::<M>::ROWS * n];
    let mut pairs: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    let mut before: Option<(Vec<f32>, Vec<f32>)> = None;
    let mut largest = 0.0;
    for iteration in 0..3 * M + 2 {
        let mut p = source.many(n, Source::plain);
        // Some gradients are those of another function, which make pairs of either sign.
        let grads = if iteration % 4 == 3 { source.many(n, Source::plain) } else { quadratic.grads(&p) };
        if let Some((old_p, old_g)) = before {
            let (s, y) = (difference(&p, &old_p), difference(&grads, &old_g));
            if dot(&s, &y) > 1e-10 {
                pairs.push((s, y));
                pairs.drain(..pairs.len().saturating_sub(M));
            }
        }
        let ray = Lbfgs::DEFAULT.direction(&mut state, &mut [LbfgsTensor::new(&mut p, &grads, &mut history)]).unwrap();
        assert_eq!(state.pairs(), pairs.len());
        let g: Vec<_> = grads.iter().map(|g| f64::from(*g)).collect();
        let expected = dense(&pairs, &g);
        let size = expected.iter().fold(0.0f64, |size, x| size.max(x.abs()));
        for (found, expected) in history.iter().zip(&expected) {
            largest = f64::max(largest, (f64::from(*found) - expected).abs() / size / tolerance::UNIT);
        }
        assert!(
            (ray.slope - dot(&g, &expected)).abs() <= 1e-5 * ray.slope.abs(),
            "{} {}",
            ray.slope,
            dot(&g, &expected)
        );
        assert!((ray.size - size).abs() <= 1e-4 * size);
        before = Some((p, grads));
    }
    largest
}

#[test]
fn directions_are_those_of_the_matrix_form() {
    let mut largest = 0.0;
    for seed in 0..20 {
        largest = f64::max(largest, against_matrices::<1>(seed, 4));
        largest = f64::max(largest, against_matrices::<3>(seed, 7));
        largest = f64::max(largest, against_matrices::<5>(seed, 12));
    }
    println!("{largest}");
    assert!(largest <= tolerance::LBFGS_DIRECTION, "{largest}");
}

/// The bits of parameters, history by rows and state after a few iterations on tensors cut at multiples of a block.
fn run_cut(cuts: &[usize], n: usize) -> (Vec<u32>, Vec<u64>, LbfgsState<3>) {
    let mut source = Source::new(7);
    let scales = source.many(n, |source| source.plain().abs() + 0.1);
    let mut p = source.many(n, Source::plain);
    let mut state = LbfgsState::<3>::START;
    let rows = LbfgsState::<3>::ROWS;
    let ends: Vec<_> = cuts.iter().copied().chain([n]).collect();
    let starts: Vec<_> = [0].into_iter().chain(cuts.iter().copied()).collect();
    let mut histories: Vec<_> = starts.iter().zip(&ends).map(|(start, end)| vec![0.0; rows * (end - start)]).collect();
    let mut numbers = Vec::new();
    for _ in 0..6 {
        let grads: Vec<f32> = p.iter().zip(&scales).map(|(p, scale)| scale * p + 0.1 * p * p * p).collect();
        let (mut rest, mut tensors) = (&mut p[..], Vec::new());
        for ((start, end), history) in starts.iter().zip(&ends).zip(&mut histories) {
            let (piece, more) = rest.split_at_mut(end - start);
            rest = more;
            tensors.push(LbfgsTensor::new(piece, &grads[*start..*end], history));
        }
        tensors.reverse();
        let ray = Lbfgs::DEFAULT.step(&mut state, &mut tensors).unwrap();
        numbers.extend([ray.slope, ray.size, ray.first, state.slope(&tensors).unwrap()].map(f64::to_bits));
    }
    (p.iter().map(|p| p.to_bits()).collect(), numbers, state)
}

#[test]
fn the_same_bits_for_every_cut() {
    let n = 4 * BLOCK + 77;
    let whole = run_cut(&[], n);
    assert_eq!(whole.2.pairs(), 3);
    for cuts in [&[BLOCK][..], &[3 * BLOCK], &[BLOCK, 2 * BLOCK, 4 * BLOCK], &[2 * BLOCK, 2 * BLOCK], &[0, 4 * BLOCK]] {
        assert_eq!(run_cut(cuts, n), whole, "{cuts:?}");
    }
}

/// The function of Yanai, Ozawa and Kaneko that Moré and Thuente use, with its derivative.
fn yanai(t: f64, b1: f64, b2: f64) -> (f64, f64) {
    let gamma = |b: f64| libm::sqrt(1.0 + b * b) - b;
    let (r1, r2) = (libm::hypot(1.0 - t, b2), libm::hypot(t, b1));
    (gamma(b1) * r1 + gamma(b2) * r2, gamma(b1) * (t - 1.0) / r1 + gamma(b2) * t / r2)
}

/// Their functions 1 to 6, with c1 and c2.
fn more_thuente(number: usize, t: f64) -> (f64, f64) {
    match number {
        1 => (-t / (t * t + 2.0), (t * t - 2.0) / ((t * t + 2.0) * (t * t + 2.0))),
        2 => {
            let x = t + 0.004;
            (x * x * x * x * (x - 2.0), x * x * x * (5.0 * x - 8.0))
        }
        3 => {
            let (b, l, pi) = (0.01, 39.0, core::f64::consts::PI);
            let (base, slope) = match t {
                t if t <= 1.0 - b => (1.0 - t, -1.0),
                t if t >= 1.0 + b => (t - 1.0, 1.0),
                t => ((t - 1.0) * (t - 1.0) / (2.0 * b) + b / 2.0, (t - 1.0) / b),
            };
            let phase = l * pi / 2.0 * t;
            (base + 2.0 * (1.0 - b) / (l * pi) * libm::sin(phase), slope + (1.0 - b) * libm::cos(phase))
        }
        4 => yanai(t, 0.001, 0.001),
        5 => yanai(t, 0.01, 0.001),
        _ => yanai(t, 0.001, 0.01),
    }
}

fn run_search(mut search: LineSearch, function: impl Fn(f64) -> (f64, f64)) -> LineSearch {
    while let Trial::Evaluate(t) = search.trial() {
        let (loss, slope) = function(t);
        search.report(loss, slope).unwrap();
    }
    search
}

#[test]
fn searches_end_where_both_conditions_hold() {
    for (number, c1, c2) in
        [(1, 1e-3, 0.1), (2, 0.1, 0.1), (3, 0.1, 0.1), (4, 1e-3, 1e-3), (5, 1e-3, 1e-3), (6, 1e-3, 1e-3)]
    {
        for first in [1e-3, 0.1, 1.0, 10.0, 1e3] {
            for (c1, c2) in [(c1, c2), (1e-4, 0.9)] {
                let wolfe = StrongWolfe { c1, c2, max_evaluations: 60, tolerance_change: 0.0 };
                let (loss, slope) = more_thuente(number, 0.0);
                let search = wolfe.search(loss, Ray { slope, size: 1.0, first }).unwrap();
                let search = run_search(search, |t| more_thuente(number, t));
                let t = match search.trial() {
                    Trial::Done(t) => t,
                    // The slope at the start is so small that it flattens enough within 3e-9 of the minimum, where no f32 is.
                    Trial::Failed(t) if number == 2 => {
                        assert!(search.evaluations() < 60);
                        let slope_at = |t: f32| more_thuente(number, t.into()).1;
                        assert!(slope_at((t as f32).next_down()) < 0.0 && slope_at((t as f32).next_up()) > 0.0);
                        continue;
                    }
                    other => panic!("{number} from {first}: {other:?}"),
                };
                let (end, end_slope) = more_thuente(number, t);
                println!("{number} from {first}: {t} after {}, slope {end_slope}", search.evaluations());
                assert!(end <= loss + c1 * t * slope, "{number} from {first}: {t}");
                assert!(end_slope.abs() <= c2 * slope.abs(), "{number} from {first}: {t}");
                assert_eq!(t, f64::from(t as f32));
            }
        }
    }
}

fn ray(slope: f64) -> Ray {
    Ray { slope, size: 1.0, first: 1.0 }
}

#[test]
fn a_loss_that_rises_ends_the_way_out() {
    let mut search = StrongWolfe::DEFAULT.search(0.0, ray(-1.0)).unwrap();
    search.report(-0.5, -1.0).unwrap();
    let Trial::Evaluate(second) = search.trial() else { panic!("{search:?}") };
    assert!(second > 1.0);
    // The slope says further, the loss that a minimum has been passed.
    search.report(-0.4, -0.95).unwrap();
    assert!(matches!(search.trial(), Trial::Evaluate(t) if t > 1.0 && t < second), "{search:?}");
}

#[test]
fn searches_that_fail() {
    let wolfe = StrongWolfe::DEFAULT;
    // The gradient has the wrong sign: every step goes up. The start is the best.
    let search = run_search(wolfe.search(0.0, ray(-1.0)).unwrap(), |t| (t, -1.0));
    assert_eq!(search.trial(), Trial::Failed(0.0));
    assert!(search.evaluations() < 25);
    // A loss that falls for ever.
    let search = run_search(wolfe.search(0.0, ray(-1.0)).unwrap(), |t| (-t, -1.0));
    assert!(matches!(search.trial(), Trial::Failed(t) if t > 1e3));
    assert_eq!(search.evaluations(), 25);
    // It is the last evaluation at most, and changes nothing afterwards.
    let wolfe = StrongWolfe { max_evaluations: 1, ..wolfe };
    let mut search = run_search(wolfe.search(0.0, ray(-1.0)).unwrap(), |t| (t, 1.0));
    assert_eq!((search.trial(), search.evaluations()), (Trial::Failed(0.0), 1));
    let ended = search;
    search.report(-1.0, 0.0).unwrap();
    assert_eq!(search, ended);
    // The last one may do.
    let search = run_search(wolfe.search(0.0, ray(-1.0)).unwrap(), |t| (-t, 0.0));
    assert_eq!(search.trial(), Trial::Done(1.0));
    // No step length overflows f32.
    let far = Ray { first: 1e38, ..ray(-1.0) };
    let search = run_search(StrongWolfe::DEFAULT.search(0.0, far).unwrap(), |t| (-t, -1.0));
    assert_eq!(search.trial(), Trial::Failed(f32::MAX.into()));
}

#[test]
fn bad_inputs_of_a_search() {
    let wolfe = StrongWolfe::DEFAULT;
    let refused = |wolfe: StrongWolfe, loss, ray| wolfe.search(loss, ray).unwrap_err();
    for (name, wolfe) in [
        ("c1", StrongWolfe { c1: 0.0, ..wolfe }),
        ("c1", StrongWolfe { c1: f64::NAN, ..wolfe }),
        ("c2", StrongWolfe { c2: 1.0, ..wolfe }),
        ("c2", StrongWolfe { c1: 0.5, c2: 0.4, ..wolfe }),
        ("max_evaluations", StrongWolfe { max_evaluations: 0, ..wolfe }),
        ("tolerance_change", StrongWolfe { tolerance_change: -1.0, ..wolfe }),
    ] {
        let error = refused(wolfe, 1.0, ray(-1.0));
        assert!(matches!(error, Error::HyperParameter { name: found, .. } if found == name), "{name}: {error}");
    }
    for first in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = refused(wolfe, 1.0, Ray { first, ..ray(-1.0) });
        assert!(matches!(error, Error::HyperParameter { name: "first", range: Range::Positive, .. }), "{error}");
    }
    for slope in [0.0, 2.0] {
        assert_eq!(refused(wolfe, 1.0, ray(slope)), Error::NotDescent { slope });
    }
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let not_finite =
            |error, name| assert!(matches!(error, Error::NotFinite { name: found, .. } if found == name), "{error}");
        not_finite(refused(wolfe, bad, ray(-1.0)), "loss");
        not_finite(refused(wolfe, 1.0, ray(bad)), "slope");
        not_finite(refused(wolfe, 1.0, Ray { size: bad, ..ray(-1.0) }), "size");
        let mut search = wolfe.search(1.0, ray(-1.0)).unwrap();
        let before = search;
        not_finite(search.report(bad, 0.0).unwrap_err(), "loss");
        not_finite(search.report(0.0, bad).unwrap_err(), "slope");
        assert_eq!(search, before);
    }
}

/// A call with what it may write. It fails, and has written nothing.
fn assert_refused<const M: usize>(
    lbfgs: Lbfgs,
    state: LbfgsState<M>,
    p: &[f32],
    grads: &[f32],
    history: usize,
    is_right: impl Fn(&Error) -> bool,
) {
    let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let (mut new_state, mut new_p, mut history) = (state, p.to_vec(), vec![0.5; history]);
    let error = lbfgs.step(&mut new_state, &mut [LbfgsTensor::new(&mut new_p, grads, &mut history)]).unwrap_err();
    assert!(is_right(&error), "{error}");
    assert_eq!((new_state, bits(&new_p)), (state, bits(p)));
    assert!(history.iter().all(|x| *x == 0.5));
}

#[test]
fn bad_inputs() {
    type State = LbfgsState<2>;
    let (p, g, rows) = ([1.0, 2.0], [0.5, -0.5], State::ROWS * 2);
    let mut used = State::START;
    Lbfgs::DEFAULT.step(&mut used, &mut [LbfgsTensor::new(&mut p.clone(), &g, &mut vec![0.0; rows])]).unwrap();
    for state in [State::START, used] {
        let refused = |lbfgs, p: &[f32], g: &[f32], history, is_right: &dyn Fn(&Error) -> bool| {
            assert_refused(lbfgs, state, p, g, history, is_right);
        };
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            refused(Lbfgs::DEFAULT, &p, &[0.5, bad], rows, &|error| {
                matches!(error, Error::NotFinite { name: "grads", .. })
            });
            refused(Lbfgs::DEFAULT, &[bad, 0.0], &g, rows, &|error| {
                matches!(error, Error::NotFinite { name: "params", .. })
            });
        }
        refused(Lbfgs::DEFAULT, &p, &g[..1], rows, &|error| {
            *error == Error::TensorLength { tensor: 0, slice: Slice::Grads, expected: 2, found: 1 }
        });
        for history in [0, rows - 1, rows + 1] {
            refused(Lbfgs::DEFAULT, &p, &g, history, &|error| {
                *error == Error::TensorLength { tensor: 0, slice: Slice::History, expected: rows, found: history }
            });
        }
        for lr in [-1.0, f64::NAN, 1e300] {
            let lbfgs = Lbfgs { lr, ..Lbfgs::DEFAULT };
            refused(lbfgs, &p, &g, rows, &|error| matches!(error, Error::HyperParameter { name: "lr", .. }));
        }
    }
    let none = LbfgsState::<0>::START;
    assert_refused(Lbfgs::DEFAULT, none, &p, &g, LbfgsState::<0>::ROWS * 2, |error| {
        *error == Error::HyperParameter { name: "history", value: 0.0, range: Range::AtLeast(1.0) }
    });
    // The second tensor of a list is wrong: the first is as it was.
    let (mut a, mut b, mut history, mut short) = (p, p, vec![0.5; rows], vec![0.5; 3]);
    let tensors = &mut [LbfgsTensor::new(&mut a, &g, &mut history), LbfgsTensor::new(&mut b, &g, &mut short)];
    let expected = Error::TensorLength { tensor: 1, slice: Slice::History, expected: rows, found: 3 };
    assert_eq!(Lbfgs::DEFAULT.step(&mut State::START.clone(), tensors), Err(expected));
    assert_eq!(used.move_to(1.0, tensors), Err(expected));
    assert_eq!(used.slope(tensors), Err(expected));
    assert_eq!((a, history), (p, vec![0.5; rows]));
    // There is no direction yet; the step length is no number.
    let mut history = vec![0.5; rows];
    let tensors = &mut [LbfgsTensor::new(&mut a, &g, &mut history)];
    assert!(matches!(State::START.move_to(1.0, tensors), Err(Error::Clock { name: "iterations", .. })));
    assert!(matches!(State::START.slope(tensors), Err(Error::Clock { name: "iterations", .. })));
    assert!(matches!(used.move_to(f64::NAN, tensors), Err(Error::HyperParameter { name: "t", .. })));
    assert_eq!(a, p);
}

#[test]
fn what_the_history_holds_at_the_start_does_not_matter() {
    for fill in [f32::NAN, 0.5, -1e30] {
        let mut state = LbfgsState::<2>::START;
        let (mut p, g, mut history) = ([1.0, 2.0], [3.0, 4.0], [fill; 14]);
        let ray = Lbfgs::DEFAULT.direction(&mut state, &mut [LbfgsTensor::new(&mut p, &g, &mut history)]).unwrap();
        assert_eq!((ray, state.pairs()), (Ray { slope: -25.0, size: 4.0, first: f64::from((1.0 / 7.0) as f32) }, 0));
        assert_eq!(history[..6], [-3.0, -4.0, 1.0, 2.0, 3.0, 4.0]);
    }
}

#[test]
fn a_gradient_of_zeros_and_nothing_at_all() {
    let mut state = LbfgsState::<2>::START;
    let (mut p, mut history) = ([1.0, -1.0], [f32::NAN; 14]);
    for _ in 0..2 {
        let ray = Lbfgs::DEFAULT.step(&mut state, &mut [LbfgsTensor::new(&mut p, &[0.0; 2], &mut history)]).unwrap();
        assert_eq!((ray.slope, ray.size, ray.first, p), (0.0, 0.0, 1.0, [1.0, -1.0]));
    }
    let mut state = LbfgsState::<2>::START;
    let ray = Lbfgs::DEFAULT.step(&mut state, &mut [LbfgsTensor::new(&mut [], &[], &mut [])]).unwrap();
    assert_eq!((ray, Lbfgs::DEFAULT.step(&mut state, &mut []).unwrap()), (ray, ray));
}

#[test]
fn a_direction_that_overflows_is_replaced() {
    let (mut state, mut history) = (LbfgsState::<2>::START, [0.0; 7]);
    let mut next = |p, g| {
        let ray = Lbfgs::DEFAULT.direction(&mut state, &mut [LbfgsTensor::new(&mut [p], &[g], &mut history)]).unwrap();
        (ray.slope, history[0], state.pairs())
    };
    assert_eq!(next(0.0, 1.0), (-1.0, -1.0, 0));
    // γ is 3e38 · 2²³.
    let g = 1.0 + f32::EPSILON;
    assert_eq!(next(3e38, g), (-f64::from(g) * f64::from(g), -g, 0));
    // The history goes on.
    assert_eq!(next(2.5e38, 0.5 * g).2, 1);
}

/// Everything that a training with line searches keeps.
#[derive(Clone, Debug, PartialEq)]
struct Training {
    p: Vec<f32>,
    grads: Vec<f32>,
    loss: f64,
    history: Vec<f32>,
    state: LbfgsState<3>,
    /// After a direction, before the search along it.
    ray: Option<Ray>,
    search: Option<LineSearch>,
    /// Whether `loss` and `grads` are those of the trial, which is to be reported.
    is_evaluated: bool,
}

impl Training {
    fn new(function: Function<'_>, p: Vec<f32>) -> Self {
        let (loss, grads) = in_f32(function, &p);
        let history = vec![f32::NAN; LbfgsState::<3>::ROWS * p.len()];
        Training { p, grads, loss, history, state: LbfgsState::START, ray: None, search: None, is_evaluated: false }
    }

    fn tensor(&mut self) -> [LbfgsTensor<'_>; 1] {
        [LbfgsTensor::new(&mut self.p, &self.grads, &mut self.history)]
    }

    /// The next call.
    fn go_on(&mut self, function: Function<'_>) {
        let state = self.state;
        let Some(search) = &mut self.search else {
            if let Some(ray) = self.ray.take() {
                self.search = Some(StrongWolfe::DEFAULT.search(self.loss, ray).unwrap());
                return;
            }
            let mut next = state;
            self.ray = Some(Lbfgs::DEFAULT.direction(&mut next, &mut self.tensor()).unwrap());
            self.state = next;
            return;
        };
        match search.trial() {
            Trial::Evaluate(_) if self.is_evaluated => {
                let mut search = *search;
                search.report(self.loss, state.slope(&self.tensor()).unwrap()).unwrap();
                (self.search, self.is_evaluated) = (Some(search), false);
            }
            Trial::Evaluate(t) => {
                state.move_to(t, &mut self.tensor()).unwrap();
                (self.loss, self.grads) = in_f32(function, &self.p);
                self.is_evaluated = true;
            }
            Trial::Done(_) => self.search = None,
            Trial::Failed(t) => {
                state.move_to(t, &mut self.tensor()).unwrap();
                (self.loss, self.grads) = in_f32(function, &self.p);
                self.search = None;
            }
        }
    }

    fn through_bytes(mut self) -> Self {
        let mut bytes = [0; LbfgsState::<3>::BYTES];
        self.state.to_bytes(&mut bytes).unwrap();
        self.state = LbfgsState::from_bytes(&bytes).unwrap();
        self.ray = self.ray.map(|ray| Ray::from_bytes(&ray.to_bytes()).unwrap());
        self.search = self.search.map(|search| LineSearch::from_bytes(&search.to_bytes()).unwrap());
        self
    }

    fn through_json(mut self) -> Self {
        fn again<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
            serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
        }
        self.state = again(&self.state);
        self.ray = again(&self.ray);
        self.search = again(&self.search);
        self
    }
}

/// The training after a number of calls, which goes through `written` before each that `is_stop` names.
fn trained(
    function: Function<'_>,
    start: &[f32],
    calls: usize,
    is_stop: impl Fn(usize) -> bool,
    written: fn(Training) -> Training,
) -> Training {
    let mut training = Training::new(function, start.to_vec());
    for call in 0..calls {
        if is_stop(call) {
            let before = training.clone();
            training = written(training);
            assert_eq!((training.state, training.ray, training.search), (before.state, before.ray, before.search));
        }
        training.go_on(function);
    }
    training
}

#[test]
fn training_goes_on_from_what_was_written() {
    // Its gradient is off, so that searches fail on the way.
    let off = |p: &[f64]| {
        let (loss, grads) = rosenbrock(p);
        (loss, grads.iter().map(|g| g + 0.05).collect())
    };
    let mut kinds = [0; 5];
    for (function, start) in [(&rosenbrock as Function<'_>, [-1.2, 1.0, -0.5, 0.8]), (&off, [0.5, 0.5, 0.9, 0.9])] {
        let calls = 200;
        let bits = |training: Training| {
            let Training { p, grads, history, state, .. } = training;
            ([p, grads, history].concat().iter().map(|x| x.to_bits()).collect::<Vec<_>>(), state)
        };
        let never = trained(function, &start, calls, |_| false, |training| training);
        assert_eq!(never.state.pairs(), 3);
        let expected = bits(never);
        for written in [Training::through_bytes, Training::through_json] {
            assert_eq!(bits(trained(function, &start, calls, |_| true, written)), expected);
            for stop in 0..calls {
                assert_eq!(bits(trained(function, &start, calls, |call| call == stop, written)), expected, "{stop}");
            }
        }
        let mut training = Training::new(function, start.to_vec());
        for _ in 0..calls {
            let kind = match training.search {
                None => 0,
                Some(search) => match (search.trial(), search.to_bytes()[120]) {
                    (Trial::Evaluate(_), 0) => 1,
                    (Trial::Evaluate(_), _) => 2,
                    (Trial::Done(_), _) => 3,
                    (Trial::Failed(_), _) => 4,
                },
            };
            kinds[kind] += 1;
            training.go_on(function);
        }
    }
    println!("{kinds:?}");
    assert!(kinds.iter().all(|count| *count > 2), "{kinds:?}");
}

/// Every search of the test functions comes back from its bytes and from JSON, at each of its trials.
#[test]
fn searches_come_back_at_every_trial() {
    for (number, first) in (1..=6).flat_map(|number| [1e-3, 0.1, 1.0, 10.0, 1e3].map(|first| (number, first))) {
        let wolfe = StrongWolfe { c1: 1e-3, c2: 0.1, max_evaluations: 9, tolerance_change: 0.0 };
        let (loss, slope) = more_thuente(number, 0.0);
        let mut search = wolfe.search(loss, Ray { slope, size: 1.0, first }).unwrap();
        loop {
            assert_eq!(LineSearch::from_bytes(&search.to_bytes()), Ok(search));
            let json = serde_json::to_string(&search).unwrap();
            assert_eq!(serde_json::from_str::<LineSearch>(&json).unwrap(), search, "{json}");
            let Trial::Evaluate(t) = search.trial() else { break };
            let (loss, slope) = more_thuente(number, t);
            search.report(loss, slope).unwrap();
        }
    }
}

/// What an error blames.
fn blamed<T: std::fmt::Debug>(read: Result<T, Error>) -> &'static str {
    match read.unwrap_err() {
        Error::Clock { name, .. }
        | Error::Above { name, .. }
        | Error::NotFinite { name, .. }
        | Error::HyperParameter { name, .. } => name,
        Error::NotDescent { .. } => "slope",
        Error::ClockOverflow => "evaluations",
        other => panic!("{other}"),
    }
}

/// The bytes with another word at a place.
fn with_word<const N: usize>(mut bytes: [u8; N], place: usize, word: u64) -> [u8; N] {
    bytes[8 * place..8 * place + 8].copy_from_slice(&word.to_le_bytes());
    bytes
}

#[test]
fn states_that_no_run_reaches_are_refused() {
    type State = LbfgsState<3>;
    let bytes_of = |iterations: usize| {
        let (mut state, mut p, mut history) = (State::START, [1.0, -2.0], [0.0; 2 * State::ROWS]);
        for _ in 0..iterations {
            let grads = p.map(|p| 2.0 * p + p * p * p);
            Lbfgs::DEFAULT.step(&mut state, &mut [LbfgsTensor::new(&mut p, &grads, &mut history)]).unwrap();
        }
        let mut bytes = [0; State::BYTES];
        state.to_bytes(&mut bytes).unwrap();
        assert_eq!(State::from_bytes(&bytes), Ok(state));
        bytes
    };
    let [none, two, full] = [0, 3, 6].map(bytes_of);
    let (nan, minus) = (f64::NAN.to_bits(), (-1.0f64).to_bits());
    // Iterations, pairs, next, γ, and the three of ρ.
    for (name, bytes, place, words) in [
        ("pairs", none, 1, &[1, 3, 4, u64::MAX][..]),
        ("pairs", two, 0, &[0, 1, 2]),
        ("pairs", full, 1, &[4, u64::MAX]),
        ("next", none, 2, &[1, 2, u64::MAX]),
        ("next", two, 2, &[0, 1, 3]),
        ("next", full, 2, &[3, u64::MAX]),
        ("gamma", none, 3, &[0, 1.5f64.to_bits(), nan, minus]),
        ("gamma", full, 3, &[0, f64::INFINITY.to_bits(), nan, minus]),
        ("rho", none, 4, &[1.0f64.to_bits(), nan]),
        ("rho", two, 5, &[0, nan, minus, f64::INFINITY.to_bits()]),
        ("rho", two, 6, &[1.0f64.to_bits()]),
        ("rho", full, 6, &[0, nan]),
    ] {
        for word in words {
            assert_eq!(blamed(State::from_bytes(&with_word(bytes, place, *word))), name, "{place}: {word}");
        }
    }
    let length = |found| Error::Length { slice: Slice::Bytes, expected: State::BYTES, found };
    assert_eq!(State::from_bytes(&full[1..]), Err(length(State::BYTES - 1)));
    let mut long = [1; State::BYTES + 1];
    assert_eq!(State::START.to_bytes(&mut long), Err(length(State::BYTES + 1)));
    assert_eq!(long, [1; State::BYTES + 1]);

    let json = |text: &str| serde_json::from_str::<LbfgsState<1>>(text).is_ok();
    assert!(json(r#"{"iterations": 2, "pairs": 1, "next": 0, "rho": [0.5], "gamma": 2.0}"#));
    for bad in [
        r#"{"iterations": 2, "pairs": 1, "next": 0, "rho": [0.5], "gamma": 2.0, "other": 1}"#,
        r#"{"iterations": 2, "pairs": 1, "next": 0, "rho": [0.5]}"#,
        r#"{"iterations": 1, "pairs": 1, "next": 0, "rho": [0.5], "gamma": 2.0}"#,
        r#"{"iterations": 2, "pairs": 1, "next": 0, "rho": [0.5, 0.5], "gamma": 2.0}"#,
        r#"{"iterations": 2, "pairs": 1, "next": 0, "rho": [], "gamma": 2.0}"#,
    ] {
        assert!(!json(bad), "{bad}");
    }
}

#[test]
fn searches_that_no_run_reaches_are_refused() {
    let search = |reports: &[(f64, f64)]| {
        let mut search = StrongWolfe::DEFAULT.search(4.0, ray(-4.0)).unwrap();
        reports.iter().for_each(|(loss, slope)| search.report(*loss, *slope).unwrap());
        search.to_bytes()
    };
    // At the start, further out, in a bracket, and done.
    let (new, out, zoom, done) = (search(&[]), search(&[(1.0, -3.9)]), search(&[(5.0, 6.0)]), search(&[(1.0, 0.0)]));
    let bits = f64::to_bits;
    let (nan, minus, tenth) = (bits(f64::NAN), bits(-1.0), bits(0.1));
    for (name, bytes, place, words) in [
        ("c1", new, 0, &[0, nan, bits(1.0)][..]),
        ("c2", new, 1, &[0, nan, bits(1e-5)]),
        ("max_evaluations", new, 2, &[0]),
        ("tolerance_change", new, 3, &[nan, minus]),
        ("loss", new, 4, &[nan, bits(3.0)]),
        ("slope", new, 5, &[nan, 0, bits(1.0)]),
        ("size", new, 6, &[nan]),
        ("evaluations", new, 7, &[1, 24, 25, u64::MAX]),
        ("evaluations", out, 7, &[0, 25, 26, u64::MAX]),
        ("evaluations", zoom, 7, &[0, 25]),
        ("evaluations", done, 7, &[0, 26]),
        ("t", out, 8, &[nan, minus, tenth, bits(1e300)]),
        ("loss", out, 9, &[nan, bits(3.9999)]),
        ("slope", out, 10, &[nan]),
        ("t", zoom, 11, &[nan, minus, tenth]),
        ("loss", zoom, 12, &[nan]),
        ("slope", zoom, 13, &[bits(f64::INFINITY)]),
        ("trial", new, 14, &[nan, minus, tenth, 0]),
        ("trial", out, 14, &[bits(1.0), bits(0.5)]),
        ("trial", zoom, 14, &[0, bits(1.0), bits(2.0)]),
        ("trial", done, 14, &[nan, minus, tenth]),
        ("phase", new, 15, &[3, u64::MAX]),
        ("trial", new, 16, &[3, u64::MAX]),
        ("evaluations", new, 16, &[1, 2]),
    ] {
        for word in words {
            let read = LineSearch::from_bytes(&with_word(bytes, place, *word));
            assert_eq!(blamed(read), name, "{place}: {word}");
        }
    }

    let text = serde_json::to_string(&LineSearch::from_bytes(&zoom).unwrap()).unwrap();
    for (from, to) in [
        (r#""c1":0.0001"#, r#""c1":2.0"#),
        (r#""stalled":"#, r#""other":1,"stalled":"#),
        (r#""size":"#, r#""other":1,"size":"#),
        (r#""start":{"t":0.0"#, r#""start":{"t":1.0"#),
        (r#""start":{"#, r#""start":{"other":1,"#),
        (r#""evaluate":"#, r#""other":"#),
    ] {
        assert!(text.contains(from), "{text}");
        assert!(serde_json::from_str::<LineSearch>(&text.replacen(from, to, 1)).is_err(), "{from}");
    }
}

#[test]
fn rays_that_no_direction_has_are_refused() {
    let ray = ray(-1.0);
    assert_eq!(Ray::from_bytes(&ray.to_bytes()), Ok(ray));
    for (name, bad) in [
        ("slope", Ray { slope: 1.0, ..ray }),
        ("slope", Ray { slope: f64::NAN, ..ray }),
        ("size", Ray { size: -1.0, ..ray }),
        ("size", Ray { size: f64::NAN, ..ray }),
        ("first", Ray { first: -1.0, ..ray }),
        ("first", Ray { first: f64::INFINITY, ..ray }),
    ] {
        assert_eq!(blamed(Ray::from_bytes(&bad.to_bytes())), name, "{bad:?}");
    }
    let json = |text: &str| serde_json::from_str::<Ray>(text).is_ok();
    assert!(json(r#"{"slope": -1.0, "size": 1.0, "first": 1.0}"#));
    assert!(!json(r#"{"slope": 1.0, "size": 1.0, "first": 1.0}"#));
    assert!(!json(r#"{"slope": -1.0, "size": 1.0, "first": 1.0, "other": 1.0}"#));
}
