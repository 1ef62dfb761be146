//! Clipping against the references of torch and optax, and its bad inputs.

use gradstep::clip::{AdaptiveClip, ClipNorm, Verdict};
use gradstep::sum::{Sum, larger, largest};
use gradstep::{Error, Optimizer, Range, Sgd, Slice};
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
    grads: Option<Tensors>,
    params: Option<Tensors>,
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
    for (found, expected) in found.iter().zip(expected) {
        let bound = tolerance::CLIPPED * tolerance::UNIT * expected.abs() + tolerance::SMALLEST;
        assert!((f64::from(*found) - expected).abs() <= bound, "{case}: {found:e}, expected {expected:e}");
    }
}

#[test]
fn clipping_of_the_libraries() {
    let File { shapes, tensors, cases } = file();
    let tensors: BTreeMap<_, _> = tensors.iter().map(|(name, values)| (name, f32s(values))).collect();
    let squares: Sum = tensors.values().map(|tensor| Sum::squares(tensor)).sum();
    let mut seen = Vec::new();
    for case in &cases {
        let Case { case: name, norm_type, limit, norm, grads, params } = case;
        let Some(grads) = grads else { continue };
        let factor_of = |tensor: &str| -> Vec<f64> {
            let values = &tensors[&tensor.to_string()];
            let row = shapes[tensor].last().copied().unwrap_or(1).max(1);
            let rows = |factor: &dyn Fn(usize) -> f64| (0..values.len()).map(|i| factor(i / row)).collect::<Vec<_>>();
            match name.as_str() {
                "optax_clip_by_global_norm" => rows(&|_| ClipNorm::optax(0.5).unwrap().factor(squares.root()).unwrap()),
                "optax_clip_by_block_rms" => {
                    let rms = Sum::squares(values).mean().sqrt();
                    rows(&|_| ClipNorm::optax(0.7).unwrap().factor(rms).unwrap())
                }
                "optax_adaptive_grad_clip" => {
                    let params = f32s(&params.as_ref().unwrap()[tensor]);
                    // optax takes the columns of a matrix as units, since its matrices are transposed, and vectors whole.
                    let is_vector = shapes[tensor].len() == 1;
                    let unit = |i: usize, of: &[f32]| -> Vec<f32> {
                        if is_vector { of.to_vec() } else { of.iter().skip(i % row).step_by(row).copied().collect() }
                    };
                    let clip = AdaptiveClip::DEFAULT;
                    (0..values.len()).map(|i| clip.factor_of(&unit(i, &params), &unit(i, values)).unwrap()).collect()
                }
                "optax_normalize" => rows(&|_| 1.0 / squares.root()),
                _ => {
                    let found = match norm_type.as_deref().unwrap() {
                        "1.0" => tensors.values().map(|t| Sum::magnitudes(t)).sum::<Sum>().value(),
                        "2.0" => squares.root(),
                        "inf" => tensors.values().map(|t| largest(t)).fold(0.0, larger).into(),
                        _ => return Vec::new(),
                    };
                    let norm = norm.unwrap();
                    assert!((found - norm).abs() <= tolerance::NORM * norm, "{name}: norm {found}, expected {norm}");
                    rows(&|_| ClipNorm::torch(limit.unwrap()).unwrap().factor(found).unwrap())
                }
            }
        };
        if name == "optax_centralize" {
            centralization(&tensors, &shapes, grads);
            seen.push(name.clone());
            continue;
        }
        if norm_type.as_deref() == Some("3.0") {
            continue; // the crate has no norm of type 3
        }
        for (tensor, expected) in grads {
            let (values, factors) = (&tensors[tensor], factor_of(tensor));
            assert_eq!(factors.len(), values.len());
            let found: Vec<_> = values.iter().zip(&factors).map(|(g, factor)| scaled(&[*g], *factor)[0]).collect();
            assert_near(&format!("{name}, {tensor}"), &found, expected);
        }
        seen.push(name.clone());
    }
    assert_eq!(seen.len(), 11, "{seen:?}");
}

