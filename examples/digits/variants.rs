//! Two variants that the registry does not have: a cautious optimizer, and momentum with SAM.

use crate::registered::Registered;
use crate::trainer::{Matrix, Start, Trainer};
use gradstep::optim::Optimizer;
use gradstep::sam::Sam;
use gradstep::{AdamW, Error, Momentum, Tensor};
use std::rc::Rc;

/// How each of them starts, by name.
pub(crate) fn starts() -> [(&'static str, Start); 2] {
    [("CautiousAdamW", Rc::new(cautious_adam_w)), ("SamMomentum", Rc::new(sam_momentum))]
}

/// AdamW that moves only the elements whose update agrees with their gradient.
struct CautiousAdamW {
    adam_w: AdamW,
    clock: u64,
    shapes: Vec<Matrix>,
    state: [Vec<f32>; 2],
}

fn cautious_adam_w(lr: f64, shapes: &[Matrix], params: &[f32]) -> Result<Box<dyn Trainer>, Error> {
    let adam_w = AdamW { lr, ..AdamW::DEFAULT };
    let state = [(); 2].map(|()| vec![0.0; params.len()]);
    Ok(Box::new(CautiousAdamW { adam_w, clock: 0, shapes: shapes.to_vec(), state }))
}

impl Trainer for CautiousAdamW {
    fn step(&mut self, params: &mut [f32], grads: &[f32], _loss: f64) -> Result<(), Error> {
        let step = self.adam_w.begin(&self.clock)?.cautious_mean();
        let mut rest = Tensor::new(params, grads, &mut self.state);
        let mut tensors: Vec<_> = self.shapes.iter().map(|[rows, columns]| rest.take(rows * columns)).collect();
        step.apply_all(&mut tensors)?.commit(&mut self.clock)
    }
}

/// Momentum with the gradient from where the loss is highest nearby.
struct SamMomentum {
    momentum: Registered,
    perturbed: Vec<f32>,
}

fn sam_momentum(lr: f64, shapes: &[Matrix], params: &[f32]) -> Result<Box<dyn Trainer>, Error> {
    let momentum = Registered::start(Momentum::DEFAULT.into(), lr, shapes, params)?;
    Ok(Box::new(SamMomentum { momentum, perturbed: params.to_vec() }))
}

impl Trainer for SamMomentum {
    fn perturb(&mut self, params: &mut [f32], grads: &[f32]) -> Result<Option<&[f32]>, Error> {
        // The norm of all tensors is that of the slice that holds them.
        Sam::DEFAULT.perturb()?.apply(&mut self.perturbed, grads, [params])?;
        Ok(Some(&self.perturbed))
    }

    fn step(&mut self, params: &mut [f32], grads: &[f32], loss: f64) -> Result<(), Error> {
        self.momentum.step(params, grads, loss)
    }
}
