//! What can be wrong with a call.

use crate::backend::Backend;
use crate::range::Range;
use crate::shape::Extent;
use core::fmt;

/// What was wrong with a call. After an error nothing was written: parameters, state and clock are as before.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// A slice does not have the length of the slice that it belongs to.
    Length {
        /// The slice whose length differs.
        slice: Slice,
        /// The length that it should have, in elements.
        expected: usize,
        /// The length that it has.
        found: usize,
    },
    /// A slice of a tensor in a list does not have the length of the tensor's parameters.
    TensorLength {
        /// The position of the tensor in the list.
        tensor: usize,
        /// The slice whose length differs.
        slice: Slice,
        /// The length that it should have, in elements.
        expected: usize,
        /// The length that it has.
        found: usize,
    },
    /// A hyper-parameter or an argument is NaN, infinite or out of its range.
    HyperParameter {
        /// The field or argument.
        name: &'static str,
        /// The value that was given.
        value: f64,
        /// What it may hold.
        range: Range,
    },
    /// An argument is larger than another argument allows.
    Above {
        /// The argument.
        name: &'static str,
        /// The value that was given.
        value: f64,
        /// The argument that limits it.
        limit: &'static str,
        /// The largest value that it may have.
        most: f64,
    },
    /// A hyper-parameter is in its range, but a coefficient derived from it is infinite in f32, or is 0 though it was
    /// given as a number other than 0.
    Coefficient {
        /// The field or argument.
        name: &'static str,
        /// The value that was given.
        value: f64,
        /// The coefficient before it was rounded to f32.
        coefficient: f64,
    },
    /// A clock holds a value that no run of the optimizer can reach.
    Clock {
        /// The field of the clock.
        name: &'static str,
        /// The value that was given.
        value: f64,
        /// What it may hold.
        range: Range,
    },
    /// The clock is at its maximum: one more step cannot be counted.
    ClockOverflow,
    /// A group of parameters cannot share the clock of the first group: what the clock holds besides the number of
    /// steps would differ.
    GroupClock {
        /// The position of the group in the list.
        group: usize,
    },
    /// A step does not follow on the clock that it is committed to: another step has been committed since it began, or groups
    /// that began together bring the clock to different states.
    Stale {
        /// The number of the step, 1 for the first.
        step: u64,
        /// Steps that the clock has counted.
        clock: u64,
    },
    /// The clock of this optimizer follows from the sums of a step, so a tick cannot move it: begin, apply and commit.
    ClockFollowsSums,
    /// A pass over all tensors is missing before a step.
    NotMeasured,
    /// A step needs a number that it was not given.
    Missing {
        /// The number.
        name: &'static str,
    },
    /// This CPU or this build cannot run the backend asked for.
    UnsupportedBackend(Backend),
    /// Nothing has the name that was given.
    Unknown {
        /// What was looked up by name.
        what: Named,
        /// The names that exist.
        known: &'static [&'static str],
    },
    /// A field was set to a value of another type.
    FieldType {
        /// The field.
        name: &'static str,
        /// The type that it has: `f64`, `bool` or `u64`.
        expected: &'static str,
    },
    /// A piece of a tensor starts within a block of its sum, not at a multiple of 1,024 elements.
    PieceStart {
        /// The element of the tensor where the piece starts.
        start: usize,
    },
    /// The length of a matrix is not a multiple of the length of its rows.
    RowLength {
        /// The length of a row, in elements.
        row_len: usize,
        /// The length of the matrix.
        len: usize,
    },
    /// The length of the blocks of a tensor is 0.
    BlockLength,
    /// A sum is of more or fewer elements than there are: pieces overlap, or one is missing.
    SumLength {
        /// The number of elements of the tensors.
        expected: u64,
        /// The number of elements that were summed.
        found: u64,
    },
    /// An element is NaN or infinite, and the step looks at all tensors together.
    NotFiniteElement {
        /// The position of the tensor in the list, 0 where there is no list. Tensors of groups are counted on through the groups.
        tensor: usize,
        /// The slice that has the element.
        slice: Slice,
        /// The position of the element.
        element: usize,
        /// The element.
        value: f32,
    },
    /// A loss, a norm, or another number computed from whole tensors, is NaN or infinite.
    NotFinite {
        /// The number, by its name.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// The loss does not decrease along a direction, so there is no line search along it.
    NotDescent {
        /// The derivative of the loss along the direction.
        slope: f64,
    },
    /// A call brought more or fewer state slots than the optimizer has.
    SlotCount {
        /// The number of slots of the optimizer.
        expected: usize,
        /// The number of slices that were given.
        found: usize,
    },
}

