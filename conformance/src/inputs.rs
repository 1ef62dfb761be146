//! Numbers to compute with, and the hash of what came out.

use gradstep::{Extent, Shape};

/// The longest slice.
pub(crate) const MAX: usize = 101;

/// Streams of the step with the most slots: parameters, gradients, state.
const STREAMS: usize = 7;

/// Where IEEE 754 arithmetic changes its ways.
const SPECIAL: [f32; 24] = [
    0.0,
    f32::from_bits(1),
    f32::from_bits(0x0000_1000),
    f32::from_bits(0x0040_0000),
    f32::from_bits(0x007f_ffff),
    f32::MIN_POSITIVE,
    f32::from_bits(0x0080_0001),
    1.5e-38,
    3e-23,
    1e-19,
    1e-8,
    1e-3,
    0.1,
    0.5,
    f32::from_bits(0x3f7f_ffff),
    1.0,
    f32::from_bits(0x3f80_0001),
    3.0,
    1e6,
    1.8e19,
    1e30,
    f32::MAX,
    f32::INFINITY,
    f32::NAN,
];

/// A linear congruential generator: the same numbers on every target.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    /// In [−1, 1).
    pub(crate) fn ordinary(&mut self) -> f32 {
        (self.bits() >> 8) as f32 / 8_388_608.0 - 1.0
    }

    /// A special number that is finite, or 0.
    pub(crate) fn special_but_finite(&mut self) -> f32 {
        let number = self.special();
        if number.is_finite() { number } else { 0.0 }
    }

    /// One of [`SPECIAL`] with either sign.
    pub(crate) fn special(&mut self) -> f32 {
        let bits = self.bits();
        let magnitude = SPECIAL.get((bits >> 1) as usize % SPECIAL.len()).copied().unwrap_or_default();
        if bits & 1 == 0 { magnitude } else { -magnitude }
    }
}

/// The slices of a step.
pub(crate) struct Buffers([[f32; MAX]; STREAMS]);

impl Buffers {
    pub(crate) fn new() -> Self {
        Buffers([[0.0; MAX]; STREAMS])
    }

    /// Draws every number of every stream.
    pub(crate) fn fill(&mut self, dice: &mut Dice, draw: fn(&mut Dice) -> f32) {
        let [first @ .., last] = &mut self.0;
        first.iter_mut().flatten().for_each(|value| *value = draw(dice));
        // Numbers apart, so that the others do not depend on how many streams there are.
        let mut apart = Dice(!dice.0);
        last.iter_mut().for_each(|value| *value = draw(&mut apart));
    }

    pub(crate) fn fill_grads(&mut self, dice: &mut Dice, draw: fn(&mut Dice) -> f32) {
        let [_, grads, ..] = &mut self.0;
        grads.iter_mut().for_each(|value| *value = draw(dice));
    }

    /// The first elements of parameters, gradients and as many slots as asked for, each of `len` elements.
    pub(crate) fn streams<const S: usize>(&mut self, len: usize) -> (&mut [f32], &[f32], [&mut [f32]; S]) {
        self.shaped(&Shape::vector(len), &[Extent::Element; S])
    }

    /// The first elements of parameters, gradients and slots for a tensor of this shape.
    pub(crate) fn shaped<const S: usize>(
        &mut self,
        shape: &Shape,
        extents: &[Extent; S],
    ) -> (&mut [f32], &[f32], [&mut [f32]; S]) {
        let [params, grads, slots @ ..] = &mut self.0;
        let mut slots = slots.iter_mut();
        let state = extents.map(|extent| slots.next().map_or(&mut [][..], |slot| first(slot, extent.len(shape))));
        (first(params, shape.len), first(grads, shape.len), state)
    }
}

fn first(stream: &mut [f32; MAX], len: usize) -> &mut [f32] {
    stream.get_mut(..len).unwrap_or_default()
}

/// FNV-1a over bit patterns. Payloads of NaN are unspecified, so every NaN counts as the same.
pub(crate) struct Hash(u64);

impl Hash {
    pub(crate) fn new() -> Self {
        Hash(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn value(&self) -> u64 {
        self.0
    }

    pub(crate) fn add_bits(&mut self, bits: u32) {
        for byte in bits.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    pub(crate) fn add_f64(&mut self, value: f64) {
        // A choice between numbers may be dropped by the compiler, since a NaN has no defined sign: this is one between integers.
        let bits = if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() };
        self.add_bits(bits as u32);
        self.add_bits((bits >> 32) as u32);
    }

    /// Adds the first elements of parameters and slots.
    pub(crate) fn add(&mut self, buffers: &Buffers, len: usize, slots: usize) {
        let [params, _, state @ ..] = &buffers.0;
        for stream in core::iter::once(params).chain(state.iter().take(slots)) {
            for value in stream.iter().take(len) {
                self.add_bits(if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() });
            }
        }
    }
}
