use super::step::Step;
use crate::error::{Error, Slice};
use crate::rule::Rule;

/// The slice of a pass that an error of length is about.
pub(crate) enum Wrong {
    Buffer(Slice),
    Input(Slice),
}

impl Wrong {
    /// Checks that both slices have one length.
    pub(super) fn check(self, buffer: &[f32], input: &[f32]) -> Result<(), Error> {
        if buffer.len() == input.len() {
            return Ok(());
        }
        let (slice, expected, found) = match self {
            Wrong::Buffer(slice) => (slice, input.len(), buffer.len()),
            Wrong::Input(slice) => (slice, buffer.len(), input.len()),
        };
        Err(Error::Length { slice, expected, found })
    }
}

/// A pass over a buffer and an input, which takes the place of the gradients.
pub(crate) fn pass<U: Rule<0>>(rule: U, buffer: &mut [f32], input: &[f32], wrong: Wrong) -> Result<(), Error> {
    wrong.check(buffer, input)?;
    Step::of(rule).apply(buffer, input, [])
}

/// The same on rayon's current thread pool.
#[cfg(feature = "rayon")]
pub(crate) fn par_pass<U: Rule<0>>(rule: U, buffer: &mut [f32], input: &[f32], wrong: Wrong) -> Result<(), Error> {
    wrong.check(buffer, input)?;
    Step::of(rule).par_apply(buffer, input, [])
}
