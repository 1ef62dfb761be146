//! What an optimizer remembers between steps besides the slots.

use core::fmt::Debug;

/// What an optimizer remembers between steps besides the slots: usually the number of steps, a `u64`.
pub trait Clock: Copy + Default + PartialEq + Debug + Send + Sync + 'static {
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

impl ClockData {
    /// The bytes of a clock: `step` and `values`, little endian.
    pub const fn to_bytes(&self) -> [u8; 24] {
        let [first, second] = self.values;
        let words = [self.step.to_le_bytes(), first.to_le_bytes(), second.to_le_bytes()];
        let mut bytes = [0; 24];
        bytes.as_chunks_mut().0.copy_from_slice(&words);
        bytes
    }

    /// The clock of these bytes. Every byte pattern is a clock; what no run can reach is an error of the next step.
    pub const fn from_bytes(bytes: &[u8; 24]) -> Self {
        let &[a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7, c0, c1, c2, c3, c4, c5, c6, c7] = bytes;
        ClockData {
            step: u64::from_le_bytes([a0, a1, a2, a3, a4, a5, a6, a7]),
            values: [
                f64::from_le_bytes([b0, b1, b2, b3, b4, b5, b6, b7]),
                f64::from_le_bytes([c0, c1, c2, c3, c4, c5, c6, c7]),
            ],
        }
    }
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
