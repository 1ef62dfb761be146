//! The optimizers of the registry. All tensors lie one after another in a slice, and so does their state.

use crate::trainer::{Curvature, Matrix, Start, Trainer};
use gradstep::any::{AnyOptimizer, AnyTensor};
use gradstep::optim::ClockData;
use gradstep::{Error, Lars, Shape, sample};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::SeedableRng;
use std::rc::Rc;

/// How each of them starts, by name.
pub(crate) fn starts() -> impl Iterator<Item = (&'static str, Start)> {
    AnyOptimizer::ALL.iter().map(|&(mut optimizer)| {
        match &mut optimizer {
            // The default averages from the millionth step on. Here it does in the last third of training.
            AnyOptimizer::Asgd(asgd) => asgd.t0 = 900.0,
            AnyOptimizer::Rprop(rprop) => rprop.step_max = 0.2,
            // The default adapts to a tensor only with weight decay.
            AnyOptimizer::Lars(lars) => *lars = Lars::optax(),
            // With the default, the forty steps in the valley are too few for the distance to grow.
            AnyOptimizer::Dog(dog) => dog.relative_distance = 0.01,
            // The default has no bias correction, and trains worse here.
            AnyOptimizer::DAdaptAdam(adam) => adam.bias_correction = true,
            _ => {}
        }
        let start: Start =
            Rc::new(move |lr, shapes, params| Ok(Box::new(Registered::start(optimizer, lr, shapes, params)?)));
        (optimizer.name(), start)
    })
}

pub(crate) struct Registered {
    optimizer: AnyOptimizer,
    clock: ClockData,
    shapes: Vec<Shape>,
    state: Vec<Vec<f32>>,
    /// For a rule that takes noise.
    rng: Pcg64Mcg,
}

impl Registered {
    pub(crate) fn start(
        mut optimizer: AnyOptimizer,
        lr: f64,
        shapes: &[Matrix],
        params: &[f32],
    ) -> Result<Self, Error> {
        optimizer.set_lr(lr);
        let shapes: Vec<_> =
            shapes.iter().map(|[rows, columns]| Shape::vector(rows * columns).rows(*columns)).collect();
        let len_of = |extent: gradstep::Extent| shapes.iter().map(|shape| extent.len(shape)).sum();
        let mut state: Vec<_> = optimizer.slots().map(|slot| vec![0.0; len_of(slot.extent)]).collect();
        let (mut rest, mut slots) = (params, slices(&mut state));
        for shape in &shapes {
            let params = rest.split_off(..shape.len).unwrap_or_default();
            optimizer.init_shaped(shape, params, &mut take(&optimizer, shape, &mut slots))?;
        }
        let rng = Pcg64Mcg::seed_from_u64(3);
        Ok(Registered { optimizer, clock: optimizer.clock(), shapes, state, rng })
    }
}

fn slices(state: &mut [Vec<f32>]) -> Vec<&mut [f32]> {
    state.iter_mut().map(|slot| &mut slot[..]).collect()
}

/// Cuts the state of the next tensor off.
fn take<'a>(optimizer: &AnyOptimizer, shape: &Shape, slots: &mut [&'a mut [f32]]) -> Vec<&'a mut [f32]> {
    let extents = optimizer.slots().map(|slot| slot.extent);
    slots
        .iter_mut()
        .zip(extents)
        .map(|(slot, extent)| slot.split_off_mut(..extent.len(shape)).unwrap_or_default())
        .collect()
}

impl Trainer for Registered {
    fn step(&mut self, mut params: &mut [f32], mut grads: &[f32], loss: f64) -> Result<(), Error> {
        let step = self.optimizer.begin(&self.clock)?.loss(loss);
        let mut slots = slices(&mut self.state);
        let mut states: Vec<_> = self.shapes.iter().map(|shape| take(&self.optimizer, shape, &mut slots)).collect();
        let tensors = self.shapes.iter().zip(&mut states).map(|(shape, state)| {
            let params = params.split_off_mut(..shape.len).unwrap_or_default();
            AnyTensor::new(params, grads.split_off(..shape.len).unwrap_or_default(), state).rows(shape.row_len)
        });
        step.apply_all(&mut tensors.collect::<Vec<_>>())?.commit(&mut self.clock)
    }

    fn draw(&mut self) {
        if let AnyOptimizer::NoisySgd(_) = self.optimizer {
            sample::normal(&mut self.state[0], &mut self.rng);
        }
    }

    fn evaluate(&self, params: &mut [f32]) -> Result<(), Error> {
        match self.optimizer {
            AnyOptimizer::Asgd(_) => params.copy_from_slice(&self.state[0]),
            AnyOptimizer::ScheduleFreeSgd(optimizer) => optimizer.evaluate(params, &self.state[0])?,
            AnyOptimizer::ScheduleFreeAdamW(optimizer) => optimizer.evaluate(params, &self.state[0])?,
            _ => {}
        }
        Ok(())
    }

    fn wants_curvature(&self) -> Option<Curvature> {
        match self.optimizer {
            AnyOptimizer::Sophia(_) => Some(Curvature::GaussNewton),
            AnyOptimizer::AdaHessian(_) => Some(Curvature::Hutchinson),
            _ => None,
        }
    }

    fn curvature(&mut self, estimate: &[f32]) -> Result<(), Error> {
        match self.optimizer {
            AnyOptimizer::Sophia(sophia) => sophia.update_hessian(&mut self.state[1], estimate)?,
            AnyOptimizer::AdaHessian(_) => self.state[2].copy_from_slice(estimate),
            _ => {}
        }
        Ok(())
    }
}
