//! Tuned learning rates: a row for each optimizer.

use gradstep::any::AnyOptimizer;

/// The learning rates of an optimizer on the tasks of this repository.
#[derive(Clone, Copy, Debug)]
pub struct Tuned {
    /// The optimizer's name.
    pub name: &'static str,
    /// Where it appears in pictures.
    pub family: Family,
    /// On the handwritten digits, in batches of 32.
    pub digits: f64,
    /// On forty steps down the valley of the `digits` example.
    pub path: f64,
    /// How the learning rate goes on the functions.
    pub rate: Rate,
    /// On the functions of the convergence test, in their order, where the optimizer runs there.
    pub functions: Option<[f64; 4]>,
}

/// Groups of optimizers in pictures, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Gradient and momentum.
    Momentum,
    /// Accumulated squares.
    Accumulated,
    /// Adam and its variants.
    Adam,
    /// Newer relatives of Adam.
    Descendants,
    /// Signs and curvature.
    Signs,
    /// Optimizers that look at whole tensors.
    Whole,
}

/// How a learning rate goes over the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// It stays.
    Constant,
    /// It falls linearly to zero, for optimizers whose steps don't shrink with the gradient.
    Falling,
}

use Family::{Accumulated, Adam, Descendants, Momentum, Signs, Whole};
use Rate::{Constant, Falling};

const fn tuned(name: &'static str, family: Family, digits: f64, path: f64, rate: Rate, functions: [f64; 4]) -> Tuned {
    Tuned { name, family, digits, path, rate, functions: Some(functions) }
}

/// A row of an optimizer that looks at whole tensors, which runs in the `digits` example alone.
const fn whole(name: &'static str, digits: f64, path: f64) -> Tuned {
    Tuned { name, family: Whole, digits, path, rate: Constant, functions: None }
}

