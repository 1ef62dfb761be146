//! Every optimizer of the registry with a learning rate for each task, its type erased.

use crate::training::Plan;
use gradstep::*;

pub(crate) const MINI_BATCHES: Plan = Plan { batch: 32, epochs: 30 };
pub(crate) const FULL_BATCH: Plan = Plan { batch: usize::MAX, epochs: 300 };

/// Groups of the charts' panels, in their order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    Momentum,
    Accumulated,
    Adam,
    Descendants,
    Signs,
}

impl Family {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Family::Momentum => "Gradient and momentum",
            Family::Accumulated => "Accumulated squares",
            Family::Adam => "Adam and its variants",
            Family::Descendants => "Newer relatives of Adam",
            Family::Signs => "Signs and curvature",
        }
    }
}

/// What an optimizer needs to appear here. The registry asks for it by type, so none can be left out.
trait Tuned<const S: usize>: Optimizer<S, Clock: 'static> + Sized + 'static {
    const FAMILY: Family;
    /// The learning rates on the digits and in the valley.
    const LR: f64;
    const VALLEY_LR: f64;

    fn with_lr(lr: f64) -> Self;

    const PLAN: Plan = MINI_BATCHES;

    /// Turns the weights that a step leaves into those to evaluate.
    fn evaluate(&self, _params: &mut [f32], _state: &[Vec<f32>; S]) -> Result<(), Error> {
        Ok(())
    }

    /// Takes an estimate of the Hessian's diagonal, where the optimizer wants one.
    const CURVATURE: bool = false;
    fn curvature(&self, _estimate: &[f32], _state: &mut [Vec<f32>; S]) -> Result<(), Error> {
        Ok(())
    }
}

macro_rules! tuned {
    ($($Optimizer:ident: $slots:literal, $Family:ident, $lr:literal, $valley_lr:literal
       $(, with_lr $with_lr:expr)? $(, more { $($more:tt)* })?;)*) => {$(
        impl Tuned<$slots> for $Optimizer {
            const FAMILY: Family = Family::$Family;
            const LR: f64 = $lr;
            const VALLEY_LR: f64 = $valley_lr;

            fn with_lr(lr: f64) -> Self {
                tuned!(@with_lr $Optimizer lr $($with_lr)?)
            }

            $($($more)*)?
        }
    )*};
    (@with_lr $Optimizer:ident $lr:ident) => { $Optimizer { $lr, ..$Optimizer::default() } };
    (@with_lr $Optimizer:ident $lr:ident $with_lr:expr) => { ($with_lr)($lr) };
}

fn rms_prop(lr: f64) -> RmsProp {
    RmsProp { lr, ..RmsProp::default() }
}

tuned! {
    Sgd: 0, Momentum, 0.1, 0.95;
    HeavyBall: 1, Momentum, 0.02, 0.1;
    Momentum: 1, Momentum, 0.02, 0.1;
    Nesterov: 1, Momentum, 0.02, 0.1;
    // The default averages from the millionth step on. Here it does in the last third of training.
    Asgd: 1, Momentum, 0.1, 0.9, with_lr |lr| Asgd { lr, t0: 900.0, ..Asgd::default() }, more {
        fn evaluate(&self, params: &mut [f32], [average]: &[Vec<f32>; 1]) -> Result<(), Error> {
            params.copy_from_slice(average);
            Ok(())
        }
    };
    ScheduleFreeSgd: 1, Momentum, 0.3, 0.9, more {
        fn evaluate(&self, params: &mut [f32], [z]: &[Vec<f32>; 1]) -> Result<(), Error> {
            self.evaluate(params, z)
        }
    };
    AdaGrad: 1, Accumulated, 0.02, 1.5;
    RmsProp: 1, Accumulated, 0.002, 0.2;
    RmsPropCentered: 2, Accumulated, 0.002, 0.2, with_lr |lr| rms_prop(lr).centered();
    RmsPropMomentum: 2, Accumulated, 0.0003, 0.02, with_lr |lr| rms_prop(lr).with_momentum(0.9);
    RmsPropCenteredMomentum: 3, Accumulated, 0.0003, 0.02, with_lr |lr| rms_prop(lr).centered().with_momentum(0.9);
    RmsPropTf: 2, Accumulated, 0.003, 0.3;
    AdaDelta: 2, Accumulated, 1.0, 100.0;
    Ftrl: 2, Accumulated, 0.1, 1.5;
    Madgrad: 3, Accumulated, 0.005, 0.3;
    Adam: 2, Adam, 0.005, 0.3;
    AdamW: 2, Adam, 0.005, 0.3;
    AmsGrad: 3, Adam, 0.005, 0.3;
    Adamax: 2, Adam, 0.01, 0.5;
    NAdam: 2, Adam, 0.005, 0.3;
    RAdam: 2, Adam, 0.005, 0.7;
    AdaBelief: 2, Adam, 0.005, 0.3;
    Yogi: 2, Adam, 0.01, 0.3;
    Adan: 4, Descendants, 0.005, 0.2;
    Adopt: 2, Descendants, 0.005, 0.4;
    AdEmaMix: 3, Descendants, 0.002, 0.3;
    LaProp: 2, Descendants, 0.005, 0.3;
    Grams: 2, Descendants, 0.005, 0.3;
    ScheduleFreeAdamW: 2, Descendants, 0.01, 0.5, more {
        fn evaluate(&self, params: &mut [f32], [z, _]: &[Vec<f32>; 2]) -> Result<(), Error> {
            self.evaluate(params, z)
        }
    };
    Lion: 1, Signs, 0.0005, 0.18;
    SignSgd: 0, Signs, 0.001, 0.18;
    Signum: 1, Signs, 0.0005, 0.18;
    Tiger: 1, Signs, 0.0005, 0.2;
    // It compares the signs of successive gradients, so they must be of the same samples.
    Rprop: 2, Signs, 0.001, 0.1, with_lr |lr| Rprop { lr, step_max: 0.2, ..Rprop::default() }, more {
        const PLAN: Plan = Plan { epochs: 60, ..FULL_BATCH };
    };
    Sophia: 2, Signs, 0.003, 0.2, more {
        const CURVATURE: bool = true;
        fn curvature(&self, estimate: &[f32], [_, h]: &mut [Vec<f32>; 2]) -> Result<(), Error> {
            self.update_hessian(h, estimate)
        }
    };
}

