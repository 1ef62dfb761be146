//! An optimizer with its clock, its type erased: the logic of a test is compiled once, not once an optimizer.

use super::Adapters;
use crate::oracle::{LastClock, Oracle};
use gradstep::{Backend, Error, Rule};

/// One optimizer on its way through its steps.
pub(crate) trait Run {
    fn slots(&self) -> usize;

    /// The hyper-parameters, as Debug prints them.
    fn hyper(&self) -> String;

    /// The same hyper-parameters at a fresh clock.
    fn restart(&self) -> Box<dyn Run>;

    /// The same hyper-parameters with a copy of the clock, as a checkpoint restores them.
    fn resume(&self) -> Box<dyn Run>;

    fn init(&self, params: &[f32], state: Vec<&mut [f32]>) -> Result<(), Error>;

    fn tick(&mut self, adapters: Option<&Adapters>) -> Result<Box<dyn Step>, Error>;

    /// The clock, as Debug prints it, which is exact.
    fn clock(&self) -> String;

    /// Goes on with another learning rate.
    fn set_lr(&mut self, lr: f64);

    /// Puts the clock at its maximum.
    fn wind_to_last(&mut self);

    /// The state of a parameter before the first step, by the oracle.
    fn oracle_start(&self, p: f64) -> Vec<f64>;

    /// The number whose sign the step takes, by the oracle.
    fn oracle_sign_of(&self, p: f64, g: f64, state: &[f64]) -> Option<f64>;

    /// The parameter and state after the step that `tick` began last, by the oracle.
    fn oracle_step(&mut self, p: f64, g: f64, state: &[f64]) -> (f64, Vec<f64>);
}

/// One step, with adapters if there are any.
pub(crate) trait Step {
    fn apply_on(
        &self,
        backend: Backend,
        params: &mut [f32],
        grads: &[f32],
        state: Vec<&mut [f32]>,
    ) -> Result<(), Error>;

    /// On the active backend, through the method that users call.
    fn apply(&self, params: &mut [f32], grads: &[f32], state: Vec<&mut [f32]>) -> Result<(), Error>;
}

/// Erases the type of an optimizer.
pub(crate) fn run<O: Oracle<S>, const S: usize>(optimizer: O) -> Box<dyn Run> {
    Box::new(Running { optimizer, clock: O::Clock::default(), step: 0, before: O::Memory::default(), after: None })
}

struct Running<O: Oracle<S>, const S: usize> {
    optimizer: O,
    clock: O::Clock,
    step: u64,
    /// The oracle's memory before this step, and after it once an element has been through.
    before: O::Memory,
    after: Option<O::Memory>,
}

fn slots<const S: usize>(state: Vec<&mut [f32]>) -> [&mut [f32]; S] {
    state.try_into().expect("one slice for each slot")
}

impl<O: Oracle<S>, const S: usize> Run for Running<O, S> {
    fn slots(&self) -> usize {
        S
    }

    fn hyper(&self) -> String {
        format!("{:?}", self.optimizer)
    }

    fn restart(&self) -> Box<dyn Run> {
        run(self.optimizer)
    }

    fn resume(&self) -> Box<dyn Run> {
        Box::new(Running { ..*self })
    }

    fn init(&self, params: &[f32], state: Vec<&mut [f32]>) -> Result<(), Error> {
        self.optimizer.init(params, slots(state))
    }

    fn tick(&mut self, adapters: Option<&Adapters>) -> Result<Box<dyn Step>, Error> {
        let rule = self.optimizer.tick(&mut self.clock)?;
        self.step += 1;
        if let Some(after) = self.after.take() {
            self.before = after;
        }
        Ok(match adapters {
            None => Box::new(Erased(rule)),
            Some(adapters) => Box::new(Erased(adapters.fuse(rule))),
        })
    }

    fn clock(&self) -> String {
        format!("{:?}", self.clock)
    }

    fn set_lr(&mut self, lr: f64) {
        self.optimizer = self.optimizer.with_lr(lr);
    }

    fn wind_to_last(&mut self) {
        self.clock = O::Clock::last();
    }

    fn oracle_start(&self, p: f64) -> Vec<f64> {
        self.optimizer.start(p).to_vec()
    }

    fn oracle_sign_of(&self, p: f64, g: f64, state: &[f64]) -> Option<f64> {
        self.optimizer.sign_of(p, g, state.try_into().expect("one number for each slot"))
    }

    fn oracle_step(&mut self, p: f64, g: f64, state: &[f64]) -> (f64, Vec<f64>) {
        let mut state: [f64; S] = state.try_into().expect("one number for each slot");
        let mut memory = self.before;
        let p = self.optimizer.step(self.step, &mut memory, p, g, &mut state);
        self.after = Some(memory);
        (p, state.to_vec())
    }
}

struct Erased<R, const S: usize>(R);

impl<R: Rule<S>, const S: usize> Step for Erased<R, S> {
    fn apply_on(
        &self,
        backend: Backend,
        params: &mut [f32],
        grads: &[f32],
        state: Vec<&mut [f32]>,
    ) -> Result<(), Error> {
        self.0.apply_on(backend, params, grads, slots(state))
    }

    fn apply(&self, params: &mut [f32], grads: &[f32], state: Vec<&mut [f32]>) -> Result<(), Error> {
        self.0.apply(params, grads, slots(state))
    }
}