impl Error {
    /// The kind of the error in a few words, for logs that cannot afford the formatting of `Display`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Error::Length { .. } => "length of a slice",
            Error::TensorLength { .. } => "length of a slice in a list",
            Error::HyperParameter { .. } => "hyper-parameter out of range",
            Error::Above { .. } => "argument above another one",
            Error::Coefficient { .. } => "coefficient out of the range of f32",
            Error::Clock { .. } => "clock out of range",
            Error::ClockOverflow => "clock at its maximum",
            Error::GroupClock { .. } => "group that needs its own clock",
            Error::Stale { .. } => "step of another time than the clock's",
            Error::ClockFollowsSums => "clock that follows from sums",
            Error::NotMeasured => "missing pass",
            Error::Missing { .. } => "missing number",
            Error::UnsupportedBackend(_) => "unsupported backend",
            Error::Unknown { .. } => "unknown name",
            Error::FieldType { .. } => "type of a field",
            Error::PieceStart { .. } => "start of a piece",
            Error::RowLength { .. } => "length of a row",
            Error::BlockLength => "length of a block",
            Error::SumLength { .. } => "number of elements in a sum",
            Error::NotFiniteElement { .. } => "element that is not finite",
            Error::NotFinite { .. } => "number that is not finite",
            Error::NotDescent { .. } => "direction that is not one of descent",
            Error::SlotCount { .. } => "number of state slots",
        }
    }

    /// This error of a sum, with the element that it is due to.
    #[cold]
    pub(crate) fn with_element(self, tensor: usize, found: Option<(Slice, usize, f32)>) -> Self {
        match (self, found) {
            (Error::NotFinite { .. }, Some((slice, element, value))) => {
                Error::NotFiniteElement { tensor, slice, element, value }
            }
            (error, _) => error,
        }
    }

    /// This error for a tensor of a list.
    #[cold]
    pub(crate) const fn in_tensor(self, tensor: usize) -> Self {
        match self {
            Error::Length { slice, expected, found } => Error::TensorLength { tensor, slice, expected, found },
            other => other,
        }
    }
}

/// Names one of the slices of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Slice {
    /// The parameters.
    Params,
    /// The gradients.
    Grads,
    /// A state slot with a number for each element. Slots are counted from 0 in the order that the optimizer documents.
    State(usize),
    /// A state slot with fewer numbers than elements.
    Numbers {
        /// Which slot.
        slot: usize,
        /// What it has one number for.
        extent: Extent,
    },
    /// The buffer that gradients are summed in.
    Buffer,
    /// The average of the weights.
    Average,
    /// What rounding took off an average.
    Compensation,
    /// The slow weights of Lookahead.
    Slow,
    /// The estimate of the Hessian's diagonal.
    Estimate,
    /// The second slice of a dot product.
    Factors,
    /// The slot `z` of a schedule-free optimizer.
    Z,
    /// The history of L-BFGS.
    History,
    /// The bytes of a state.
    Bytes,
}

impl Slice {
    /// A state slot with an extent.
    #[inline]
    pub(crate) const fn of_slot(slot: usize, extent: Extent) -> Self {
        match extent {
            Extent::Element => Slice::State(slot),
            extent => Slice::Numbers { slot, extent },
        }
    }
}

