//! What training needs of an optimizer, one of the registry or a variant.

use gradstep::Error;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Rows and columns of a tensor. A vector is one row.
pub(crate) type Matrix = [usize; 2];

/// Starts an optimizer with a learning rate on parameters, which are tensors of these shapes one after another.
pub(crate) type Start = Rc<dyn Fn(f64, &[Matrix], &[f32]) -> Result<Box<dyn Trainer>, Error>>;

/// Estimates of the Hessian's diagonal.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Curvature {
    /// Of Gauss, Newton and Bartlett: Liu et al. 2023, arXiv 2305.14342.
    GaussNewton,
    /// Of Hutchinson: Yao et al. 2020, arXiv 2006.00719.
    Hutchinson,
}

/// An optimizer at work on the parameters of a model, with its state.
pub(crate) trait Trainer {
    /// Updates the parameters. `loss` is that of the samples of the step.
    fn step(&mut self, params: &mut [f32], grads: &[f32], loss: f64) -> Result<(), Error>;

    /// The parameters at which a step takes its gradient, if not those that it updates.
    fn perturb(&mut self, _params: &mut [f32], _grads: &[f32]) -> Result<Option<&[f32]>, Error> {
        Ok(None)
    }

    /// Draws the noise of the next step, where the optimizer takes some.
    fn draw(&mut self) {}

    /// Turns the weights that a step leaves into those to evaluate.
    fn evaluate(&self, _params: &mut [f32]) -> Result<(), Error> {
        Ok(())
    }

    /// The estimate of the Hessian's diagonal that the optimizer is made for, if it takes one.
    fn wants_curvature(&self) -> Option<Curvature> {
        None
    }

    /// Takes such an estimate.
    fn curvature(&mut self, _estimate: &[f32]) -> Result<(), Error> {
        Ok(())
    }
}

impl dyn Trainer {
    /// One step with all that it needs. `gradient` writes the gradient at parameters and returns the loss there. Returns the
    /// time of the update, without the gradients.
    pub(crate) fn advance(
        &mut self,
        params: &mut [f32],
        grads: &mut [f32],
        mut gradient: impl FnMut(&[f32], &mut [f32]) -> Result<f64, Error>,
    ) -> Result<Duration, Error> {
        let loss = gradient(params, grads)?;
        self.draw();
        let start = Instant::now();
        let perturbed = self.perturb(params, grads)?;
        let time = start.elapsed();
        if let Some(perturbed) = perturbed {
            gradient(perturbed, grads)?;
        }
        let start = Instant::now();
        self.step(params, grads, loss)?;
        Ok(time + start.elapsed())
    }
}
