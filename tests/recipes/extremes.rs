//! Steps at the ends of f32: factors beyond its range, gradients of zeros for a long time, numbers that are not finite. The values
//! are those of the formulas in f64.

use gradstep::any::{AnyOptimizer, AnyStep, AnyTensor};
use gradstep::clip::{AdaptiveClip, ClipNorm};
use gradstep::lbfgs::{Lbfgs, LbfgsState, LbfgsTensor};
use gradstep::optim::DistanceClock;
use gradstep::rule::{Adapter, Scope};
use gradstep::sam::Sam;
use gradstep::*;

/// A model of one tensor with its optimizer.
struct Model {
    optimizer: AnyOptimizer,
    clock: ClockData,
    shape: Shape,
    params: Vec<f32>,
    state: Vec<Vec<f32>>,
}

impl Model {
    fn new(optimizer: impl Into<AnyOptimizer>, params: &[f32]) -> Self {
        Model::shaped(optimizer, Shape::vector(params.len()), params)
    }

    fn shaped(optimizer: impl Into<AnyOptimizer>, shape: Shape, params: &[f32]) -> Self {
        let optimizer = optimizer.into();
        let mut state: Vec<_> = optimizer.slots().map(|slot| vec![0.0; slot.extent.len(&shape)]).collect();
        optimizer.init_shaped(&shape, params, &mut state).unwrap();
        Model { optimizer, clock: optimizer.clock(), shape, params: params.to_vec(), state }
    }

    /// The step that would come next.
    fn begin(&self) -> AnyStep {
        self.optimizer.begin(&self.clock).unwrap().loss(1.0)
    }

    fn try_step(&mut self, grads: &[f32], step: AnyStep<impl Adapter>) -> Result<(), Error> {
        let tensor = AnyTensor { shape: self.shape, ..AnyTensor::new(&mut self.params, grads, &mut self.state) };
        step.apply_all(&mut [tensor])?.commit(&mut self.clock)
    }

    fn step(&mut self, grads: &[f32]) -> Result<(), Error> {
        let step = self.begin();
        self.try_step(grads, step)
    }

    #[track_caller]
    fn assert_equals(&self, other: &Self) {
        let of = |model: &Self| (model.params.clone(), model.state.clone(), model.clock);
        assert_eq!(of(self), of(other), "{}", self.optimizer.name());
    }
}

/// The parameters that a row, or a tensor without rows, has after steps along the same gradient.
fn run<const N: usize>(optimizer: impl Into<AnyOptimizer>, params: &[f32], grads: &[f32], steps: usize) -> [f32; N] {
    let mut model = Model::new(optimizer, params);
    (0..steps).for_each(|_| model.step(grads).unwrap());
    *model.params.first_chunk().unwrap()
}

#[track_caller]
fn near<const N: usize>(found: [f32; N], expected: [f64; N]) {
    for (found, expected) in found.into_iter().zip(expected) {
        let error = (f64::from(found) - expected).abs();
        assert!(error <= 3e-7 * expected.abs(), "{found:e} instead of {expected:e}");
    }
}

