//! The smallest whole program that trains: a network of 8 inputs, 8 rectified units and 2 outputs learns the parity of
//! three bits and their majority. `scripts/size.py` builds it with one trainer after another and reads its size.
//!
//! The trainer is a Rust type that the variable `TRAINER` names when the program is built.
#![no_std]
#![no_main]
#![allow(dead_code, reason = "a build uses one trainer")]

use core::fmt::{self, Write};
use core::hint::black_box;
use core::marker::PhantomData;
use core::panic::PanicInfo;
#[cfg(target_arch = "arm")]
use cortex_m_rt::entry;
use gradstep::clip::ClipNorm;
use gradstep::math::Coefficient;
use gradstep::optim::Clock;
use gradstep::schedule::{Cosine, Linear, Schedule as _, Then};
use gradstep::{Error, Optimizer};
#[cfg(target_arch = "riscv32")]
use riscv_rt::entry;

include!(concat!(env!("OUT_DIR"), "/trainer.rs"));

const INPUTS: usize = 8;
const HIDDEN: usize = 8;
const OUTPUTS: usize = 2;
const PARAMS: usize = HIDDEN * (INPUTS + 1) + OUTPUTS * (HIDDEN + 1);
const EPOCHS: usize = 100;

/// Steps a set of parameters along their gradients.
trait Trainer {
    const NEW: Self;

    /// Whether the step was done.
    fn step(&mut self, params: &mut [f32; PARAMS], grads: &[f32; PARAMS]) -> bool;
}

/// Gradient descent as it is written by hand.
struct Plain;

impl Trainer for Plain {
    const NEW: Self = Plain;

    #[inline(always)]
    fn step(&mut self, params: &mut [f32; PARAMS], grads: &[f32; PARAMS]) -> bool {
        for (p, g) in params.iter_mut().zip(grads) {
            *p -= 0.05 * g;
        }
        true
    }
}

/// Momentum as it is written by hand.
struct MomentumByHand {
    buffer: [f32; PARAMS],
}

impl Trainer for MomentumByHand {
    const NEW: Self = MomentumByHand { buffer: [0.0; PARAMS] };

    #[inline(always)]
    fn step(&mut self, params: &mut [f32; PARAMS], grads: &[f32; PARAMS]) -> bool {
        for ((p, g), b) in params.iter_mut().zip(grads).zip(&mut self.buffer) {
            *b = 0.9 * *b + g;
            *p -= 0.05 * *b;
        }
        true
    }
}

/// Adam as it is written by hand, in f32, with the bias corrections carried along.
struct AdamByHand {
    m: [f32; PARAMS],
    v: [f32; PARAMS],
    seen1: f32,
    seen2: f32,
}

impl Trainer for AdamByHand {
    const NEW: Self = AdamByHand { m: [0.0; PARAMS], v: [0.0; PARAMS], seen1: 0.0, seen2: 0.0 };

    #[inline(always)]
    fn step(&mut self, params: &mut [f32; PARAMS], grads: &[f32; PARAMS]) -> bool {
        self.seen1 = 0.9 * self.seen1 + 0.1;
        self.seen2 = 0.999 * self.seen2 + 0.001;
        for (((p, g), m), v) in params.iter_mut().zip(grads).zip(&mut self.m).zip(&mut self.v) {
            *m = 0.9 * *m + 0.1 * g;
            *v = 0.999 * *v + 0.001 * g * g;
            *p -= 0.05 * (*m / self.seen1) / (root(*v / self.seen2) + 1e-8);
        }
        true
    }
}

/// The FPU's square root, where there is an FPU.
#[inline(always)]
fn root(x: f32) -> f32 {
    #[cfg(target_abi = "eabihf")]
    {
        let root: u32;
        // SAFETY: every FPU of this ABI has the instruction. s0 is put back as it was.
        unsafe {
            core::arch::asm!(
                "vmov {saved}, s0", "vmov s0, {x}", "vsqrt.f32 s0, s0", "vmov {x}, s0", "vmov s0, {saved}",
                x = inout(reg) x.to_bits() => root,
                saved = out(reg) _,
                options(pure, nomem, nostack),
            );
        }
        f32::from_bits(root)
    }
    #[cfg(not(target_abi = "eabihf"))]
    libm::sqrtf(x)
}

