//! A checkpoint: all that training goes on from, as bytes. Numbers are little endian.

use crate::recipe::Training;
use gradstep::loss_scale::LossScale;
use std::error::Error;

/// The counts, the loss scale, then of each tensor the parameters and the state.
pub(crate) fn write(training: &Training) -> Vec<u8> {
    let mut bytes = Vec::new();
    for count in [training.batches, training.clock, training.average_clock] {
        bytes.extend(count.to_le_bytes());
    }
    bytes.extend(training.loss_scale.to_bytes());
    for (params, state) in training.params.iter().zip(&training.state) {
        for value in params.iter().chain(state.iter().flatten()) {
            bytes.extend(value.to_le_bytes());
        }
    }
    bytes
}

pub(crate) fn read(mut bytes: &[u8]) -> Result<Training, Box<dyn Error>> {
    let mut training = Training::start()?;
    for count in [&mut training.batches, &mut training.clock, &mut training.average_clock] {
        *count = u64::from_le_bytes(take(&mut bytes)?);
    }
    training.loss_scale = LossScale::from_bytes(&take(&mut bytes)?)?;
    for (params, state) in training.params.iter_mut().zip(&mut training.state) {
        for value in params.iter_mut().chain(state.iter_mut().flatten()) {
            *value = f32::from_le_bytes(take(&mut bytes)?);
        }
    }
    if bytes.is_empty() { Ok(training) } else { Err("the checkpoint is too long".into()) }
}

/// Takes the next bytes.
fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], &'static str> {
    let (first, rest) = bytes.split_first_chunk().ok_or("the checkpoint is too short")?;
    *bytes = rest;
    Ok(*first)
}