#[test]
fn factors_above_f32() {
    let mut grads = vec![0.0; 1_000_000];
    grads[0] = 2e-38;
    near(run(Fromage::DEFAULT, &vec![1.0; 1_000_000], &grads, 1), [-8.999_550_03, 0.999_950_003_75]);
    let root = (1.0 + 1e-4_f64).sqrt();
    near(run(Fromage::DEFAULT, &[1.0; 2], &[1e-45, 0.0], 1), [(1.0 - 0.01 * 2.0_f64.sqrt()) / root, 1.0 / root]);
    let p = f64::from(3e38_f32);
    let fromage = Fromage { lr: 0.1, ..Fromage::DEFAULT };
    near(run(fromage, &[3e38; 4096], &[1.0 / 64.0; 4096], 1), [p * 0.9 / 1.01_f64.sqrt()]);
    near(run(Lars::optax(), &[1000.0], &[1e-39], 1), [999.0]);
    // What is divided by the norm of a single gradient is its sign.
    for g in [1e-30, 1e-39, 1e-45] {
        near(run(NovoGrad { eps: 0.0, lr: 0.1, ..NovoGrad::DEFAULT }, &[1.0], &[g], 1), [0.9]);
        near(run(AdamMini { eps: 0.0, lr: 0.1, beta1: 0.0, ..AdamMini::DEFAULT }, &[1.0], &[g], 1), [0.9]);
        near(run(RowAdaGrad { eps: 0.0, lr: 0.1, ..RowAdaGrad::DEFAULT }, &[1.0], &[g], 1), [0.9]);
        near(run(Dog { eps: 0.0, lr: 1e5, ..Dog::DEFAULT }, &[1.0], &[g], 1), [0.8]);
        near(run(Dowg { eps: 0.0, ..Dowg::DEFAULT }, &[1.0], &[g], 1), [0.99]);
        near(run(DAdaptSgd { d0: 0.1, momentum: 0.0, ..DAdaptSgd::DEFAULT }, &[1.0], &[g], 1), [0.9]);
    }
    // The ratio is the largest f32, and the rate is ten times as much.
    let lamb = Lamb { lr: 10.0, beta1: 0.0, ..Lamb::DEFAULT };
    let g = f64::from(2e-38_f32);
    near(run(lamb, &[1e7], &[2e-38], 1), [1e7 - 10.0 * f64::from(f32::MAX) * (g / 1e-6)]);
}

#[test]
fn factors_below_f32() {
    let p = f64::from(1e-6_f32);
    near(run(Lars { lr: 0.1, ..Lars::optax() }, &[1e-6; 4], &[3e38; 4], 1), [p * (1.0 - 1e-4)]);
    // Clipped to a norm of 1e-6, and so half of that for each of four.
    for max_norm in [1e-6, 1e-30] {
        let (sgd, clip) = (Sgd { lr: 1.0, ..Sgd::DEFAULT }, ClipNorm::optax(max_norm).unwrap());
        let (mut p, g) = ([0.0; 4], [3e38; 4]);
        sgd.begin(&0).unwrap().clip_norm(clip).apply(&mut p, &g, []).unwrap();
        near(p, [-max_norm / 2.0; 4]);
        let factor = clip.factor(gradstep::sum::Sum::squares(&g).root()).unwrap();
        let mut p = [0.0; 4];
        sgd.begin(&0).unwrap().scale_grads(factor).apply(&mut p, &g, []).unwrap();
        near(p, [-max_norm / 2.0; 4]);
    }
    let mut p = [1e-30; 4];
    let clip = AdaptiveClip { clipping: 1e-10, eps: 1e-30 };
    Sgd { lr: 1.0, ..Sgd::DEFAULT }.begin(&0).unwrap().adaptive_clip(clip).apply(&mut p, &[3e38; 4], []).unwrap();
    near(p, [f64::from(1e-30_f32) * (1.0 - 1e-10); 4]);
    // The first step of L-BFGS has the length lr.
    let (mut p, mut history) = ([0.0; 2], [0.0; 10]);
    let mut tensor = [LbfgsTensor::new(&mut p, &[3e38, 0.0], &mut history)];
    let mut state = LbfgsState::<1>::START;
    Lbfgs { lr: 1e-7, ..Lbfgs::DEFAULT }.step(&mut state, &mut tensor).unwrap();
    near(p, [-1e-7, 0.0]);
}

