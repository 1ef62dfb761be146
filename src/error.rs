//! What can be wrong with a call.

use crate::backend::Backend;
use crate::range::Range;
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
    /// An argument is above what another one allows: a part is larger than the whole.
    Above {
        /// The argument.
        name: &'static str,
        /// The value that was given.
        value: f64,
        /// What limits it: another argument.
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
    /// A group of parameters cannot share the clock of the first one: what it holds besides the steps would go another way.
    GroupClock {
        /// The position of the group in the list.
        group: usize,
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
    /// A piece of a tensor starts within a block of the sum over it: at no multiple of 1,024 elements.
    PieceStart {
        /// The element of the tensor where the piece starts.
        start: usize,
    },
    /// Rows of this length do not fill a matrix.
    RowLength {
        /// The length of a row, in elements.
        row_len: usize,
        /// The length of the matrix.
        len: usize,
    },
    /// A sum is of more or fewer elements than there are: pieces overlap, or one is missing.
    SumLength {
        /// The number of elements that there are.
        expected: u64,
        /// The number of elements that were summed.
        found: u64,
    },
    /// A norm, or another number that a whole tensor has, is NaN or infinite: some element is not finite.
    NotFinite {
        /// What it is.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// The loss does not fall along a direction: a line search has nowhere to go.
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
    /// What kind of error it is, in a few words: for a log that cannot afford formatting, which `Display` needs.
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
            Error::UnsupportedBackend(_) => "unsupported backend",
            Error::Unknown { .. } => "unknown name",
            Error::FieldType { .. } => "type of a field",
            Error::PieceStart { .. } => "start of a piece",
            Error::RowLength { .. } => "length of a row",
            Error::SumLength { .. } => "number of elements in a sum",
            Error::NotFinite { .. } => "number that is not finite",
            Error::NotDescent { .. } => "direction that is not one of descent",
            Error::SlotCount { .. } => "number of state slots",
        }
    }

    /// The same error of a tensor in a list.
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
    /// The gradients.
    Grads,
    /// A state slot, counted from 0 in the order that the optimizer documents.
    State(usize),
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
    /// What an optimizer remembers of rows.
    Memories,
    /// The slot `z` of a schedule-free optimizer.
    Z,
    /// The memory of L-BFGS.
    Memory,
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
            Slice::Grads => f.write_str("grads"),
            Slice::State(slot) => write!(f, "state slot {slot}"),
            Slice::Buffer => f.write_str("buffer"),
            Slice::Average => f.write_str("average"),
            Slice::Compensation => f.write_str("compensation"),
            Slice::Slow => f.write_str("slow"),
            Slice::Estimate => f.write_str("estimate"),
            Slice::Factors => f.write_str("factors"),
            Slice::Memories => f.write_str("memories"),
            Slice::Z => f.write_str("z"),
            Slice::Memory => f.write_str("memory"),
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
            Error::SumLength { expected, found } => write!(f, "the sum is of {found} elements, expected {expected}"),
            Error::NotFinite { name, value } => write!(f, "{name} is {value}, expected a finite number"),
            Error::NotDescent { slope } => write!(f, "the slope along the direction is {slope}, expected one below 0"),
            Error::SlotCount { expected, found } => write!(f, "{found} state slots, expected {expected}"),
        }
    }
}

impl core::error::Error for Error {}