/// An optimizer of the crate, with the learning rate of a schedule, and a way to report errors.
struct Ours<O: Optimizer<S>, const S: usize, L = Constant, R = Silent> {
    clock: O::Clock,
    state: [[f32; PARAMS]; S],
    more: PhantomData<(L, R)>,
}

impl<O: Optimizer<S>, const S: usize, L: Schedule, R: Report> Trainer for Ours<O, S, L, R> {
    const NEW: Self = Ours { clock: O::Clock::START, state: [[0.0; PARAMS]; S], more: PhantomData };

    #[inline(always)]
    fn step(&mut self, params: &mut [f32; PARAMS], grads: &[f32; PARAMS]) -> bool {
        let mut optimizer = O::DEFAULT;
        L::set(&mut optimizer, *self.clock.step() as u32);
        let state = self.state.each_mut().map(|slot| &mut slot[..]);
        match optimizer.tick(&mut self.clock).and_then(|step| step.apply(params, grads, state)) {
            Ok(()) => true,
            Err(error) => {
                R::report(error);
                false
            }
        }
    }
}

/// The same with the gradients clipped by their norm.
struct Clipped<O: Optimizer<S>, const S: usize, L = Constant> {
    clock: O::Clock,
    state: [[f32; PARAMS]; S],
    more: PhantomData<L>,
}

impl<O: Optimizer<S>, const S: usize, L: Schedule> Trainer for Clipped<O, S, L> {
    const NEW: Self = Clipped { clock: O::Clock::START, state: [[0.0; PARAMS]; S], more: PhantomData };

    #[inline(always)]
    fn step(&mut self, params: &mut [f32; PARAMS], grads: &[f32; PARAMS]) -> bool {
        const CLIP: Result<ClipNorm, Error> = ClipNorm::torch(1.0);
        let mut optimizer = O::DEFAULT;
        L::set(&mut optimizer, *self.clock.step() as u32);
        let state = self.state.each_mut().map(|slot| &mut slot[..]);
        let step = CLIP.and_then(|clip| Ok(optimizer.begin(&self.clock)?.clip_norm(clip)));
        step.and_then(|step| step.apply(params, grads, state)?.commit(&mut self.clock)).is_ok()
    }
}

/// Sets the learning rate of a step.
trait Schedule {
    fn set<O: Optimizer<S>, const S: usize>(optimizer: &mut O, t: u32);
}

struct Constant;

impl Schedule for Constant {
    fn set<O: Optimizer<S>, const S: usize>(_: &mut O, _: u32) {}
}

/// Ten steps of warm-up, and a cosine.
struct WarmCosine;

impl Schedule for WarmCosine {
    fn set<O: Optimizer<S>, const S: usize>(optimizer: &mut O, t: u32) {
        const SCHEDULE: Result<Then<Linear, Cosine>, Error> = Cosine::with_warmup(0.0, 0.1, 0.0, 10, EPOCHS as u64);
        if let Ok(schedule) = SCHEDULE {
            optimizer.set_lr(schedule.at(t.into()));
        }
    }
}

/// `0.1 / (1 + 0.05 t)` in f64.
struct InF64;

impl Schedule for InF64 {
    fn set<O: Optimizer<S>, const S: usize>(optimizer: &mut O, t: u32) {
        optimizer.set_lr(0.1 / (1.0 + f64::from(t) * 0.05));
    }
}

/// The same in f32.
struct InF32;

impl Schedule for InF32 {
    fn set<O: Optimizer<S>, const S: usize>(optimizer: &mut O, t: u32) {
        optimizer.set_lr((0.1 / (1.0 + t as f32 * 0.05)).into());
    }
}

/// The same in the numbers that the crate derives coefficients in.
struct InCoefficients;

