//! The optimizers that update each element by itself. They take all parameters as one slice.

use crate::trainer::{Start, Trainer};
use gradstep::any::AnyOptimizer;
use gradstep::optim::ClockData;
use gradstep::{Error, sample};
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
            _ => {}
        }
        let start: Start = Rc::new(move |lr, _, params| Ok(Box::new(ElementWise::start(optimizer, lr, params)?)));
        (optimizer.name(), start)
    })
}

pub(crate) struct ElementWise {
    optimizer: AnyOptimizer,
    clock: ClockData,
    state: Vec<Vec<f32>>,
    /// For a rule that takes noise.
    rng: Pcg64Mcg,
}

impl ElementWise {
    pub(crate) fn start(mut optimizer: AnyOptimizer, lr: f64, params: &[f32]) -> Result<Self, Error> {
        optimizer.set_lr(lr);
        let mut state = vec![vec![0.0; params.len()]; optimizer.slots().count()];
        optimizer.init(params, &mut state)?;
        Ok(ElementWise { optimizer, clock: optimizer.clock(), state, rng: Pcg64Mcg::seed_from_u64(3) })
    }
}

impl Trainer for ElementWise {
    fn step(&mut self, params: &mut [f32], grads: &[f32], _loss: f64) -> Result<(), Error> {
        self.optimizer.tick(&mut self.clock)?.apply(params, grads, &mut self.state)
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

    fn wants_curvature(&self) -> bool {
        matches!(self.optimizer, AnyOptimizer::Sophia(_))
    }

    fn curvature(&mut self, estimate: &[f32]) -> Result<(), Error> {
        if let AnyOptimizer::Sophia(sophia) = self.optimizer {
            sophia.update_hessian(&mut self.state[1], estimate)?;
        }
        Ok(())
    }
}