/// A descent from 0 with a learning rate of 1 shows the gradients.
fn centralization(tensors: &BTreeMap<&String, Vec<f32>>, shapes: &BTreeMap<String, Vec<usize>>, expected: &Tensors) {
    for (name, grads) in tensors {
        let (rows, row) = match shapes[*name][..] {
            [rows, row] => (rows, row),
            _ => continue, // vectors are left as they are
        };
        let mut params = vec![0.0; grads.len()];
        let step = Sgd { lr: 1.0, ..Sgd::DEFAULT }.tick(&mut 0).unwrap().maximize().centered();
        step.apply_rows_with(&mut vec![(); rows], row, &mut params, grads, []).unwrap();
        let size = grads.iter().fold(0.0f64, |size, g| size.max(f64::from(*g).abs()));
        for (found, expected) in params.iter().zip(&expected[*name]) {
            let error = (f64::from(*found) - expected).abs();
            assert!(error <= tolerance::CENTERED * tolerance::UNIT * size, "{name}: {found:e}, expected {expected:e}");
        }
    }
}

#[test]
fn clipping_in_two_phases() {
    // As by hand, over a list and by rows, with the learning rate's sign turned.
    let grads = [3.0, 4.0, 0.3, 0.4, f32::INFINITY, 1.0];
    let step = Sgd { lr: 1.0, ..Sgd::DEFAULT }.tick(&mut 0).unwrap().scale_grads(0.5).maximize();
    let clipped = step.clip_norm(ClipNorm::optax(1.0).unwrap());
    let mut params = [0.0; 6];
    clipped.apply_rows_with(&mut [(); 2], 2, &mut params[..4], &grads[..4], []).unwrap();
    assert_eq!(params, [0.6, 0.8, 0.15, 0.2, 0.0, 0.0]);
    // What is not finite is an error, in the last row too, and nothing is written.
    let refused = clipped.apply_rows_with(&mut [(); 3], 2, &mut params, &grads, []);
    assert_eq!(refused, Err(Error::NotFinite { name: "norm", value: f64::INFINITY }));
    assert_eq!(params, [0.6, 0.8, 0.15, 0.2, 0.0, 0.0]);
    let adaptive = step.adaptive_clip(AdaptiveClip { clipping: 0.5, ..AdaptiveClip::DEFAULT });
    adaptive.apply_rows_with(&mut [(); 2], 2, &mut params[..4], &grads[..4], []).unwrap();
    assert_eq!(params[..2], [0.6f32 + 0.3, 0.8 + 0.4]);
    for (row_len, memories) in [(0, 2), (3, 2), (5, 1)] {
        let refused = clipped.apply_rows_with(&mut vec![(); memories], row_len, &mut params[..4], &grads[..4], []);
        assert_eq!(refused, Err(Error::RowLength { row_len, len: 4 }));
    }
    let refused = clipped.apply_rows_with(&mut [(); 3], 2, &mut params[..4], &grads[..4], []);
    assert_eq!(refused, Err(Error::Length { slice: Slice::Memories, expected: 2, found: 3 }));
    let refused = clipped.apply_rows_with(&mut [(); 2], 2, &mut params[..4], &grads[..5], []);
    assert_eq!(refused, Err(Error::Length { slice: Slice::Grads, expected: 4, found: 5 }));
}

#[test]
fn refuses_norms_and_limits() {
    for bad in [f64::NAN, 0.0, -1.0, f64::INFINITY] {
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
        assert_eq!(clip.verdict(norm), Verdict::Skip);
        assert!(matches!(AdaptiveClip::DEFAULT.factor(norm, 1.0), Err(Error::NotFinite { name: "param_norm", .. })));
        assert!(matches!(AdaptiveClip::DEFAULT.factor(1.0, norm), Err(Error::NotFinite { name: "norm", .. })));
    }
    assert!(matches!(clip.factor(-1.0), Err(Error::HyperParameter { name: "norm", .. })));
    // torch's epsilon, and the least norm of weights.
    assert_eq!(ClipNorm::torch(1e-6).unwrap().factor(3e-6), Ok(0.25));
    assert_eq!(AdaptiveClip { clipping: 0.5, eps: 2.0 }.factor(0.0, 4.0), Ok(0.25));
    // Nothing to clip.
    assert_eq!(clip.factor(Sum::squares(&[]).root()), Ok(1.0));
    assert_eq!(ClipNorm::optax(1.0).unwrap().factor(1.0), Ok(1.0));
    assert_eq!(ClipNorm::optax(1.0).unwrap().verdict(2.0), Verdict::Scale(0.5));
}
