//! The crate behind a C interface, for `compare.py` and `model.py` to step over PyTorch's own memory.

use gradstep::average::WeightEma;
use gradstep::clip::ClipNorm;
use gradstep::sum::Sum;
use gradstep::{AdaGrad, Adam, AdamW, Error, Lamb, Momentum, Optimizer, RmsProp, Sgd};
use rayon::ThreadPoolBuilder;
use std::slice::{from_raw_parts, from_raw_parts_mut};
use std::sync::Once;

/// One tensor: its length, parameters, gradients and up to three state slots.
#[repr(C)]
pub struct Tensor {
    len: usize,
    params: *mut f32,
    grads: *mut f32,
    state: [*mut f32; 3],
    /// Whether it is in the group whose weights decay. [`step`] has one group.
    decays: bool,
}

/// Parameters, gradients and state.
type Slices<'a, const S: usize> = (&'a mut [f32], &'a mut [f32], [&'a mut [f32]; S]);

impl Tensor {
    /// # Safety
    /// The tensor has its length, and slots as far as there are, and nothing else uses its memory.
    unsafe fn slices<const S: usize>(&self) -> Slices<'_, S> {
        // SAFETY: the caller's promise.
        let (params, grads, state) = unsafe {
            (
                from_raw_parts_mut(self.params, self.len),
                from_raw_parts_mut(self.grads, self.len),
                self.state.map(|slot| (!slot.is_null()).then(|| from_raw_parts_mut(slot, self.len))),
            )
        };
        let mut state = state.into_iter().flatten();
        (params, grads, std::array::from_fn(|_| state.next().unwrap_or_default()))
    }

    /// # Safety
    /// Nothing writes its gradients.
    unsafe fn grads(&self) -> &[f32] {
        // SAFETY: the caller's promise.
        unsafe { from_raw_parts(self.grads, self.len) }
    }
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
    let parallel = in_parallel(threads);
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

/// Whether there are several threads, which are started here.
fn in_parallel(threads: usize) -> bool {
    if threads > 1 {
        // Who has made a pool before keeps it.
        POOL.call_once(|| drop(ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build_global()));
    }
    threads > 1
}

unsafe fn all<O: Optimizer<S, Clock = u64>, const S: usize>(
    optimizer: O,
    clock: &mut u64,
    tensors: &[Tensor],
    parallel: bool,
) -> Result<(), Error> {
    let step = optimizer.tick(clock)?;
    tensors.iter().try_for_each(|tensor| {
        // SAFETY: the caller's promise.
        let (params, grads, state) = unsafe { tensor.slices() };
        if parallel { step.par_apply(params, grads, state) } else { step.apply(params, grads, state) }
    })
}

/// Two clocks: of the optimizer and of the average.
pub type Clocks = [u64; 2];

/// All that a training step does to the weights: unscaled gradients, clipped by their global norm, AdamW in two groups, an
/// average of the weights in the last slot, zeroed gradients. Returns whether it went well.
///
/// # Safety
/// That of [`step`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn recipe(
    clocks: &mut Clocks,
    tensors: *const Tensor,
    count: usize,
    threads: usize,
    scale: f64,
) -> bool {
    // SAFETY: the caller's promise, here and below.
    let tensors = unsafe { from_raw_parts(tensors, count) };
    // SAFETY: as above.
    unsafe { train(clocks, tensors, in_parallel(threads), scale) }.is_ok()
}

unsafe fn train(clocks: &mut Clocks, tensors: &[Tensor], parallel: bool, scale: f64) -> Result<(), Error> {
    // SAFETY: the caller's promise.
    let norm = unsafe { norm(tensors, parallel) } / scale;
    let factor = ClipNorm::torch(1.0)?.factor(norm)?;
    let adam_w = |weight_decay| AdamW { weight_decay, ..AdamW::torch() };
    let [optimizer, averages] = clocks;
    let average = WeightEma::torch().tick(averages)?;
    let groups = AdamW::tick_groups([&adam_w(0.0), &adam_w(0.1)], optimizer)?;
    let [keeps, decays] = groups.map(|step| step.scale_grads(factor / scale).then(average));
    tensors.iter().try_for_each(|tensor| {
        // SAFETY: the caller's promise.
        let (params, grads, state) = unsafe { tensor.slices() };
        let step = if tensor.decays { &decays } else { &keeps };
        if parallel { step.par_apply_zeroing(params, grads, state) } else { step.apply_zeroing(params, grads, state) }
    })
}

/// The norm of the gradients of all tensors.
///
/// # Safety
/// Nothing writes the gradients.
unsafe fn norm(tensors: &[Tensor], parallel: bool) -> f64 {
    let squares = if parallel { Sum::par_squares } else { Sum::squares };
    // SAFETY: the caller's promise.
    tensors.iter().map(|tensor| squares(unsafe { tensor.grads() })).sum::<Sum>().root()
}

/// A step of LAMB as timm does it, with its clip by the global norm. Returns whether it went well.
///
/// # Safety
/// That of [`step`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lamb(clock: &mut u64, tensors: *const Tensor, count: usize, threads: usize) -> bool {
    // SAFETY: the caller's promise, here and below.
    let tensors = unsafe { from_raw_parts(tensors, count) };
    // SAFETY: as above.
    unsafe { lamb_step(clock, tensors, in_parallel(threads)) }.is_ok()
}

unsafe fn lamb_step(clock: &mut u64, tensors: &[Tensor], parallel: bool) -> Result<(), Error> {
    // SAFETY: the caller's promise.
    let factor = ClipNorm::optax(1.0)?.factor(unsafe { norm(tensors, parallel) })?;
    let lamb = |weight_decay| Lamb { weight_decay, ..Lamb::timm() };
    let [keeps, decays] = Lamb::tick_groups([&lamb(0.0), &lamb(0.01)], clock)?.map(|step| step.scale_grads(factor));
    tensors.iter().try_for_each(|tensor| {
        // SAFETY: the caller's promise.
        let (params, grads, state) = unsafe { tensor.slices() };
        let step = if tensor.decays { &decays } else { &keeps };
        if parallel { step.par_apply(params, grads, state) } else { step.apply(params, grads, state) }
    })
}

/// The norm of the gradients alone.
///
/// # Safety
/// That of [`step`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn grad_norm(tensors: *const Tensor, count: usize, threads: usize) -> f64 {
    // SAFETY: the caller's promise, here and below.
    let tensors = unsafe { from_raw_parts(tensors, count) };
    // SAFETY: as above.
    unsafe { norm(tensors, in_parallel(threads)) }
}
