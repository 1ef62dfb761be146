//! The state slots of an optimizer as data.

use crate::error::{Error, Slice};

/// A state slot of an optimizer with hyper-parameters `O`: one f32 for each parameter.
#[derive(Clone, Copy, Debug)]
pub struct Slot<O> {
    /// Its name: the one that checkpoints of PyTorch use, where it has this slot.
    pub name: &'static str,
    /// What it holds before the first step.
    pub start: Start<O>,
    /// What its numbers are.
    pub holds: Holds,
    /// Whether a step writes it. One that it only reads is set by the caller.
    pub is_written: bool,
}

/// What a slot holds before the first step.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Start<O> {
    /// Zeros.
    Zero,
    /// The value of a hyper-parameter.
    Value(fn(&O) -> f64),
    /// A copy of the parameters.
    Params,
}

/// What the numbers of a slot are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Holds {
    /// Numbers of either sign.
    Signed,
    /// Squares or magnitudes: never negative.
    Squares,
}

impl<O> Slot<O> {
    /// A slot of numbers of either sign, zeros at the start.
    pub const fn signed(name: &'static str) -> Self {
        Slot { name, start: Start::Zero, holds: Holds::Signed, is_written: true }
    }

    /// A slot of squares or magnitudes, zeros at the start.
    pub const fn squares(name: &'static str) -> Self {
        Slot { holds: Holds::Squares, ..Slot::signed(name) }
    }

    /// The same with the value of a hyper-parameter at the start.
    pub const fn starting_at(self, value: fn(&O) -> f64) -> Self {
        Slot { name: self.name, start: Start::Value(value), holds: self.holds, is_written: self.is_written }
    }

    /// The same with a copy of the parameters at the start.
    pub const fn starting_as_params(self) -> Self {
        Slot { name: self.name, start: Start::Params, holds: self.holds, is_written: self.is_written }
    }

    /// The same, but a step only reads it.
    pub const fn read_only(self) -> Self {
        Slot { name: self.name, start: self.start, holds: self.holds, is_written: false }
    }
}

/// Fills the state of `params` as it is before the first step of an optimizer.
pub(crate) fn fill<O, const S: usize>(
    optimizer: &O,
    slots: &[Slot<O>; S],
    params: &[f32],
    state: [&mut [f32]; S],
) -> Result<(), Error> {
    for (slot, slice) in state.iter().enumerate() {
        if slice.len() != params.len() {
            return Err(Error::Length { slice: Slice::State(slot), expected: params.len(), found: slice.len() });
        }
    }
    for (slice, slot) in state.into_iter().zip(slots) {
        match slot.start {
            Start::Zero => slice.fill(0.0),
            Start::Value(value) => slice.fill(value(optimizer) as f32),
            Start::Params => slice.iter_mut().zip(params).for_each(|(slot, p)| *slot = *p),
        }
    }
    Ok(())
}