impl Schedule for InCoefficients {
    fn set<O: Optimizer<S>, const S: usize>(optimizer: &mut O, t: u32) {
        let divisor = Coefficient::ONE + Coefficient::from(u64::from(t)) * Coefficient::new(0.05);
        optimizer.set_lr((Coefficient::new(0.1) / divisor).to_f64());
    }
}

/// Reports an error.
trait Report {
    fn report(error: Error);
}

struct Silent;

impl Report for Silent {
    fn report(_: Error) {}
}

/// As a short text.
struct Kind;

impl Report for Kind {
    fn report(error: Error) {
        black_box(error.kind());
    }
}

/// As a text with all numbers.
struct Display;

impl Report for Display {
    fn report(error: Error) {
        struct Line;
        impl Write for Line {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                black_box(text);
                Ok(())
            }
        }
        let _ = write!(Line, "{error}");
    }
}

/// What training writes.
struct Memory {
    params: [f32; PARAMS],
    grads: [f32; PARAMS],
    trainer: Chosen,
}

impl Memory {
    const NEW: Self = Memory { params: [0.0; PARAMS], grads: [0.0; PARAMS], trainer: Chosen::NEW };
}

#[cfg(target_arch = "arm")]
#[entry]
fn main() -> ! {
    static mut MEMORY: Memory = Memory::NEW;
    train(MEMORY)
}

#[cfg(target_arch = "riscv32")]
#[entry]
fn main() -> ! {
    static mut MEMORY: Memory = Memory::NEW;
    // SAFETY: the program enters here once, on one core, and nothing else names the memory.
    train(unsafe { &mut *(&raw mut MEMORY) })
}

fn train(memory: &mut Memory) -> ! {
    // Small weights of both signs.
    for (i, p) in memory.params.iter_mut().enumerate() {
        *p = ((i * 37 % 64) as f32 - 31.5) / 64.0;
    }
    for _ in 0..EPOCHS {
        memory.grads = [0.0; PARAMS];
        for pattern in 0..8 {
            learn(&memory.params, &mut memory.grads, pattern);
        }
        if !memory.trainer.step(&mut memory.params, &memory.grads) {
            break;
        }
    }
    black_box(&memory.params);
    loop {}
}

/// Adds the gradient of one pattern's squared error.
fn learn(params: &[f32; PARAMS], grads: &mut [f32; PARAMS], pattern: usize) {
    let (w1, w2) = params.split_at(HIDDEN * (INPUTS + 1));
    let (g1, g2) = grads.split_at_mut(HIDDEN * (INPUTS + 1));
    let input: [f32; INPUTS] = core::array::from_fn(|i| (pattern >> (i % 3) & 1) as f32);
    let targets = [(pattern.count_ones() & 1) as f32, (pattern.count_ones() >> 1) as f32];
    let mut hidden = [0.0; HIDDEN];
    for (unit, row) in hidden.iter_mut().zip(w1.chunks_exact(INPUTS + 1)) {
        let mut sum = row[INPUTS];
        for (w, x) in row.iter().zip(&input) {
            sum += w * x;
        }
        *unit = if sum > 0.0 { sum } else { 0.0 };
    }
    let mut back = [0.0; HIDDEN];
    for ((row, grads), target) in w2.chunks_exact(HIDDEN + 1).zip(g2.chunks_exact_mut(HIDDEN + 1)).zip(targets) {
        let mut sum = row[HIDDEN];
        for (w, h) in row.iter().zip(&hidden) {
            sum += w * h;
        }
        let error = sum - target;
        for (((w, g), h), back) in row.iter().zip(grads.iter_mut()).zip(&hidden).zip(&mut back) {
            *g += error * h;
            *back += error * w;
        }
        grads[HIDDEN] += error;
    }
    for ((unit, back), grads) in hidden.iter().zip(&back).zip(g1.chunks_exact_mut(INPUTS + 1)) {
        if *unit > 0.0 {
            for (g, x) in grads.iter_mut().zip(&input) {
                *g += back * x;
            }
            grads[INPUTS] += back;
        }
    }
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    loop {}
}
