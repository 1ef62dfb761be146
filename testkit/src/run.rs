//! An optimizer at work, with its clock and its oracle, chosen when the tests run.

use crate::adapters::Adapters;
use crate::oracle::{Bound, Oracle};
use gradstep::any::{AnyOptimizer, AnySlot, AnyStart, AnyStep};
use gradstep::optim::ClockData;
use gradstep::{Backend, Error, for_each_optimizer};

/// One optimizer on its way through its steps.
#[derive(Clone)]
pub struct Run {
    /// The hyper-parameters.
    pub optimizer: AnyOptimizer,
    /// The clock.
    pub clock: ClockData,
    oracle: Box<dyn ErasedOracle>,
}

/// An optimizer before its first step.
pub fn run(optimizer: impl Into<AnyOptimizer>) -> Run {
    let optimizer = optimizer.into();
    Run { optimizer, clock: optimizer.clock(), oracle: oracle(&optimizer) }
}

impl Run {
    /// The number of state slots.
    pub fn slots(&self) -> usize {
        self.optimizer.slots().count()
    }

    /// The slots that the caller writes before each step.
    pub fn inputs(&self) -> impl Iterator<Item = usize> {
        let is_input = |slot: &AnySlot| !slot.is_written && !matches!(slot.start, AnyStart::Params);
        self.optimizer.slots().enumerate().filter(move |(_, slot)| is_input(slot)).map(|(i, _)| i)
    }

    /// The hyper-parameters, for messages.
    pub fn hyper(&self) -> String {
        format!("{:?}", self.optimizer)
    }

    /// The same hyper-parameters at a fresh clock.
    pub fn restart(&self) -> Run {
        run(self.optimizer)
    }

    /// Fills the state as it is before the first step.
    ///
    /// # Errors
    /// Those of the optimizer.
    pub fn init(&self, params: &[f32], mut state: Vec<&mut [f32]>) -> Result<(), Error> {
        self.optimizer.init(params, &mut state)
    }

    /// Begins a step, with adapters if there are any.
    ///
    /// # Errors
    /// Those of the optimizer.
    pub fn tick(&mut self, adapters: Option<&Adapters>) -> Result<Step, Error> {
        let step = self.optimizer.tick(&mut self.clock)?;
        self.oracle.tick();
        Ok(Step { step, adapters: adapters.copied() })
    }

    /// Goes on with another learning rate.
    pub fn set_lr(&mut self, lr: f64) {
        self.optimizer.set_lr(lr);
    }

    /// Puts the clock at its maximum.
    pub fn wind_to_last(&mut self) {
        // What a long run leaves in the clocks that hold more than the steps: a product of 0, or a largest rate and a sum.
        let values = match self.optimizer.clock_values() {
            [] | ["mu_product"] => [0.0; 3],
            [_] => [1.0, 0.0, 0.0],
            _ => [1.0, 1.0, 0.0],
        };
        self.clock = ClockData { step: u64::MAX, values };
    }

    /// The state of a parameter before the first step, by the oracle.
    pub fn oracle_start(&self, p: f64) -> Vec<f64> {
        self.oracle.start(p)
    }

    /// The largest error of a step.
    pub fn bound(&self) -> Bound {
        self.oracle.bound()
    }

    /// The number whose sign the step takes, by the oracle.
    pub fn oracle_sign_of(&self, p: f64, g: f64, state: &[f64]) -> Option<f64> {
        self.oracle.sign_of(p, g, state)
    }

    /// The parameter and state after the step that `tick` began last, by the oracle.
    pub fn oracle_step(&mut self, p: f64, g: f64, state: &[f64]) -> (f64, Vec<f64>) {
        self.oracle.step(p, g, state)
    }
}

/// One step, with adapters if there are any.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    step: AnyStep,
    adapters: Option<Adapters>,
}

impl Step {
    /// A step on a backend.
    ///
    /// # Errors
    /// Those of `gradstep::Step::apply_on`.
    pub fn apply_on(
        &self,
        backend: Backend,
        params: &mut [f32],
        grads: &[f32],
        mut state: Vec<&mut [f32]>,
    ) -> Result<(), Error> {
        match self.adapters {
            None => self.step.apply_on(backend, params, grads, &mut state),
            Some(adapters) => adapters.fuse(self.step).apply_on(backend, params, grads, &mut state),
        }
        .map(drop)
    }

    /// On the active backend, through the method that users call.
    ///
    /// # Errors
    /// Those of `gradstep::Step::apply`.
    pub fn apply(&self, params: &mut [f32], grads: &[f32], mut state: Vec<&mut [f32]>) -> Result<(), Error> {
        match self.adapters {
            None => self.step.apply(params, grads, &mut state).map(drop),
            Some(_) => self.apply_on(Backend::active(), params, grads, state),
        }
    }
}

/// An oracle whose type is erased, with its memory.
trait ErasedOracle {
    fn tick(&mut self);
    fn bound(&self) -> Bound;
    fn start(&self, p: f64) -> Vec<f64>;
    fn sign_of(&self, p: f64, g: f64, state: &[f64]) -> Option<f64>;
    fn step(&mut self, p: f64, g: f64, state: &[f64]) -> (f64, Vec<f64>);
    fn boxed(&self) -> Box<dyn ErasedOracle>;
}

impl Clone for Box<dyn ErasedOracle> {
    fn clone(&self) -> Self {
        self.boxed()
    }
}

fn oracle(optimizer: &AnyOptimizer) -> Box<dyn ErasedOracle> {
    macro_rules! typed {
        ($($Optimizer:ident: $slots:literal,)*) => {
            match *optimizer {
                $(AnyOptimizer::$Optimizer(optimizer) => {
                    let before = <gradstep::$Optimizer as Oracle<$slots>>::Memory::default();
                    Box::new(Typed::<gradstep::$Optimizer, $slots> { optimizer, t: 0, before, after: None })
                })*
                _ => unreachable!("the registry has every optimizer"),
            }
        };
    }
    for_each_optimizer!(typed)
}

struct Typed<O: Oracle<S>, const S: usize> {
    optimizer: O,
    t: u64,
    /// The oracle's memory before this step, and after it once an element has been through.
    before: O::Memory,
    after: Option<O::Memory>,
}

impl<O: Oracle<S>, const S: usize> ErasedOracle for Typed<O, S> {
    fn tick(&mut self) {
        self.t += 1;
        if let Some(after) = self.after.take() {
            self.before = after;
        }
    }

    fn bound(&self) -> Bound {
        self.optimizer.bound()
    }

    fn start(&self, p: f64) -> Vec<f64> {
        self.optimizer.start(p).to_vec()
    }

    fn sign_of(&self, p: f64, g: f64, state: &[f64]) -> Option<f64> {
        self.optimizer.sign_of(p, g, state.try_into().expect("one number for each slot"))
    }

    fn step(&mut self, p: f64, g: f64, state: &[f64]) -> (f64, Vec<f64>) {
        let mut state: [f64; S] = state.try_into().expect("one number for each slot");
        let mut memory = self.before;
        let p = self.optimizer.step(self.t, &mut memory, p, g, &mut state);
        self.after = Some(memory);
        (p, state.to_vec())
    }

    fn boxed(&self) -> Box<dyn ErasedOracle> {
        Box::new(Typed { ..*self })
    }
}
