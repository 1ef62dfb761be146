//! Clipping against the references of torch and optax, and its bad inputs.

use gradstep::clip::{AdaptiveClip, ClipNorm, Verdict};
use gradstep::sum::{Sum, larger, max_abs};
use gradstep::{Error, Optimizer, Range, Sgd, Slice, Tensor};
use gradstep_testkit::tolerance;
use serde::Deserialize;
use std::collections::BTreeMap;

type Tensors = BTreeMap<String, Vec<f64>>;

#[derive(Deserialize)]
struct File {
    shapes: BTreeMap<String, Vec<usize>>,
    tensors: Tensors,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    case: String,
    norm_type: Option<String>,
    limit: Option<f64>,
    norm: Option<f64>,
    /// The arguments of optax's constructor. A file may leave them out where they are [`usual`].
    hyper: Option<BTreeMap<String, f64>>,
    #[serde(default)]
    grads: Tensors,
    #[serde(default)]
    params: Tensors,
}

fn file() -> File {
    serde_json::from_str(include_str!("../data/clipping.json")).unwrap()
}

fn f32s(values: &[f64]) -> Vec<f32> {
    values.iter().map(|x| *x as f32).collect()
}

/// What a step with gradients times `factor` makes of them, seen by a descent with a learning rate of 1 from 0.
fn scaled(grads: &[f32], factor: f64) -> Vec<f32> {
    let mut params = vec![0.0; grads.len()];
    let step = Sgd { lr: 1.0, ..Sgd::DEFAULT }.tick(&mut 0).unwrap();
    step.scale_grads(factor).maximize().apply(&mut params, grads, []).unwrap();
    params
}

fn assert_near(case: &str, found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{case}");
    for (found, expected) in found.iter().zip(expected) {
        let bound = tolerance::CLIPPED * tolerance::UNIT * expected.abs() + tolerance::SMALLEST;
        assert!((f64::from(*found) - expected).abs() <= bound, "{case}: {found:e}, expected {expected:e}");
    }
}

