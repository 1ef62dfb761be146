//! Hyper-parameters from random numbers in [0, 1). Zero gives the plainest value, so that a failing case shrinks to it.

pub(crate) struct Dice<'a> {
    rolls: std::iter::Cycle<std::slice::Iter<'a, f64>>,
}

impl<'a> Dice<'a> {
    pub(crate) fn new(rolls: &'a [f64]) -> Self {
        Dice { rolls: rolls.iter().cycle() }
    }

    pub(crate) fn roll(&mut self) -> f64 {
        *self.rolls.next().unwrap()
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.roll() >= 0.5
    }

    /// From `low` to `high`, each order of magnitude equally likely.
    pub(crate) fn log(&mut self, low: f64, high: f64) -> f64 {
        low * libm::pow(high / low, self.roll())
    }

    pub(crate) fn lr(&mut self) -> f64 {
        self.log(1e-4, 1.0)
    }

    /// A decay rate: 0, or such that twelve steps do not underflow an f32.
    pub(crate) fn fraction(&mut self) -> f64 {
        if self.roll() < 0.1 { 0.0 } else { 1.0 - self.log(1e-4, 0.95) }
    }

    pub(crate) fn eps(&mut self) -> f64 {
        if self.roll() < 0.1 { 0.0 } else { self.log(1e-10, 1e-2) }
    }

    /// Something that is off in half of all cases.
    pub(crate) fn optional(&mut self, low: f64, high: f64) -> f64 {
        if self.flag() { self.log(low, high) } else { 0.0 }
    }

    pub(crate) fn weight_decay(&mut self) -> f64 {
        self.optional(1e-4, 0.1)
    }
}