/// A row for each optimizer, in the order of pictures.
pub const TUNED: &[Tuned] = &[
    tuned("Sgd", Momentum, 0.1, 0.95, Constant, [0.1, 0.5, 0.001, 0.02]),
    tuned("HeavyBall", Momentum, 0.02, 0.1, Constant, [0.01, 0.1, 0.001, 0.01]),
    tuned("Momentum", Momentum, 0.02, 0.1, Constant, [0.01, 0.1, 0.001, 0.01]),
    tuned("Nesterov", Momentum, 0.02, 0.1, Constant, [0.01, 0.1, 0.001, 0.01]),
    tuned("Asgd", Momentum, 0.1, 0.9, Constant, [0.1, 0.5, 0.001, 0.01]),
    tuned("ScheduleFreeSgd", Momentum, 0.3, 0.9, Constant, [0.5, 1.0, 0.005, 0.02]),
    tuned("OptimisticSgd", Momentum, 0.15, 0.3, Constant, [0.1, 0.3, 0.0006, 0.01]),
    tuned("NoisySgd", Momentum, 0.1, 0.95, Constant, [0.1, 0.5, 0.001, 0.02]),
    tuned("AdaGrad", Accumulated, 0.02, 1.5, Constant, [1.0, 1.0, 1.0, 0.5]),
    tuned("RmsProp", Accumulated, 0.002, 0.2, Constant, [0.005, 0.01, 0.0002, 0.0002]),
    tuned("RmsPropCentered", Accumulated, 0.002, 0.2, Constant, [0.005, 0.05, 0.0001, 0.0001]),
    tuned("RmsPropMomentum", Accumulated, 0.0003, 0.02, Constant, [0.0005, 0.0005, 0.0002, 0.001]),
    tuned("RmsPropCenteredMomentum", Accumulated, 0.0003, 0.02, Constant, [0.0005, 0.0005, 0.0002, 0.002]),
    tuned("RmsPropTf", Accumulated, 0.003, 0.3, Constant, [0.02, 0.005, 0.0005, 0.0005]),
    tuned("AdaDelta", Accumulated, 1.0, 100.0, Falling, [5.0, 10.0, 0.1, 1.0]),
    tuned("Ftrl", Accumulated, 0.1, 1.5, Constant, [5.0, 5.0, 0.5, 0.5]),
    tuned("Madgrad", Accumulated, 0.005, 0.3, Constant, [0.2, 1.0, 0.005, 0.02]),
    tuned("Cocob", Accumulated, 1.0, 1.0, Constant, [1.0, 1.0, 1.0, 1.0]),
    tuned("Adam", Adam, 0.005, 0.3, Constant, [0.02, 0.1, 0.002, 0.001]),
    tuned("AdamW", Adam, 0.005, 0.3, Constant, [0.5, 0.1, 0.0005, 0.001]),
    tuned("AmsGrad", Adam, 0.005, 0.3, Constant, [0.5, 0.5, 0.2, 0.1]),
    tuned("Adamax", Adam, 0.01, 0.5, Constant, [1.0, 1.0, 0.002, 0.002]),
    tuned("NAdam", Adam, 0.005, 0.3, Constant, [0.2, 0.1, 0.001, 0.002]),
    tuned("RAdam", Adam, 0.005, 0.7, Constant, [0.2, 0.5, 0.001, 0.005]),
    tuned("AdaBelief", Adam, 0.005, 0.3, Constant, [0.5, 0.1, 0.0005, 0.0005]),
    tuned("Yogi", Adam, 0.01, 0.3, Constant, [0.5, 0.5, 0.1, 0.1]),
    tuned("AdamaxW", Adam, 0.01, 0.5, Constant, [1.0, 1.0, 0.002, 0.002]),
    tuned("OptimisticAdam", Adam, 0.005, 0.2, Constant, [0.02, 0.1, 0.002, 0.001]),
    tuned("Adan", Descendants, 0.005, 0.2, Constant, [0.05, 0.05, 0.001, 0.001]),
    tuned("Adopt", Descendants, 0.005, 0.4, Constant, [2.0, 2.0, 0.5, 0.5]),
    tuned("AdEmaMix", Descendants, 0.002, 0.3, Constant, [1.0, 5.0, 0.005, 0.005]),
    tuned("LaProp", Descendants, 0.005, 0.3, Constant, [0.2, 0.1, 0.002, 0.005]),
    tuned("LaPropCentered", Descendants, 0.005, 0.3, Constant, [0.2, 0.1, 0.002, 0.005]),
    tuned("Grams", Descendants, 0.005, 0.3, Constant, [0.2, 0.5, 0.001, 0.005]),
    tuned("ScheduleFreeAdamW", Descendants, 0.01, 0.5, Constant, [0.5, 0.1, 0.002, 0.01]),
    tuned("SimplifiedAdEmaMix", Descendants, 0.0001, 0.03, Falling, [0.005, 0.01, 0.0005, 0.0005]),
    tuned("AcProp", Descendants, 0.001, 0.1, Falling, [0.02, 0.05, 0.0005, 0.00005]),
    tuned("Lion", Signs, 0.0005, 0.18, Falling, [0.01, 0.2, 0.001, 0.001]),
    tuned("SignSgd", Signs, 0.001, 0.18, Falling, [0.005, 0.2, 1.0, 0.001]),
    tuned("Signum", Signs, 0.0005, 0.18, Falling, [0.02, 0.02, 0.001, 0.001]),
    tuned("Tiger", Signs, 0.0005, 0.2, Falling, [0.02, 0.02, 0.001, 0.001]),
    tuned("Rprop", Signs, 0.001, 0.1, Constant, [0.02, 0.5, 0.01, 0.01]),
    tuned("Sophia", Signs, 0.003, 0.2, Constant, [0.02, 0.05, 0.05, 0.05]),
    tuned("QhAdam", Adam, 0.005, 0.3, Constant, [0.02, 0.1, 0.002, 0.001]),
    tuned("AdaMod", Adam, 0.005, 0.3, Constant, [0.02, 0.1, 0.002, 0.001]),
    tuned("AdaHessian", Signs, 0.1, 0.2, Constant, [0.05, 0.05, 0.2, 0.05]),
    whole("Lars", 2.0, 10.0),
    whole("Lamb", 0.003, 0.1),
    whole("AdamP", 0.01, 0.3),
    whole("SgdP", 0.1, 0.1),
    whole("NovoGrad", 0.015, 0.1),
    whole("Fromage", 0.02, 0.07),
    whole("StableAdamW", 0.01, 0.3),
    whole("Mars", 0.01, 0.3),
    whole("AdamMini", 0.01, 0.5),
    whole("RowAdaGrad", 0.1, 1.5),
    // These find their learning rate, and the number multiplies it. With 1, DoWG overshoots on the digits.
    whole("Dog", 1.0, 1.0),
    whole("Dowg", 0.5, 1.0),
    whole("Prodigy", 1.0, 1.0),
    whole("DAdaptAdam", 1.0, 1.0),
    whole("DAdaptSgd", 1.0, 1.0),
    // The largest step of these.
    whole("PolyakSgd", 1.0, 3.0),
    whole("Momo", 1.0, 3.0),
    whole("CautiousAdamW", 0.01, 0.4),
    whole("SamMomentum", 0.05, 0.1),
];

/// The row of an optimizer.
///
/// # Panics
/// Where it has none.
pub fn tuned_for(optimizer: &AnyOptimizer) -> Tuned {
    let row = TUNED.iter().find(|row| row.name == optimizer.name());
    *row.unwrap_or_else(|| panic!("{} has no row of tuned learning rates", optimizer.name()))
}
