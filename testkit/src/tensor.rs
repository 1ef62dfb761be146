//! Parameters with their state.

use crate::bits::assert_same_bits;
use crate::run::{Run, Step};
use gradstep::Backend;
use std::ops::Range;

/// Parameters with their state.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// The parameters.
    pub params: Vec<f32>,
    /// The slots.
    pub state: Vec<Vec<f32>>,
}

impl Tensor {
    /// Parameters before the first step.
    pub fn new(run: &Run, params: &[f32]) -> Tensor {
        // Initialisation must overwrite whatever the buffers held.
        let mut tensor = Tensor { params: params.to_vec(), state: vec![vec![f32::NAN; params.len()]; run.slots()] };
        let Tensor { params, state } = &mut tensor;
        run.init(params, state.iter_mut().map(|slot| &mut slot[..]).collect()).unwrap();
        tensor
    }

    /// A step.
    pub fn apply_on(&mut self, backend: Backend, step: &Step, grads: &[f32]) {
        self.apply_range(backend, step, grads, 0..self.params.len());
    }

    /// A step of the elements in `range` alone.
    pub fn apply_range(&mut self, backend: Backend, step: &Step, grads: &[f32], range: Range<usize>) {
        let Tensor { params, state } = self;
        let slots = state.iter_mut().map(|slot| &mut slot[range.clone()]).collect();
        step.apply_on(backend, &mut params[range.clone()], &grads[range], slots).unwrap();
    }

    /// Panics at the first bits that differ.
    #[track_caller]
    pub fn assert_same_bits(&self, expected: &Tensor, inputs: impl Fn(usize) -> String) {
        assert_same_bits(&self.params, &expected.params, |i| format!("parameter, {}", inputs(i)));
        for (slot, (found, expected)) in self.state.iter().zip(&expected.state).enumerate() {
            assert_same_bits(found, expected, |i| format!("state slot {slot}, {}", inputs(i)));
        }
    }

    /// An element as text, for messages.
    pub fn element(&self, i: usize) -> String {
        let state: Vec<f32> = self.state.iter().map(|slot| slot[i]).collect();
        format!("p {:e}, state {state:?}", self.params[i])
    }
}