/// What a name was looked up as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Named {
    /// An optimizer.
    Optimizer,
    /// A hyper-parameter of an optimizer.
    Field,
    /// A preset of an optimizer.
    Preset,
    /// A choice that a field of an optimizer has.
    Choice,
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Slice::Params => f.write_str("params"),
            Slice::Grads => f.write_str("grads"),
            Slice::State(slot) => write!(f, "state slot {slot}"),
            Slice::Numbers { slot, extent } => write!(f, "state slot {slot}, one number for each {extent},"),
            Slice::Buffer => f.write_str("buffer"),
            Slice::Average => f.write_str("average"),
            Slice::Compensation => f.write_str("compensation"),
            Slice::Slow => f.write_str("slow"),
            Slice::Estimate => f.write_str("estimate"),
            Slice::Factors => f.write_str("factors"),
            Slice::Z => f.write_str("z"),
            Slice::History => f.write_str("history"),
            Slice::Bytes => f.write_str("bytes"),
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Named::Optimizer => "optimizer",
            Named::Field => "field",
            Named::Preset => "preset",
            Named::Choice => "choice",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Length { slice, expected, found } => {
                write!(f, "{slice} has {found} elements, expected {expected}")
            }
            Error::TensorLength { tensor, slice, expected, found } => {
                write!(f, "{slice} of tensor {tensor} has {found} elements, expected {expected}")
            }
            Error::HyperParameter { name, value, range } => write!(f, "{name} is {value}, expected {range}"),
            Error::Above { name, value, limit, most } => {
                write!(f, "{name} is {value}, above {limit}, which is {most}")
            }
            Error::Coefficient { name, value, coefficient } => {
                write!(f, "{name} is {value}, which makes a coefficient of {coefficient}, out of the range of f32")
            }
            Error::Clock { name, value, range } => write!(f, "the clock's {name} is {value}, expected {range}"),
            Error::ClockOverflow => f.write_str("the clock is at its maximum"),
            Error::GroupClock { group } => {
                write!(f, "group {group} would bring the clock to another state than the first: it needs its own")
            }
            Error::Stale { step, clock } => {
                write!(f, "step {step} cannot be committed to a clock of {clock} steps: it began from another state")
            }
            Error::ClockFollowsSums => {
                f.write_str("the clock of this optimizer follows from the sums of a step: begin, apply and commit it")
            }
            Error::NotMeasured => f.write_str("a pass over all tensors is missing"),
            Error::Missing { name } => write!(f, "the step needs the {name}, which it was not given"),
            Error::UnsupportedBackend(backend) => write!(f, "backend {backend} is not supported here"),
            Error::Unknown { what, known } => {
                write!(f, "no {what} has this name; the names are ")?;
                for (i, name) in known.iter().enumerate() {
                    write!(f, "{}{name}", if i == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Error::FieldType { name, expected } => write!(f, "{name} is of type {expected}"),
            Error::PieceStart { start } => write!(f, "a piece starts at element {start}, expected a multiple of 1024"),
            Error::RowLength { row_len, len } => write!(f, "rows of {row_len} elements do not fill {len}"),
            Error::BlockLength => f.write_str("blocks have no elements"),
            Error::SumLength { expected, found } => write!(f, "the sum is of {found} elements, expected {expected}"),
            Error::NotFiniteElement { tensor, slice, element, value } => {
                write!(f, "{slice} of tensor {tensor} has {value} at element {element}, expected finite numbers")
            }
            Error::NotFinite { name, value } => write!(f, "{name} is {value}, expected a finite number"),
            Error::NotDescent { slope } => write!(f, "the slope along the direction is {slope}, expected one below 0"),
            Error::SlotCount { expected, found } => write!(f, "{found} state slots, expected {expected}"),
        }
    }
}

impl core::error::Error for Error {}
