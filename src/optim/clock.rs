//! What an optimizer remembers between steps besides the slots.

use core::fmt::Debug;

/// What an optimizer remembers between steps besides the slots: usually the number of steps, a `u64`.
pub trait Clock: Copy + Default + PartialEq + Debug + 'static {
    /// The clock before the first step, as a constant: the default.
    const START: Self;

    /// The names of what the clock holds besides the number of steps.
    const VALUES: &'static [&'static str];

    /// Steps done.
    fn step(&mut self) -> &mut u64;

    /// The clock as data of one type for all optimizers.
    fn save(&self) -> ClockData;

    /// The clock from this data. What no run can reach is an error of the next step.
    fn load(data: &ClockData) -> Self;
}

/// A clock of any optimizer, as plain data.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct ClockData {
    /// Steps done.
    pub step: u64,
    /// What [`Clock::VALUES`] names; 0 for the rest.
    pub values: [f64; 2],
}

impl Clock for u64 {
    const START: Self = 0;
    const VALUES: &'static [&'static str] = &[];

    fn step(&mut self) -> &mut u64 {
        self
    }

    fn save(&self) -> ClockData {
        ClockData { step: *self, values: [0.0; 2] }
    }

    fn load(data: &ClockData) -> Self {
        data.step
    }
}
