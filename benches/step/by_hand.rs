//! The textbook optimizers as a user would write them: one loop over zipped slices, coefficients worked out before it.
//!
//! Each loop runs in two forms. In the first the gradient passes through [`opaque`], which costs nothing and which the
//! compiler cannot vectorise: one element at a time. In the second the compiler does what it can for the target, SSE2
//! on a plain x86-64 build.

use crate::streams::Streams;
use std::hint::black_box;

/// One step over all elements.
pub(crate) type Step = fn(&mut Streams);

/// The loops that do the tenth step of an optimizer with its default hyper-parameters: one at a time, and vectorised.
pub(crate) fn of(optimizer: &str) -> Option<[Step; 2]> {
    macro_rules! both {
        ($step:ident($($slot:ident),*)) => {
            [
                |streams| {
                    let (params, grads, [$($slot),*]) = streams.split();
                    $step(opaque, params, grads, $($slot),*);
                },
                |streams| {
                    let (params, grads, [$($slot),*]) = streams.split();
                    $step(|g| g, params, grads, $($slot),*);
                },
            ]
        };
    }
    Some(match optimizer {
        "Sgd" => both!(sgd()),
        "HeavyBall" => both!(heavy_ball(v)),
        "Momentum" => both!(momentum(b)),
        "Nesterov" => both!(nesterov(v)),
        "AdaGrad" => both!(ada_grad(h)),
        "RmsProp" => both!(rms_prop(h)),
        "Adam" => both!(adam(m, v)),
        "AdamW" => both!(adam_w(m, v)),
        _ => return None,
    })
}

/// Leaves the value in its register, out of the compiler's sight.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
fn opaque(mut value: f32) -> f32 {
    // SAFETY: no instruction at all.
    unsafe { core::arch::asm!("/* {} */", inout(xmm_reg) value, options(pure, nomem, nostack, preserves_flags)) };
    value
}

/// Costs a store and a load an element.
#[cfg(not(target_arch = "x86_64"))]
fn opaque(value: f32) -> f32 {
    black_box(value)
}

#[inline(never)]
fn sgd(see: impl Fn(f32) -> f32, params: &mut [f32], grads: &[f32]) {
    let lr = black_box(0.01);
    for (p, &g) in params.iter_mut().zip(grads) {
        *p -= lr * see(g);
    }
}

#[inline(never)]
fn heavy_ball(see: impl Fn(f32) -> f32, params: &mut [f32], grads: &[f32], velocity: &mut [f32]) {
    let (lr, momentum) = black_box((0.01, 0.9));
    for ((p, &g), v) in params.iter_mut().zip(grads).zip(velocity) {
        *v = momentum * *v - lr * see(g);
        *p += *v;
    }
}

#[inline(never)]
fn momentum(see: impl Fn(f32) -> f32, params: &mut [f32], grads: &[f32], buffer: &mut [f32]) {
    let (lr, momentum) = black_box((0.01, 0.9));
    for ((p, &g), b) in params.iter_mut().zip(grads).zip(buffer) {
        *b = momentum * *b + see(g);
        *p -= lr * *b;
    }
}

#[inline(never)]
fn nesterov(see: impl Fn(f32) -> f32, params: &mut [f32], grads: &[f32], velocity: &mut [f32]) {
    let (lr, momentum) = black_box((0.01, 0.9));
    for ((p, &g), v) in params.iter_mut().zip(grads).zip(velocity) {
        *v = momentum * *v - lr * see(g);
        *p += momentum * *v - lr * see(g);
    }
}

#[inline(never)]
fn ada_grad(see: impl Fn(f32) -> f32, params: &mut [f32], grads: &[f32], squares: &mut [f32]) {
    let (lr, eps) = black_box((0.01, 1e-7));
    for ((p, &g), h) in params.iter_mut().zip(grads).zip(squares) {
        let g = see(g);
        *h += g * g;
        *p -= lr * g / (h.sqrt() + eps);
    }
}

#[inline(never)]
fn rms_prop(see: impl Fn(f32) -> f32, params: &mut [f32], grads: &[f32], squares: &mut [f32]) {
    let (lr, decay, eps) = black_box((0.01, 0.99, 1e-7));
    for ((p, &g), h) in params.iter_mut().zip(grads).zip(squares) {
        let g = see(g);
        *h = decay * *h + (1.0 - decay) * g * g;
        *p -= lr * g / (h.sqrt() + eps);
    }
}

#[inline(never)]
fn adam(see: impl Fn(f32) -> f32, params: &mut [f32], grads: &[f32], first: &mut [f32], second: &mut [f32]) {
    adam_with_decay(see, 1.0, params, grads, first, second);
}

#[inline(never)]
fn adam_w(see: impl Fn(f32) -> f32, params: &mut [f32], grads: &[f32], first: &mut [f32], second: &mut [f32]) {
    adam_with_decay(see, 1.0 - black_box(0.001 * 0.01), params, grads, first, second);
}

/// The bias corrections are folded into the coefficients, as PyTorch has it: one division an element, not three.
#[inline(always)]
fn adam_with_decay(
    see: impl Fn(f32) -> f32,
    decay: f32,
    params: &mut [f32],
    grads: &[f32],
    first: &mut [f32],
    second: &mut [f32],
) {
    let (lr, beta1, beta2, eps) = black_box((0.001_f64, 0.9_f64, 0.999_f64, 1e-8_f32));
    let correction1 = 1.0 - libm::pow(beta1, 10.0);
    let correction2 = 1.0 - libm::pow(beta2, 10.0);
    let (step, root) = ((lr / correction1) as f32, (1.0 / correction2.sqrt()) as f32);
    let (rest1, rest2) = ((1.0 - beta1) as f32, (1.0 - beta2) as f32);
    let (beta1, beta2) = (beta1 as f32, beta2 as f32);
    for (((p, &g), m), v) in params.iter_mut().zip(grads).zip(first).zip(second) {
        let g = see(g);
        *m = beta1 * *m + rest1 * g;
        *v = beta2 * *v + rest2 * g * g;
        *p = *p * decay - step * *m / (v.sqrt() * root + eps);
    }
}