#[test]
fn a_tiny_epsilon_beside_gradients_of_zeros() {
    for eps in [1e-40, 1e-45] {
        let optimizers: [AnyOptimizer; 4] = [
            NovoGrad { eps, ..NovoGrad::DEFAULT }.into(),
            AdamMini { eps, ..AdamMini::DEFAULT }.into(),
            RowAdaGrad { eps, ..RowAdaGrad::DEFAULT }.into(),
            Dowg { eps, ..Dowg::DEFAULT }.into(),
        ];
        for optimizer in optimizers {
            assert_eq!(run(optimizer, &[1.0, 2.0], &[0.0; 2], 3), [1.0, 2.0], "{}", optimizer.name());
        }
        let (mut q, mut p) = ([0.0; 2], [1.0, 2.0]);
        Sam { eps, ..Sam::DEFAULT }.perturb().unwrap().apply(&mut q, &[0.0; 2], [&mut p]).unwrap();
        assert_eq!(q, p);
    }
}

/// A coefficient that later steps have is refused in the first one.
#[test]
fn a_coefficient_of_later_steps() {
    let step = Mars { gamma: 1e38, beta1: 0.9999, ..Mars::DEFAULT }.begin(&0);
    assert!(matches!(step, Err(Error::Coefficient { name: "gamma", .. })));
}

/// Gradients of zeros say nothing about the distance to the solution.
#[test]
fn gradients_that_stay_zero() {
    let optimizers: [AnyOptimizer; 4] = [
        Prodigy { beta2: 0.99, ..Prodigy::DEFAULT }.into(),
        DAdaptAdam { beta2: 0.99, ..DAdaptAdam::DEFAULT }.into(),
        Prodigy::DEFAULT.into(),
        DAdaptAdam::DEFAULT.into(),
    ];
    for optimizer in optimizers {
        let mut model = Model::new(optimizer, &[1.0]);
        (0..3).for_each(|_| model.step(&[1.0]).unwrap());
        let [d, ..] = model.clock.values;
        (0..2_000).for_each(|_| model.step(&[0.0]).unwrap());
        let rest = model.params.clone();
        (0..200_000).for_each(|_| model.step(&[0.0]).unwrap());
        assert_eq!((&model.params, model.clock.values[0]), (&rest, d), "{}", optimizer.name());
        // Training goes on: the estimate is of the length of the way so far.
        (0..3).for_each(|_| model.step(&[1.0]).unwrap());
        let way = f64::from(1.0 - model.params[0]);
        assert!(way < 1e-2 && model.clock.values[0] <= 2.0 * way, "{way}, {:?}", model.clock);
    }
}

/// A number that is not finite is an error of an optimizer that looks at all tensors; nothing has changed.
#[test]
fn not_finite_among_all_tensors() {
    let refuse: Vec<_> = AnyOptimizer::ALL.iter().filter(|optimizer| optimizer.scope() == Some(Scope::All)).collect();
    assert_eq!(refuse.len(), 7);
    for &optimizer in refuse {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let (mut model, mut fresh) = (Model::new(optimizer, &[3.0, 4.0]), Model::new(optimizer, &[3.0, 4.0]));
            match model.step(&[1.0, bad]) {
                Err(Error::NotFiniteElement { tensor: 0, slice: Slice::Grads, element: 1, value }) => {
                    assert_eq!(value.to_bits(), bad.to_bits());
                }
                other => panic!("{}: {other:?}", optimizer.name()),
            }
            for model in [&mut model, &mut fresh] {
                model.step(&[3.0, 4.0]).unwrap();
            }
            model.assert_equals(&fresh);
        }
    }
    for optimizer in [AnyOptimizer::from(Momo::DEFAULT), PolyakSgd::DEFAULT.into()] {
        let mut model = Model::new(optimizer, &[3.0, 4.0]);
        for loss in [f64::NAN, f64::INFINITY] {
            let step = model.begin().loss(loss);
            assert!(matches!(model.try_step(&[1.0; 2], step), Err(Error::NotFinite { name: "loss", .. })));
        }
        assert_eq!((model.clock.step, model.params), (0, vec![3.0, 4.0]));
    }
}

