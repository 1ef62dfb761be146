//! Hyper-parameters from random numbers in [0, 1). Zero gives the plainest value, so that a failing case shrinks to it.

use gradstep::DecayForm;

/// A cycle of random numbers.
pub struct Dice<'a> {
    rolls: std::iter::Cycle<std::slice::Iter<'a, f64>>,
}

impl<'a> Dice<'a> {
    /// The same rolls over and over.
    pub fn new(rolls: &'a [f64]) -> Self {
        Dice { rolls: rolls.iter().cycle() }
    }

    /// A number in [0, 1).
    pub fn roll(&mut self) -> f64 {
        *self.rolls.next().unwrap()
    }

    /// True in half of all cases.
    pub fn flag(&mut self) -> bool {
        self.roll() >= 0.5
    }

    /// From `low` to `high`, each order of magnitude equally likely.
    pub fn log(&mut self, low: f64, high: f64) -> f64 {
        low * libm::pow(high / low, self.roll())
    }

    /// A learning rate.
    pub fn lr(&mut self) -> f64 {
        self.log(1e-4, 1.0)
    }

    /// A decay rate: 0, or such that twelve steps do not underflow an f32.
    pub fn fraction(&mut self) -> f64 {
        if self.roll() < 0.1 { 0.0 } else { 1.0 - self.log(1e-4, 0.95) }
    }

    /// An epsilon, 0 in a tenth of all cases.
    pub fn eps(&mut self) -> f64 {
        if self.roll() < 0.1 { 0.0 } else { self.log(1e-10, 1e-2) }
    }

    /// Something that is off in half of all cases.
    pub fn optional(&mut self, low: f64, high: f64) -> f64 {
        if self.flag() { self.log(low, high) } else { 0.0 }
    }

    /// A weight decay, 0 in half of all cases.
    pub fn weight_decay(&mut self) -> f64 {
        self.optional(1e-4, 0.1)
    }

    /// How weight decay acts.
    pub fn decay_form(&mut self) -> DecayForm {
        let roll = self.roll();
        if roll < 0.4 {
            DecayForm::Coupled
        } else if roll < 0.8 {
            DecayForm::Decoupled
        } else {
            DecayForm::Fixed
        }
    }
}
