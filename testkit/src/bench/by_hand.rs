//! The textbook optimizers as a user would write them: one loop over zipped slices, coefficients worked out before it,
//! vectorized by the compiler for whatever the target is, SSE2 on a plain x86-64 build.

use super::Streams;
use std::hint::black_box;

/// One step over all elements.
pub type Step = fn(&mut Streams);

/// The loop that does the tenth step of an optimizer with its default hyper-parameters.
pub fn of(optimizer: &str) -> Option<Step> {
    macro_rules! run {
        ($step:ident($($slot:ident),*)) => {
            |streams| {
                let (params, grads, [$($slot),*]) = streams.split();
                $step(params, grads, $($slot),*);
            }
        };
    }
    Some(match optimizer {
        "Sgd" => run!(sgd()),
        "HeavyBall" => run!(heavy_ball(v)),
        "Momentum" => run!(momentum(b)),
        "Nesterov" => run!(nesterov(v)),
        "AdaGrad" => run!(ada_grad(h)),
        "RmsProp" => run!(rms_prop(h)),
        "Adam" => run!(adam(m, v)),
        "AdamW" => run!(adam_w(m, v)),
        _ => return None,
    })
}

#[inline(never)]
fn sgd(params: &mut [f32], grads: &[f32]) {
    let lr = black_box(0.01);
    for (p, &g) in params.iter_mut().zip(grads) {
        *p -= lr * g;
    }
}

#[inline(never)]
fn heavy_ball(params: &mut [f32], grads: &[f32], velocity: &mut [f32]) {
    let (lr, momentum) = black_box((0.01, 0.9));
    for ((p, &g), v) in params.iter_mut().zip(grads).zip(velocity) {
        *v = momentum * *v - lr * g;
        *p += *v;
    }
}

#[inline(never)]
fn momentum(params: &mut [f32], grads: &[f32], buffer: &mut [f32]) {
    let (lr, momentum) = black_box((0.01, 0.9));
    for ((p, &g), b) in params.iter_mut().zip(grads).zip(buffer) {
        *b = momentum * *b + g;
        *p -= lr * *b;
    }
}

#[inline(never)]
fn nesterov(params: &mut [f32], grads: &[f32], velocity: &mut [f32]) {
    let (lr, momentum) = black_box((0.01, 0.9));
    for ((p, &g), v) in params.iter_mut().zip(grads).zip(velocity) {
        *v = momentum * *v - lr * g;
        *p += momentum * *v - lr * g;
    }
}

#[inline(never)]
fn ada_grad(params: &mut [f32], grads: &[f32], squares: &mut [f32]) {
    let (lr, eps) = black_box((0.01, 1e-7));
    for ((p, &g), h) in params.iter_mut().zip(grads).zip(squares) {
        *h += g * g;
        *p -= lr * g / (h.sqrt() + eps);
    }
}

#[inline(never)]
fn rms_prop(params: &mut [f32], grads: &[f32], squares: &mut [f32]) {
    let (lr, decay, eps) = black_box((0.01, 0.99, 1e-7));
    for ((p, &g), h) in params.iter_mut().zip(grads).zip(squares) {
        *h = decay * *h + (1.0 - decay) * g * g;
        *p -= lr * g / (h.sqrt() + eps);
    }
}

#[inline(never)]
fn adam(params: &mut [f32], grads: &[f32], first: &mut [f32], second: &mut [f32]) {
    adam_with_decay(1.0, params, grads, first, second);
}

#[inline(never)]
fn adam_w(params: &mut [f32], grads: &[f32], first: &mut [f32], second: &mut [f32]) {
    adam_with_decay(1.0 - black_box(0.001 * 0.01), params, grads, first, second);
}

/// The bias corrections are folded into the coefficients, as PyTorch has it: one division an element, not three.
#[inline(always)]
fn adam_with_decay(decay: f32, params: &mut [f32], grads: &[f32], first: &mut [f32], second: &mut [f32]) {
    let (lr, beta1, beta2, eps) = black_box((0.001_f64, 0.9_f64, 0.999_f64, 1e-8_f32));
    let correction1 = 1.0 - libm::pow(beta1, 10.0);
    let correction2 = 1.0 - libm::pow(beta2, 10.0);
    let (step, root) = ((lr / correction1) as f32, (1.0 / correction2.sqrt()) as f32);
    let (rest1, rest2) = ((1.0 - beta1) as f32, (1.0 - beta2) as f32);
    let (beta1, beta2) = (beta1 as f32, beta2 as f32);
    for (((p, &g), m), v) in params.iter_mut().zip(grads).zip(first).zip(second) {
        *m = beta1 * *m + rest1 * g;
        *v = beta2 * *v + rest2 * g * g;
        *p = *p * decay - step * *m / (v.sqrt() * root + eps);
    }
}
