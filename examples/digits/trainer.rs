//! What training needs of an optimizer, whether it updates each element by itself or looks at whole tensors.

use gradstep::Error;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Rows and columns of a tensor. A vector is one row.
pub(crate) type Shape = [usize; 2];

/// Starts an optimizer with a learning rate on parameters, which are tensors of these shapes one after another.
pub(crate) type Start = Rc<dyn Fn(f64, &[Shape], &[f32]) -> Result<Box<dyn Trainer>, Error>>;

/// An optimizer at work on the parameters of a model, with its state.
pub(crate) trait Trainer {
    /// Updates the parameters. `loss` is that of the samples of the step.
    fn step(&mut self, params: &mut [f32], grads: &[f32], loss: f64) -> Result<(), Error>;

    /// The parameters at which a step takes its gradient, if not those that it updates.
    fn climb(&mut self, _params: &mut [f32], _grads: &[f32]) -> Result<Option<&[f32]>, Error> {
        Ok(None)
    }

    /// Draws the noise of the next step, where the optimizer takes some.
    fn draw(&mut self) {}

    /// Turns the weights that a step leaves into those to evaluate.
    fn evaluate(&self, _params: &mut [f32]) -> Result<(), Error> {
        Ok(())
    }

    fn wants_curvature(&self) -> bool {
        false
    }

    /// Takes an estimate of the Hessian's diagonal.
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
        let climbed = self.climb(params, grads)?;
        let climb = start.elapsed();
        if let Some(climbed) = climbed {
            gradient(climbed, grads)?;
        }
        let start = Instant::now();
        self.step(params, grads, loss)?;
        Ok(climb + start.elapsed())
    }
}
