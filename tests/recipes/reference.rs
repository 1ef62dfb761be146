//! Reference runs of optimizers that look at a whole tensor, by the real libraries: `tests/data/whole.json` and
//! `whole_more.json`.

use crate::settings::Arguments;
use gradstep_testkit::tolerance;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Tensors by name, flattened.
pub(crate) type Tensors = BTreeMap<String, Vec<f32>>;

#[derive(Deserialize)]
pub(crate) struct File {
    kept: Vec<usize>,
    shapes: BTreeMap<String, Vec<usize>>,
    params: Tensors,
    grads: Vec<Tensors>,
    cases: Vec<Case>,
    /// Estimates of the Hessian's diagonal in each step, for the rules that need them.
    #[serde(default)]
    pub(crate) estimates: Vec<Tensors>,
    /// The loss of each step, for the rules that need it.
    #[serde(default)]
    pub(crate) losses: Vec<f64>,
}

#[derive(Deserialize)]
struct Case {
    case: String,
    /// The arguments of the library's constructor.
    hyper: Arguments,
    params_f64: Vec<BTreeMap<String, Vec<f64>>>,
    params_f32: Vec<Tensors>,
}

/// A tensor with its state.
pub(crate) struct Tensor<const S: usize> {
    pub(crate) name: String,
    pub(crate) params: Vec<f32>,
    pub(crate) state: [Vec<f32>; S],
}

/// The largest and the mean error of a run against f64, in units of the largest parameter of a tensor.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Errors {
    pub(crate) largest: f64,
    pub(crate) mean: f64,
}

impl File {
    pub(crate) fn load() -> Self {
        serde_json::from_str(include_str!("../data/whole.json")).unwrap()
    }

    /// The runs of rules that need the loss, or a second gradient.
    pub(crate) fn more() -> Self {
        serde_json::from_str(include_str!("../data/whole_more.json")).unwrap()
    }

    /// The runs with further settings.
    pub(crate) fn options() -> Self {
        serde_json::from_str(include_str!("../data/whole_options.json")).unwrap()
    }

    /// The runs of AdamP, SGDP, QHAdam and AdaMod with further settings.
    pub(crate) fn further() -> Self {
        serde_json::from_str(include_str!("../data/whole_further.json")).unwrap()
    }

    /// The runs of AdaHessian, on given estimates of the Hessian's diagonal.
    pub(crate) fn hessian() -> Self {
        serde_json::from_str(include_str!("../data/whole_hessian.json")).unwrap()
    }

    /// The same with the magnitudes of the gradients.
    pub(crate) fn steady(mut self) -> Self {
        self.grads.iter_mut().flat_map(|grads| grads.values_mut().flatten()).for_each(|g| *g = g.abs());
        self
    }

    /// The same with four times the parameters.
    pub(crate) fn big(mut self) -> Self {
        self.params.values_mut().flatten().for_each(|p| *p *= 4.0);
        self
    }

    /// The gradients of a step, counted from 0.
    pub(crate) fn grads(&self, step: usize) -> &Tensors {
        &self.grads[step]
    }

    /// The parameters at the start.
    pub(crate) fn params(&self) -> &Tensors {
        &self.params
    }

    /// The names of the cases.
    pub(crate) fn cases(&self) -> Vec<&str> {
        self.cases.iter().map(|case| case.case.as_str()).collect()
    }

    /// The names of the cases, with the arguments of the libraries' constructors.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&str, &Arguments)> {
        self.cases.iter().map(|case| (case.case.as_str(), &case.hyper))
    }

    /// Whether a tensor has one dimension.
    pub(crate) fn is_vector(&self, name: &str) -> bool {
        self.shapes[name].len() < 2
    }

    /// The length of a row of a matrix, or of a whole vector.
    pub(crate) fn row(&self, name: &str) -> usize {
        *self.shapes[name].last().unwrap()
    }

    /// The tensors at the start, with zeros as state.
    pub(crate) fn tensors<const S: usize>(&self) -> Vec<Tensor<S>> {
        self.params
            .iter()
            .map(|(name, params)| Tensor {
                name: name.clone(),
                params: params.clone(),
                state: [(); S].map(|()| vec![0.0; params.len()]),
            })
            .collect()
    }

    /// Calls `step` with the gradients of every step, and keeps what it returns after those that the file keeps.
    pub(crate) fn run(&self, mut step: impl FnMut(&Tensors) -> Tensors) -> Vec<Tensors> {
        let steps = self.grads.iter().enumerate();
        steps
            .map(|(t, grads)| (t + 1, step(grads)))
            .filter(|(t, _)| self.kept.contains(t))
            .map(|(_, kept)| kept)
            .collect()
    }

    /// Checks a run against the case, and returns our errors and those of the library's f32 run.
    pub(crate) fn check(&self, name: &str, found: &[Tensors]) -> (Errors, Errors) {
        let case = self.cases.iter().find(|case| case.case == name).unwrap_or_else(|| panic!("no case {name}"));
        let (ours, theirs) = (errors(found, &case.params_f64), errors(&case.params_f32, &case.params_f64));
        assert!(
            ours.largest <= tolerance::WHOLE.max(1.25 * theirs.largest),
            "{name}: {ours:?}, theirs {theirs:?}, {}",
            first(found, &case.params_f64)
        );
        (ours, theirs)
    }
}

fn errors(found: &[Tensors], expected: &[BTreeMap<String, Vec<f64>>]) -> Errors {
    assert_eq!(found.len(), expected.len());
    let (mut largest, mut sum, mut count) = (0.0f64, 0.0, 0.0);
    for (found, expected) in found.iter().zip(expected) {
        for (name, expected) in expected {
            let size = expected.iter().fold(1e-3f64, |size, x| size.max(x.abs()));
            for (found, expected) in found[name].iter().zip(expected) {
                let error = (f64::from(*found) - expected).abs() / (size * tolerance::UNIT);
                // NaN counts.
                largest = if error <= largest { largest } else { error };
                (sum, count) = (sum + error, count + 1.0);
            }
        }
    }
    Errors { largest, mean: sum / count }
}

/// Where the first tensor is that is off by much.
fn first(found: &[Tensors], expected: &[BTreeMap<String, Vec<f64>>]) -> String {
    for (kept, (found, expected)) in found.iter().zip(expected).enumerate() {
        for (name, expected) in expected {
            for (i, (found, expected)) in found[name].iter().zip(expected).enumerate() {
                let is_near = (f64::from(*found) - expected).abs() <= 1e-4 * expected.abs().max(1e-3);
                if !is_near {
                    return format!("kept {kept}, {name}[{i}]: {found:e}, expected {expected:e}");
                }
            }
        }
    }
    "nowhere by much".into()
}