/// An optimizer at work on one tensor.
pub(crate) trait Session {
    fn step(&mut self, params: &mut [f32], grads: &[f32]) -> Result<(), Error>;

    /// Turns the weights that a step leaves into those to evaluate.
    fn evaluate(&self, params: &mut [f32]) -> Result<(), Error>;

    fn wants_curvature(&self) -> bool;

    /// Takes an estimate of the Hessian's diagonal.
    fn curvature(&mut self, estimate: &[f32]) -> Result<(), Error>;
}

struct Running<O: Optimizer<S>, const S: usize> {
    optimizer: O,
    clock: O::Clock,
    state: [Vec<f32>; S],
}

impl<O: Tuned<S>, const S: usize> Session for Running<O, S> {
    fn step(&mut self, params: &mut [f32], grads: &[f32]) -> Result<(), Error> {
        let rule = self.optimizer.tick(&mut self.clock)?;
        rule.apply(params, grads, self.state.each_mut().map(|slot| &mut slot[..]))
    }

    fn evaluate(&self, params: &mut [f32]) -> Result<(), Error> {
        Tuned::evaluate(&self.optimizer, params, &self.state)
    }

    fn wants_curvature(&self) -> bool {
        O::CURVATURE
    }

    fn curvature(&mut self, estimate: &[f32]) -> Result<(), Error> {
        self.optimizer.curvature(estimate, &mut self.state)
    }
}

fn start<O: Tuned<S>, const S: usize>(lr: f64, params: &[f32]) -> Result<Box<dyn Session>, Error> {
    let optimizer = O::with_lr(lr);
    let mut state = [(); S].map(|()| vec![0.0; params.len()]);
    optimizer.init(params, state.each_mut().map(|slot| &mut slot[..]))?;
    Ok(Box::new(Running { optimizer, clock: O::Clock::default(), state }))
}

/// Starts an optimizer with a learning rate on parameters.
type Start = fn(f64, &[f32]) -> Result<Box<dyn Session>, Error>;

/// An optimizer that has not started.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) family: Family,
    pub(crate) lr: f64,
    pub(crate) valley_lr: f64,
    pub(crate) plan: Plan,
    pub(crate) start: Start,
}

/// Every optimizer of the crate.
pub(crate) fn registry() -> Vec<Entry> {
    macro_rules! entries {
        ($($Optimizer:ident: $slots:literal,)*) => {
            vec![$(Entry {
                name: stringify!($Optimizer),
                family: <$Optimizer as Tuned<$slots>>::FAMILY,
                lr: <$Optimizer as Tuned<$slots>>::LR,
                valley_lr: <$Optimizer as Tuned<$slots>>::VALLEY_LR,
                plan: <$Optimizer as Tuned<$slots>>::PLAN,
                start: start::<$Optimizer, $slots>,
            }),*]
        };
    }
    gradstep::for_each_optimizer!(entries)
}
