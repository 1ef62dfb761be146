//! Where benches put the slices of a step.

/// The slices of a step, as a careful engine would lay them out: each begins on a cache line, no two at the same place
/// within a page, and more than a page beyond a power of two apart. A CPU that compares the low twelve bits of addresses
/// takes a load from one stream for a load of what was just stored to another, and streams a power of two apart meet in
/// the same rows of memory: both can take three times as long.
pub struct Streams {
    buffer: Vec<f32>,
    start: usize,
    stride: usize,
    len: usize,
}

/// In elements, as all that follows.
const PAGE: usize = 4096 / size_of::<f32>();

/// A page and ten cache lines.
const STAGGER: usize = PAGE + 160;

impl Streams {
    /// Parameters, gradients and `slots` state slots of `len` elements: in [−1, 1), the state in [0, 1).
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
        Streams { buffer, start, stride, len }
    }

    /// From here on the gradients are zero.
    pub fn freeze(&mut self) {
        self.buffer.iter_mut().skip(self.start + self.stride).take(self.len).for_each(|grad| *grad = 0.0);
    }

    /// Parameters, gradients and state. Inlined, as a caller has its slices at hand: an array of slices that comes back
    /// through memory costs a step of few elements a stall.
    #[inline(always)]
    pub fn split<const S: usize>(&mut self) -> (&mut [f32], &[f32], [&mut [f32]; S]) {
        let mut rest = self.buffer.get_mut(self.start..).unwrap_or_default();
        let mut next = || {
            let (stream, after) = std::mem::take(&mut rest).split_at_mut_checked(self.stride).unwrap_or_default();
            rest = after;
            stream.split_at_mut_checked(self.len).unwrap_or_default().0
        };
        (next(), next(), [(); S].map(|()| next()))
    }
}