/// The second tensor of a list is named, and the second of two groups.
#[test]
fn the_element_that_is_not_finite() {
    let clip = ClipNorm::optax(1.0).unwrap();
    let (mut first, mut second, mut moments) = ([1.0; 2], [1.0; 3], [[[0.0; 2]; 2], [[0.0; 2]; 2]]);
    let mut more = [[0.0; 3]; 2];
    let error = Some(Error::NotFiniteElement { tensor: 1, slice: Slice::Grads, element: 2, value: f32::INFINITY });
    let [a, _] = &mut moments;
    let grads = [0.0, 0.0, f32::INFINITY];
    let mut list = [Tensor::new(&mut first, &[0.0; 2], a), Tensor::new(&mut second, &grads, &mut more)];
    let step = Adam::DEFAULT.begin(&0).unwrap().clip_norm(clip);
    assert_eq!(step.apply_all(&mut list).err(), error);
    assert_eq!(step.par_apply_all(&mut list).err(), error);
    let [one, other] = list;
    assert_eq!(gradstep::Step::apply_groups([step; 2], [&mut [one], &mut [other]]).err(), error);
    // A parameter, of an optimizer that looks at them.
    let (mut p, mut start) = ([1.0, f32::NEG_INFINITY], [1.0; 2]);
    let error = Dog::DEFAULT.begin(&Default::default()).unwrap().apply(&mut p, &[1.0; 2], [&mut start]).err();
    let value = f32::NEG_INFINITY;
    assert_eq!(error, Some(Error::NotFiniteElement { tensor: 0, slice: Slice::Params, element: 1, value }));
}

/// A number that is not finite makes all parameters of its row, block or tensor NaN, and of no other one.
#[test]
fn not_finite_within_a_unit() {
    let optimizers: [AnyOptimizer; 8] = [
        Lars::optax().into(),
        Lamb::DEFAULT.into(),
        NovoGrad::DEFAULT.into(),
        Fromage::DEFAULT.into(),
        StableAdamW::DEFAULT.into(),
        Mars::DEFAULT.into(),
        AdamMini::DEFAULT.into(),
        RowAdaGrad::DEFAULT.into(),
    ];
    for optimizer in optimizers {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for p in [0.0, 3.0] {
                let mut model = Model::new(optimizer, &[p; 20]);
                let mut grads = [1.0; 20];
                grads[17] = bad;
                model.step(&grads).unwrap();
                assert!(model.params.iter().all(|p| p.is_nan()), "{} {bad}: {:?}", optimizer.name(), model.params);
            }
        }
    }
    for (optimizer, rows, blocks) in [(AnyOptimizer::from(RowAdaGrad::DEFAULT), 2, 6), (AdamMini::DEFAULT.into(), 6, 2)]
    {
        let mut model = Model::shaped(optimizer, Shape::vector(6).rows(rows).blocks(blocks), &[1.0; 6]);
        model.step(&[1.0, 1.0, f32::INFINITY, 1.0, 1.0, 1.0]).unwrap();
        let is_nan: Vec<bool> = model.params.iter().map(|p| p.is_nan()).collect();
        assert_eq!(is_nan, [false, false, true, true, false, false], "{}", optimizer.name());
    }
}

/// The one number of a unit is at most the largest f32, so that the unit goes on.
#[test]
fn squares_beyond_f32() {
    let optimizers: [AnyOptimizer; 3] =
        [RowAdaGrad::DEFAULT.into(), AdamMini::DEFAULT.into(), NovoGrad { beta1: 0.0, ..NovoGrad::DEFAULT }.into()];
    for optimizer in optimizers {
        let mut model = Model::new(optimizer, &[1.0]);
        for _ in 0..5 {
            let before = model.params[0];
            model.step(&[1e25]).unwrap();
            assert!(before - model.params[0] > 1e-4, "{}: {:?}", optimizer.name(), model.params);
        }
        assert!(model.state.concat().contains(&f32::MAX), "{}: {:?}", optimizer.name(), model.state);
    }
}

