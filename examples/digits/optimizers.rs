//! Every optimizer with a learning rate for each task, and how one runs on a tensor.

use crate::training::Plan;
use gradstep::any::AnyOptimizer;
use gradstep::optim::ClockData;
use gradstep::{Error, sample};
use gradstep_testkit::{Family, TUNED, Tuned};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::SeedableRng;

pub(crate) const MINI_BATCHES: Plan = Plan { batch: 32, epochs: 30 };
pub(crate) const FULL_BATCH: Plan = Plan { batch: usize::MAX, epochs: 300 };

/// An optimizer that has not started.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) optimizer: AnyOptimizer,
    pub(crate) family: Family,
    pub(crate) lr: f64,
    pub(crate) valley_lr: f64,
    pub(crate) plan: Plan,
}

/// Every optimizer of the crate.
pub(crate) fn registry() -> Result<Vec<Entry>, Error> {
    let entries = TUNED.iter().map(|&Tuned { name, family, digits, path, .. }| {
        let mut optimizer = AnyOptimizer::named(name)?;
        let mut plan = MINI_BATCHES;
        match &mut optimizer {
            // The default averages from the millionth step on. Here it does in the last third of training.
            AnyOptimizer::Asgd(asgd) => asgd.t0 = 900.0,
            // It compares the signs of successive gradients, so they must be of the same samples.
            AnyOptimizer::Rprop(rprop) => {
                rprop.step_max = 0.2;
                plan = Plan { epochs: 60, ..FULL_BATCH };
            }
            _ => {}
        }
        Ok(Entry { optimizer, family, lr: digits, valley_lr: path, plan })
    });
    entries.collect()
}

pub(crate) fn title(family: Family) -> &'static str {
    match family {
        Family::Momentum => "Gradient and momentum",
        Family::Accumulated => "Accumulated squares",
        Family::Adam => "Adam and its variants",
        Family::Descendants => "Newer relatives of Adam",
        Family::Signs => "Signs and curvature",
    }
}

/// An optimizer at work on one tensor.
pub(crate) struct Session {
    optimizer: AnyOptimizer,
    clock: ClockData,
    state: Vec<Vec<f32>>,
    /// For a rule that takes noise.
    rng: Pcg64Mcg,
}

impl Session {
    /// Starts an optimizer with a learning rate on parameters.
    pub(crate) fn start(mut optimizer: AnyOptimizer, lr: f64, params: &[f32]) -> Result<Self, Error> {
        optimizer.set("lr", lr)?;
        let mut state = vec![vec![0.0; params.len()]; optimizer.slots().count()];
        optimizer.init(params, &mut slices(&mut state))?;
        Ok(Session { optimizer, clock: optimizer.clock(), state, rng: Pcg64Mcg::seed_from_u64(3) })
    }

    /// Draws the noise of the next step, where the optimizer takes some.
    pub(crate) fn draw(&mut self) {
        if let AnyOptimizer::NoisySgd(_) = self.optimizer {
            sample::normal(&mut self.state[0], &mut self.rng);
        }
    }

    pub(crate) fn step(&mut self, params: &mut [f32], grads: &[f32]) -> Result<(), Error> {
        self.optimizer.tick(&mut self.clock)?.apply(params, grads, &mut slices(&mut self.state))
    }

    /// Turns the weights that a step leaves into those to evaluate.
    pub(crate) fn evaluate(&self, params: &mut [f32]) -> Result<(), Error> {
        match self.optimizer {
            AnyOptimizer::Asgd(_) => params.copy_from_slice(&self.state[0]),
            AnyOptimizer::ScheduleFreeSgd(optimizer) => optimizer.evaluate(params, &self.state[0])?,
            AnyOptimizer::ScheduleFreeAdamW(optimizer) => optimizer.evaluate(params, &self.state[0])?,
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn wants_curvature(&self) -> bool {
        matches!(self.optimizer, AnyOptimizer::Sophia(_))
    }

    /// Takes an estimate of the Hessian's diagonal.
    pub(crate) fn curvature(&mut self, estimate: &[f32]) -> Result<(), Error> {
        if let AnyOptimizer::Sophia(sophia) = self.optimizer {
            sophia.update_hessian(&mut self.state[1], estimate)?;
        }
        Ok(())
    }
}

fn slices(state: &mut [Vec<f32>]) -> Vec<&mut [f32]> {
    state.iter_mut().map(|slot| &mut slot[..]).collect()
}
