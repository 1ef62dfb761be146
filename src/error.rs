use core::fmt;

/// What was wrong with a call. After an error nothing was written: parameters, state and clock are as before.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A slice is not as long as the parameters.
    Length {
        /// The slice whose length differs.
        slice: Slice,
        /// The number of parameters.
        expected: usize,
        /// The length of that slice.
        found: usize,
    },
    /// A hyper-parameter is NaN, infinite or out of its range.
    HyperParameter {
        /// The field or argument.
        name: &'static str,
        /// What it held.
        value: f64,
        /// What it may hold.
        expected: &'static str,
    },
    /// The clock stands at its maximum: one more step cannot be counted.
    ClockOverflow,
    /// This CPU or this build cannot run the backend asked for.
    UnsupportedBackend(crate::Backend),
}

/// Names one of the slices of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Slice {
    /// The gradients.
    Grads,
    /// A state slot, counted from 0 in the order that the optimizer documents.
    State(usize),
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Slice::Grads => f.write_str("grads"),
            Slice::State(slot) => write!(f, "state slot {slot}"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Length { slice, expected, found } => {
                write!(f, "{slice} has {found} elements, the parameters have {expected}")
            }
            Error::HyperParameter { name, value, expected } => write!(f, "{name} is {value}, expected {expected}"),
            Error::ClockOverflow => f.write_str("the clock is at its maximum"),
            Error::UnsupportedBackend(backend) => write!(f, "backend {backend} is not supported here"),
        }
    }
}

impl core::error::Error for Error {}