/// A step that is dropped or refused leaves no trace: what follows is what would have been without it.
#[test]
fn steps_that_are_not_taken() {
    for &optimizer in AnyOptimizer::ALL {
        let (mut model, mut fresh) = (Model::new(optimizer, &[3.0, 4.0]), Model::new(optimizer, &[3.0, 4.0]));
        for _ in 0..2 {
            let _ = model.begin();
            let step = model.begin();
            assert!(matches!(model.try_step(&[1.0], step), Err(Error::TensorLength { .. })));
            let step = model.begin().scale_grads(f64::NAN);
            assert!(matches!(model.try_step(&[1.0; 2], step), Err(Error::HyperParameter { .. })));
            let step = model.begin().clip_norm(ClipNorm::optax(1.0).unwrap());
            assert!(matches!(model.try_step(&[1.0, f32::NAN], step), Err(Error::NotFiniteElement { .. })));
            for model in [&mut model, &mut fresh] {
                model.step(&[3.0, 4.0]).unwrap();
            }
        }
        model.assert_equals(&fresh);
    }
}

/// The first step that is taken is the first step: by the formulas, after one with NaN.
#[test]
fn the_first_step_after_a_skipped_one() {
    let cases: [(AnyOptimizer, [f64; 2]); 4] = [
        (Dog::DEFAULT.into(), [2.999_996_4, 3.999_995_2]),
        (Momo::DEFAULT.into(), [1.5, 2.0]),
        (Lars { dampening: 0.5, lr: 10.0, always_adapt: true, ..Lars::DEFAULT }.into(), [2.97, 3.96]),
        (AdamW { lr: 0.1, weight_decay: 0.0, ..AdamW::DEFAULT }.into(), [2.9, 3.9]),
    ];
    for (optimizer, expected) in cases {
        let mut model = Model::new(optimizer, &[3.0, 4.0]);
        let clip = ClipNorm::optax(1e9).unwrap();
        let step = model.begin().clip_norm(clip);
        assert!(matches!(model.try_step(&[f32::NAN, 1.0], step), Err(Error::NotFiniteElement { .. })));
        let step = model.begin().loss(12.5).clip_norm(clip);
        model.try_step(&[3.0, 4.0], step).unwrap();
        near(*model.params.first_chunk().unwrap(), expected);
    }
}

/// What no run leaves behind is refused: read from JSON, or by the step after it.
#[test]
fn clocks_that_no_run_reaches() {
    for (value, name) in [(-1.0, "distance"), (f64::NAN, "distance"), (f64::INFINITY, "distance")] {
        let data = ClockData { step: 7, values: [value, 0.0, 0.0] };
        let refused = AnyOptimizer::from(Dog::DEFAULT).begin(&data);
        assert!(matches!(refused, Err(Error::Clock { name: found, .. }) if found == name));
    }
    // A number that the clock of this optimizer does not hold.
    let data = ClockData { step: 7, values: [f64::NAN, -3.0, 0.0] };
    let refused = AnyOptimizer::from(Adam::DEFAULT).begin(&data);
    assert!(matches!(refused, Err(Error::Clock { name: "values", .. })));
    let read = |json: &str| serde_json::from_str::<DistanceClock>(json).map_err(|error| error.to_string());
    assert!(read(r#"{"step":1,"distance":0.5,"squares":2}"#).is_ok());
    assert!(read(r#"{"step":1,"distance":-1,"squares":2}"#).unwrap_err().contains("distance"));
    assert!(read(r#"{"step":1,"distance":1,"squares":2,"other":0}"#).unwrap_err().contains("other"));
    let read = |json: &str| serde_json::from_str::<AdamW>(json).map_err(|error| error.to_string());
    assert!(read(r#"{"lr":-1}"#).unwrap_err().contains("lr"));
}
