use super::step::Step;
use crate::error::{Error, Slice};
use crate::rule::Rule;

/// The slice of a pass that an error of length is about.
pub(crate) enum Wrong {
    Buffer(Slice),
    Input(Slice),
}

/// A pass over a buffer and an input, which takes the place of the gradients.
pub(crate) fn pass<U: Rule<0>>(rule: U, buffer: &mut [f32], input: &[f32], wrong: Wrong) -> Result<(), Error> {
    if buffer.len() != input.len() {
        let (slice, expected, found) = match wrong {
            Wrong::Buffer(slice) => (slice, input.len(), buffer.len()),
            Wrong::Input(slice) => (slice, buffer.len(), input.len()),
        };
        return Err(Error::Length { slice, expected, found });
    }
    Step::of(rule).apply(buffer, input, [])
}
