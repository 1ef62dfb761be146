//! The crate behind a C interface, for `compare.py` to step over PyTorch's own memory.

use gradstep::{AdaGrad, Adam, AdamW, Error, Momentum, Optimizer, RmsProp, Sgd};
use rayon::ThreadPoolBuilder;
use std::slice::{from_raw_parts, from_raw_parts_mut};
use std::sync::Once;

/// One tensor: its length, parameters, gradients and up to two state slots.
#[repr(C)]
pub struct Tensor {
    len: usize,
    params: *mut f32,
    grads: *const f32,
    state: [*mut f32; 2],
}

/// The calling thread is one of the pool's, so that a step need not wait for another one to wake.
static POOL: Once = Once::new();

/// One step over a list of tensors, as `torch.optim` does it: the coefficients once, then every tensor. On more than
/// one of `threads` it is the pool's. Returns whether it went well.
///
/// # Safety
/// Every tensor has its length, and slots as far as the optimizer has them, and nothing else uses its memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn step(
    optimizer: u32,
    clock: &mut u64,
    tensors: *const Tensor,
    count: usize,
    threads: usize,
) -> bool {
    // SAFETY: the caller's promise, here and below.
    let tensors = unsafe { from_raw_parts(tensors, count) };
    let parallel = threads > 1;
    if parallel {
        // Who has made a pool before keeps it.
        POOL.call_once(|| drop(ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build_global()));
    }
    // SAFETY: as above.
    let done = unsafe {
        match optimizer {
            0 => all(Sgd { lr: 1e-3, ..Sgd::default() }, clock, tensors, parallel),
            1 => all(Momentum::torch(), clock, tensors, parallel),
            2 => all(AdaGrad::torch(), clock, tensors, parallel),
            3 => all(RmsProp::torch(), clock, tensors, parallel),
            4 => all(Adam::torch(), clock, tensors, parallel),
            5 => all(AdamW::torch(), clock, tensors, parallel),
            _ => return false,
        }
    };
    done.is_ok()
}

unsafe fn all<O: Optimizer<S, Clock = u64>, const S: usize>(
    optimizer: O,
    clock: &mut u64,
    tensors: &[Tensor],
    parallel: bool,
) -> Result<(), Error> {
    let step = optimizer.tick(clock)?;
    let apply = |tensor: &Tensor| {
        // SAFETY: the caller's promise.
        let (params, grads, state) = unsafe {
            (
                from_raw_parts_mut(tensor.params, tensor.len),
                from_raw_parts(tensor.grads, tensor.len),
                tensor.state.map(|slot| (!slot.is_null()).then(|| from_raw_parts_mut(slot, tensor.len))),
            )
        };
        let mut state = state.into_iter().flatten();
        let state = std::array::from_fn(|_| state.next().unwrap_or_default());
        if parallel { step.par_apply(params, grads, state) } else { step.apply(params, grads, state) }
    };
    tensors.iter().try_for_each(apply)
}
