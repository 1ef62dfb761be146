//! The state slots of an optimizer as data.

use crate::error::{Error, Slice};
use crate::rule::Rule;
use crate::shape::{Extent, Shape};

/// A state slot of an optimizer with hyper-parameters `O`: one f32 for each element, row, block or tensor.
#[derive(Clone, Copy, Debug)]
pub struct Slot<O> {
    /// Its name: the one that checkpoints of PyTorch use, where it has this slot.
    pub name: &'static str,
    /// What it holds before the first step.
    pub start: Start<O>,
    /// What it has one number for. [`Extent::len`] is the length of the slot for a tensor.
    pub extent: Extent,
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
        Slot { name, start: Start::Zero, extent: Extent::Element, holds: Holds::Signed, is_written: true }
    }

    /// A slot of squares or magnitudes, zeros at the start.
    pub const fn squares(name: &'static str) -> Self {
        Slot { holds: Holds::Squares, ..Slot::signed(name) }
    }

    /// The same with the value of a hyper-parameter at the start.
    pub const fn starting_at(mut self, value: fn(&O) -> f64) -> Self {
        self.start = Start::Value(value);
        self
    }

    /// The same with a copy of the parameters at the start.
    pub const fn starting_as_params(mut self) -> Self {
        self.start = Start::Params;
        self
    }

    /// The same with one number for each row, block or tensor.
    pub const fn of_each(mut self, extent: Extent) -> Self {
        self.extent = extent;
        self
    }

    /// The same, but a step only reads it.
    pub const fn read_only(mut self) -> Self {
        self.is_written = false;
        self
    }
}

/// Whether the slots of an optimizer have the extents that its rule reads them with.
pub(super) const fn agree<O, U: Rule<S>, const S: usize>(slots: &[Slot<O>; S]) -> bool {
    let (mut slots, extents) = (slots.as_slice(), U::EXTENTS);
    let mut extents = extents.as_slice();
    while let ([slot, more_slots @ ..], [extent, more_extents @ ..]) = (slots, extents) {
        if slot.extent as u8 != *extent as u8 {
            return false;
        }
        (slots, extents) = (more_slots, more_extents);
    }
    true
}

/// Fills the state of `params` as it is before the first step of an optimizer.
pub(crate) fn fill<O, const S: usize>(
    optimizer: &O,
    slots: &[Slot<O>; S],
    shape: &Shape,
    params: &[f32],
    state: [&mut [f32]; S],
) -> Result<(), Error> {
    for (slot, (Slot { extent, .. }, slice)) in slots.iter().zip(&state).enumerate() {
        let expected = extent.len(shape);
        if slice.len() != expected {
            return Err(Error::Length { slice: Slice::of_slot(slot, *extent), expected, found: slice.len() });
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