/// The arguments of the cases of a file that names none.
fn usual(case: &str) -> BTreeMap<String, f64> {
    let arguments: &[(&str, f64)] = match case {
        "optax_clip_by_global_norm" => &[("max_norm", 0.5)],
        "optax_clip_by_block_rms" => &[("threshold", 0.7)],
        "optax_adaptive_grad_clip" => &[("clipping", 0.01)],
        _ => &[],
    };
    arguments.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

/// Norms that torch has and the crate has not.
const ABSENT: [&str; 1] = ["3.0"];

impl Case {
    /// The factor of every element of a tensor.
    fn factors(&self, tensor: &str, tensors: &BTreeMap<String, Vec<f32>>, shape: &[usize]) -> Vec<f64> {
        let mut hyper = self.hyper.clone().unwrap_or_else(|| usual(&self.case));
        let mut argument = |name: &str| hyper.remove(name);
        let values = &tensors[tensor];
        let squares = || tensors.values().map(|tensor| Sum::squares(tensor)).sum::<Sum>();
        let clip = |limit: Option<f64>, norm| ClipNorm::optax(limit.unwrap()).unwrap().factor(norm).unwrap();
        let all = |factor| vec![factor; values.len()];
        let factors = match self.case.as_str() {
            "optax_clip_by_global_norm" => all(clip(argument("max_norm"), squares().root())),
            "optax_clip_by_block_rms" => all(clip(argument("threshold"), Sum::squares(values).mean().sqrt())),
            "optax_normalize" => all(1.0 / squares().root()),
            "optax_adaptive_grad_clip" => {
                let params = f32s(&self.params[tensor]);
                // optax takes the columns of a matrix as units, since its matrices are transposed, and vectors whole.
                let unit = |i: usize, of: &[f32]| match shape {
                    [_, row] => of.iter().skip(i % row).step_by(*row).copied().collect(),
                    _ => of.to_vec(),
                };
                let default = AdaptiveClip::DEFAULT;
                let clip = AdaptiveClip {
                    clipping: argument("clipping").unwrap(),
                    eps: argument("eps").unwrap_or(default.eps),
                };
                (0..values.len()).map(|i| clip.factor_of(&unit(i, &params), &unit(i, values)).unwrap()).collect()
            }
            name if name.starts_with("torch_norm") => {
                let found = match self.norm_type.as_deref().unwrap() {
                    "1.0" => tensors.values().map(|t| Sum::magnitudes(t)).sum::<Sum>().value(),
                    "2.0" => squares().root(),
                    "inf" => tensors.values().map(|t| max_abs(t)).fold(0.0, larger).into(),
                    other => panic!("{name}: a norm of type {other} is unknown"),
                };
                let norm = self.norm.unwrap();
                assert!((found - norm).abs() <= tolerance::NORM * norm, "{name}: norm {found}, expected {norm}");
                all(ClipNorm::torch(self.limit.unwrap()).unwrap().factor(found).unwrap())
            }
            other => panic!("{other} is unknown"),
        };
        assert!(hyper.is_empty(), "{}: {hyper:?} set nothing", self.case);
        factors
    }
}

/// Every case with the settings that the file names, so that another file of this kind can take its place.
#[test]
fn clipping_of_the_libraries() {
    let File { shapes, tensors, cases } = file();
    let tensors: BTreeMap<_, _> = tensors.into_iter().map(|(name, values)| (name, f32s(&values))).collect();
    for case in &cases {
        let name = &case.case;
        match name.as_str() {
            "optax_centralize" => centralization(&tensors, &shapes, &case.grads),
            "torch_grad_scaler" => {} // no clip: the tests of loss scaling read it
            _ if case.norm_type.as_deref().is_some_and(|kind| ABSENT.contains(&kind)) => {}
            _ => {
                assert_eq!(case.grads.len(), tensors.len(), "{name}");
                for (tensor, expected) in &case.grads {
                    let factors = case.factors(tensor, &tensors, &shapes[tensor]);
                    let scale = |(g, factor): (&f32, &f64)| scaled(&[*g], *factor)[0];
                    let found: Vec<_> = tensors[tensor].iter().zip(&factors).map(scale).collect();
                    assert_near(&format!("{name}, {tensor}"), &found, expected);
                }
            }
        }
    }
}

/// A descent from 0 with a learning rate of 1 shows the gradients.
fn centralization(tensors: &BTreeMap<String, Vec<f32>>, shapes: &BTreeMap<String, Vec<usize>>, expected: &Tensors) {
    for (name, grads) in tensors {
        // Vectors are left as they are.
        let [_, row] = shapes[name][..] else { continue };
        let mut params = vec![0.0; grads.len()];
        let step = Sgd { lr: 1.0, ..Sgd::DEFAULT }.tick(&mut 0).unwrap().maximize().centralize_grads();
        step.apply_all(&mut [Tensor::new::<[f32; 0]>(&mut params, grads, &mut []).rows(row)]).unwrap();
        let size = grads.iter().fold(0.0f64, |size, g| size.max(f64::from(*g).abs()));
        for (found, expected) in params.iter().zip(&expected[name]) {
            let error = (f64::from(*found) - expected).abs();
            assert!(error <= tolerance::CENTERED * tolerance::UNIT * size, "{name}: {found:e}, expected {expected:e}");
        }
    }
}

#[test]
fn clipping_in_a_step() {
    // As by hand, over a list and by rows, with the learning rate's sign turned.
    let grads = [3.0, 4.0, 0.3, 0.4, f32::INFINITY, 1.0];
    let step = Sgd { lr: 1.0, ..Sgd::DEFAULT }.tick(&mut 0).unwrap().scale_grads(0.5).maximize();
    let clipped = step.clip_norm(ClipNorm::optax(1.0).unwrap());
    let mut params = [0.0; 6];
    let mut tensors = Tensor::new::<[f32; 0]>(&mut params[..4], &grads[..4], &mut []).chunks(2).collect::<Vec<_>>();
    // Of both together: the norm is 2.5 times √1.01.
    clipped.apply_all(&mut tensors).unwrap();
    let factor = 0.5 * (1.0 / (2.5 * 1.01f64.sqrt())) as f32;
    assert_eq!(params[0], ((1.0 / (2.5 * 1.01f64.sqrt())) as f32) * 1.5);
    assert!((params[3] - factor * 0.4).abs() < 1e-7);
    // What is not finite is an error, in the last tensor too, and nothing is written.
    let before = params;
    let mut tensors = Tensor::new::<[f32; 0]>(&mut params, &grads, &mut []).chunks(2).collect::<Vec<_>>();
    let refused = clipped.apply_all(&mut tensors);
    let value = f32::INFINITY;
    assert_eq!(refused, Err(Error::NotFiniteElement { tensor: 2, slice: Slice::Grads, element: 0, value }));
    assert_eq!(params, before);

    let adaptive = step.adaptive_clip(AdaptiveClip { clipping: 0.5, ..AdaptiveClip::DEFAULT });
    let mut params = [0.6, 0.8, 0.15, 0.2, 1.0, 1.0];
    let rows = |params: &mut [f32], row_len| {
        adaptive.apply_all(&mut [Tensor::new::<[f32; 0]>(params, &grads[..4], &mut []).rows(row_len)])
    };
    rows(&mut params[..4], 2).unwrap();
    assert_eq!(params[..2], [0.6f32 + 0.3, 0.8 + 0.4]);
    for row_len in [0, 3, 5] {
        assert_eq!(rows(&mut params[..4], row_len), Err(Error::RowLength { row_len, len: 4 }));
    }
    let error = Error::TensorLength { tensor: 0, slice: Slice::Grads, expected: 3, found: 4 };
    assert_eq!(rows(&mut params[..3], 3), Err(error));
    // A row whose gradients are not finite: the others are stepped.
    let mut params = [0.6, 0.8, 0.15, 0.2, 1.0, 1.0];
    adaptive.apply_all(&mut [Tensor::new::<[f32; 0]>(&mut params, &grads, &mut []).rows(2)]).unwrap();
    assert!(params[..2] == [0.6f32 + 0.3, 0.8 + 0.4] && params[4..].iter().all(|p| p.is_nan()));
}

#[test]
fn refuses_norms_and_limits() {
    for bad in [f64::NAN, 0.0, -1.0, f64::NEG_INFINITY] {
        for made in [ClipNorm::torch(bad), ClipNorm::optax(bad)] {
            match made {
                Err(Error::HyperParameter { name: "max_norm", value, range: Range::Positive }) => {
                    assert_eq!(value.to_bits(), bad.to_bits());
                }
                other => panic!("{bad}: {other:?}"),
            }
        }
        for clip in [
            AdaptiveClip { clipping: bad, ..AdaptiveClip::DEFAULT },
            AdaptiveClip { eps: bad, ..AdaptiveClip::DEFAULT },
        ] {
            assert!(matches!(clip.factor(1.0, 1.0), Err(Error::HyperParameter { name: "clipping" | "eps", .. })));
        }
    }
    let clip = ClipNorm::torch(1.0).unwrap();
    for norm in [f64::NAN, f64::INFINITY] {
        assert!(matches!(clip.factor(norm), Err(Error::NotFinite { name: "norm", .. })));
        assert_eq!(clip.verdict(norm), Ok(Verdict::Skip));
        assert!(matches!(AdaptiveClip::DEFAULT.factor(norm, 1.0), Err(Error::NotFinite { name: "param_norm", .. })));
        assert!(matches!(AdaptiveClip::DEFAULT.factor(1.0, norm), Err(Error::NotFinite { name: "grad_norm", .. })));
    }
    for norm in [-1.0, f64::NEG_INFINITY] {
        let refused = Error::HyperParameter { name: "norm", value: norm, range: Range::NonNegative };
        assert_eq!((clip.factor(norm), clip.verdict(norm)), (Err(refused), Err(refused)));
        let of_params = AdaptiveClip::DEFAULT.factor(norm, 1.0);
        assert!(matches!(of_params, Err(Error::HyperParameter { name: "param_norm", .. })));
        let of_grads = AdaptiveClip::DEFAULT.factor(1.0, norm);
        assert!(matches!(of_grads, Err(Error::HyperParameter { name: "grad_norm", .. })));
    }
    // Nothing to scale, and no limit.
    assert_eq!(ClipNorm::torch(1e-7).unwrap().factor(0.0), Ok(1.0));
    for clip in [ClipNorm::torch(f64::INFINITY), ClipNorm::optax(f64::INFINITY)] {
        assert_eq!(clip.unwrap().factor(1e300), Ok(1.0));
    }
    // torch's epsilon, and the least norm of weights.
    assert_eq!(ClipNorm::torch(1e-6).unwrap().factor(3e-6), Ok(0.25));
    assert_eq!(AdaptiveClip { clipping: 0.5, eps: 2.0 }.factor(0.0, 4.0), Ok(0.25));
    // Nothing to clip.
    assert_eq!(clip.factor(Sum::squares(&[]).root()), Ok(1.0));
    assert_eq!(ClipNorm::optax(1.0).unwrap().factor(1.0), Ok(1.0));
    assert_eq!(ClipNorm::optax(1.0).unwrap().verdict(2.0), Ok(Verdict::Scale(0.5)));
}
