//! Where benches put the slices of a step.

use gradstep::{Optimizer, Shape};

/// The slices of a step, as a careful engine would lay them out: each begins on a cache line, no two at the same place
/// within a page, and more than a page beyond a power of two apart. A CPU that compares the low twelve bits of addresses
/// takes a load from one stream for a load of what was just stored to another, and streams a power of two apart meet in
/// the same rows of memory: both can take three times as long.
pub struct Streams {
    buffer: Vec<f32>,
    start: usize,
    stride: usize,
    len: usize,
    /// The lengths of slots.
    slots: [usize; MAX_SLOTS],
}

/// No step has more slots.
const MAX_SLOTS: usize = 8;

/// In elements, as all that follows.
const PAGE: usize = 4096 / size_of::<f32>();

/// A page and ten cache lines.
const STAGGER: usize = PAGE + 160;

impl Streams {
    /// Parameters and gradients of a tensor, in [−1, 1), and the state of an optimizer, in [0, 1).
    pub fn of<O: Optimizer<S>, const S: usize>(shape: &Shape) -> Self {
        let mut streams = Streams::new(shape.len, S);
        streams.slots.iter_mut().zip(&O::SLOTS).for_each(|(len, slot)| *len = slot.extent.len(shape));
        streams
    }

    /// Parameters, gradients and `slots` state slots of `len` elements.
    pub fn new(len: usize, slots: usize) -> Self {
        let stride = len.next_multiple_of(PAGE) + STAGGER;
        let mut buffer = vec![0.0_f32; PAGE + (2 + slots) * stride];
        let start = buffer.as_ptr().align_offset(4096);
        let mut bits = 1_u32;
        for (i, value) in buffer.iter_mut().skip(start).enumerate() {
            bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *value = (bits >> 8) as f32 / 8_388_608.0 - 1.0;
            if i >= 2 * stride {
                *value = value.abs();
            }
        }
        Streams { buffer, start, stride, len, slots: [len; MAX_SLOTS] }
    }

    /// From here on the gradients are zero.
    pub fn freeze(&mut self) {
        self.buffer.iter_mut().skip(self.start + self.stride).take(self.len).for_each(|grad| *grad = 0.0);
    }

    /// Parameters, gradients and state. Inlined, as a caller has its slices at hand: an array of slices that comes back
    /// through memory costs a step of few elements a stall.
    #[inline(always)]
    pub fn split<const S: usize>(&mut self) -> (&mut [f32], &[f32], [&mut [f32]; S]) {
        let Streams { buffer, start, stride, len, slots } = self;
        let mut rest = buffer.get_mut(*start..).unwrap_or_default();
        let mut next = |len: usize| {
            let (stream, after) = std::mem::take(&mut rest).split_at_mut_checked(*stride).unwrap_or_default();
            rest = after;
            stream.split_at_mut_checked(len).unwrap_or_default().0
        };
        let (params, grads, mut lens) = (next(*len), next(*len), slots.iter());
        (params, grads, [(); S].map(|()| next(lens.next().copied().unwrap_or_default())))
    }
}
