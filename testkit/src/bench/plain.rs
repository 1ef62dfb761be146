//! The loop that a user would write for each optimizer: slices that are zipped, the formula of the type's page in f32,
//! coefficients worked out before it, compiled for the widest vectors of this CPU. It gives the bits of the crate's step.
//!
//! The loop of an optimizer that looks at a whole tensor sums in f64, in the order of [`gradstep::sum`]: a loop of its own before
//! the update. It adds the sums of blocks in f64, where the crate adds them exactly.

use super::Streams;
use gradstep::rule::{Rule, Unadapted};
use gradstep::sum::BLOCK;
use gradstep::*;
use libm::pow;
use multiversion::multiversion;
use std::hint::black_box;

/// A step over all tensors.
pub type Loop = Box<dyn Fn(&mut [Streams])>;

/// The step that the loops do: one after LaPropCentered's first, which do less.
pub const STEP: u64 = 12;

const T: f64 = STEP as f64;

/// Loops over tensors with a number of slots that have a number for each element; `look` is for optimizers that look at the whole
/// tensor first, and may have one more slot of one number.
macro_rules! loops {
    ($($name:ident $look:ident $walk:ident($($slot:ident),*): $slots:literal;)*) => {$(
        fn $name(element: impl Fn(f32, f32, [f32; $slots]) -> (f32, [f32; $slots]) + 'static) -> Loop {
            #[multiversion(targets("x86_64+avx2+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
            fn each<F: Fn(f32, f32, [f32; $slots]) -> (f32, [f32; $slots])>(tensors: &mut [Streams], element: &F) {
                for tensor in tensors {
                    let (params, grads, [$($slot),*]) = tensor.split();
                    $walk(params, grads, $($slot,)* element);
                }
            }

            Box::new(move |tensors| each(tensors, &element))
        }

        /// Sums the terms of all elements, makes coefficients of the sums, the number of elements and the slot of one number, and
        /// goes over the elements with them.
        #[allow(dead_code, reason = "no optimizer looks at a whole tensor with five slots")]
        fn $look<const K: usize, C>(
            terms: impl Fn(f32, f32, [f32; $slots]) -> [f64; K] + 'static,
            found: impl Fn([f64; K], f64, &mut f32) -> C + 'static,
            element: impl Fn(&C, f32, f32, [f32; $slots]) -> (f32, [f32; $slots]) + 'static,
        ) -> Loop {
            #[multiversion(targets("x86_64+avx2+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
            fn each<
                T: Fn(f32, f32, [f32; $slots]) -> [f64; K],
                Q: Fn([f64; K], f64, &mut f32) -> C,
                F: Fn(&C, f32, f32, [f32; $slots]) -> (f32, [f32; $slots]),
                C,
                const K: usize,
            >(
                tensors: &mut [Streams],
                terms: &T,
                found: &Q,
                element: &F,
            ) {
                for tensor in tensors {
                    let (params, grads, state) = tensor.split::<{ $slots + 1 }>();
                    let [$($slot,)* number] = state;
                    let sums = sums(params, grads, [$(&*$slot),*], terms);
                    let coefficients = found(sums, params.len() as f64, number.first_mut().unwrap_or(&mut 0.0));
                    $walk(params, grads, $($slot,)* &|p, g, state| element(&coefficients, p, g, state));
                }
            }

            Box::new(move |tensors| each(tensors, &terms, &found, &element))
        }

        #[inline(always)]
        #[allow(clippy::too_many_arguments, reason = "a slice for each stream, as a user has it")]
        fn $walk<F: Fn(f32, f32, [f32; $slots]) -> (f32, [f32; $slots])>(
            params: &mut [f32],
            grads: &[f32],
            $($slot: &mut [f32],)*
            element: &F,
        ) {
            loops!(@zip params grads element; $($slot)*);
        }
    )*};
    (@zip $params:ident $grads:ident $element:ident;) => {
        for (p, &g) in $params.iter_mut().zip($grads) {
            (*p, []) = $element(*p, g, []);
        }
    };
    (@zip $params:ident $grads:ident $element:ident; $a:ident) => {
        for ((p, &g), a) in $params.iter_mut().zip($grads).zip($a) {
            (*p, [*a]) = $element(*p, g, [*a]);
        }
    };
    (@zip $params:ident $grads:ident $element:ident; $a:ident $b:ident) => {
        for (((p, &g), a), b) in $params.iter_mut().zip($grads).zip($a).zip($b) {
            (*p, [*a, *b]) = $element(*p, g, [*a, *b]);
        }
    };
    (@zip $params:ident $grads:ident $element:ident; $a:ident $b:ident $c:ident) => {
        for ((((p, &g), a), b), c) in $params.iter_mut().zip($grads).zip($a).zip($b).zip($c) {
            (*p, [*a, *b, *c]) = $element(*p, g, [*a, *b, *c]);
        }
    };
    (@zip $params:ident $grads:ident $element:ident; $a:ident $b:ident $c:ident $d:ident) => {
        for (((((p, &g), a), b), c), d) in $params.iter_mut().zip($grads).zip($a).zip($b).zip($c).zip($d) {
            (*p, [*a, *b, *c, *d]) = $element(*p, g, [*a, *b, *c, *d]);
        }
    };
    (@zip $params:ident $grads:ident $element:ident; $a:ident $b:ident $c:ident $d:ident $e:ident) => {
        for ((((((p, &g), a), b), c), d), e) in $params.iter_mut().zip($grads).zip($a).zip($b).zip($c).zip($d).zip($e) {
            (*p, [*a, *b, *c, *d, *e]) = $element(*p, g, [*a, *b, *c, *d, *e]);
        }
    };
}

loops! {
    without_state look_without_state walk0(): 0;
    one_slot look_one_slot walk1(a): 1;
    two_slots look_two_slots walk2(a, b): 2;
    three_slots look_three_slots walk3(a, b, c): 3;
    four_slots look_four_slots walk4(a, b, c, d): 4;
    five_slots look_five_slots walk5(a, b, c, d, e): 5;
}

/// The lanes of a block's sum.
const LANES: usize = 32;

/// The sums of the terms of all elements.
#[inline(always)]
fn sums<T: Fn(f32, f32, [f32; S]) -> [f64; K], const S: usize, const K: usize>(
    params: &[f32],
    grads: &[f32],
    state: [&[f32]; S],
    terms: &T,
) -> [f64; K] {
    let mut totals = [0.0; K];
    for at in (0..params.len()).step_by(BLOCK) {
        let end = params.len().min(at + BLOCK);
        let (params, grads, state) = (&params[at..end], &grads[at..end], state.map(|slot| &slot[at..end]));
        let ((params, last_params), (grads, last_grads)) = (params.as_chunks::<LANES>(), grads.as_chunks::<LANES>());
        let state = state.map(|slot| slot.as_chunks::<LANES>());
        let mut lanes = [[0.0; LANES]; K];
        for (i, (p, g)) in params.iter().zip(grads).enumerate() {
            let state = state.map(|(chunks, _)| &chunks[i]);
            for lane in 0..LANES {
                let terms = terms(p[lane], g[lane], state.map(|slot| slot[lane]));
                lanes.iter_mut().zip(terms).for_each(|(lanes, term)| lanes[lane] += term);
            }
        }
        for (lane, (&p, &g)) in last_params.iter().zip(last_grads).enumerate() {
            let terms = terms(p, g, state.map(|(_, last)| last[lane]));
            lanes.iter_mut().zip(terms).for_each(|(lanes, term)| lanes[lane] += term);
        }
        totals.iter_mut().zip(lanes).for_each(|(total, lanes)| *total += tree(lanes));
    }
    totals
}

/// Adds the lanes 16 apart, then 8, 4, 2 and 1.
#[inline(always)]
fn tree(mut lanes: [f64; LANES]) -> f64 {
    for width in [16, 8, 4, 2, 1] {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
    }
    lanes[0]
}

/// The loop that a user would write for row-wise AdaGrad, with its default hyper-parameters: all of it in f32, the squares in
/// sixteen partial sums.
#[multiversion(targets("x86_64+avx2+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
pub fn rows(params: &mut [f32], grads: &[f32], sums: &mut [f32], row_len: usize) {
    let RowAdaGrad { lr, eps, .. } = RowAdaGrad::DEFAULT;
    let (lr, eps) = black_box((lr as f32, eps as f32));
    for ((params, grads), h) in params.chunks_exact_mut(row_len).zip(grads.chunks_exact(row_len)).zip(sums) {
        let mut lanes = [0.0; 16];
        let (chunks, rest) = grads.as_chunks::<16>();
        for chunk in chunks {
            lanes.iter_mut().zip(chunk).for_each(|(lane, g)| *lane += g * g);
        }
        lanes.iter_mut().zip(rest).for_each(|(lane, g)| *lane += g * g);
        for width in [8, 4, 2, 1] {
            for lane in 0..width {
                lanes[lane] += lanes[lane + width];
            }
        }
        *h += lanes[0] / row_len as f32;
        let rate = lr / (h.sqrt() + eps);
        params.iter_mut().zip(grads).for_each(|(p, g)| *p -= rate * g);
    }
}

/// The product of two elements, as a term of a sum.
fn product(a: f32, b: f32) -> f64 {
    f64::from(a) * f64::from(b)
}

fn square(x: f32) -> f64 {
    product(x, x)
}

/// What the loop of an optimizer is given besides its default hyper-parameters.
struct Given {
    lr: f64,
    /// What the clock holds before the step.
    values: [f64; 3],
}

/// The loss of the step.
pub const LOSS: f64 = 0.75;

/// A step that takes the clock with it.
pub type Begun<O, const S: usize> = Step<<O as Optimizer<S>>::Rule, Unadapted, <O as Optimizer<S>>::Clock>;

/// Step [`STEP`] of an optimizer with its default hyper-parameters, and the loop that does the same.
///
/// What looks at a whole tensor has a tiny learning rate: the same step again and again would let the parameters grow without end.
/// And [`Lars`] is optax's, since the default has its ratio only with weight decay.
///
/// # Panics
/// Where the loop does not give the bits of the step.
pub fn contest<O: Optimizer<S>, const S: usize>() -> (Begun<O, S>, Loop) {
    let mut optimizer = O::preset("optax").ok().filter(|_| O::NAME == "Lars").unwrap_or_default();
    let (step, plain) = at(&optimizer);
    let shape = Shape::vector(1003);
    let (mut ours, mut theirs) = (Streams::of::<O, S>(&shape), Streams::of::<O, S>(&shape));
    let (params, grads, state) = ours.split();
    step.apply(params, grads, state).expect("the slices have their lengths");
    plain(std::slice::from_mut(&mut theirs));
    let bits = |streams: &mut Streams| {
        let (params, _, state) = streams.split::<S>();
        [params].into_iter().chain(state).flat_map(|slice| slice.iter().map(|x| x.to_bits())).collect::<Vec<_>>()
    };
    assert!(bits(&mut ours) == bits(&mut theirs), "the loop of {} computes something else", O::NAME);
    if <O::Rule as Rule<S>>::PASSES.is_empty() {
        return (step, plain);
    }
    optimizer.set_lr(1e-9);
    at(&optimizer)
}

/// Step [`STEP`], after steps of one element, and its loop.
fn at<O: Optimizer<S>, const S: usize>(optimizer: &O) -> (Begun<O, S>, Loop) {
    let mut clock = O::Clock::default();
    let begin = |clock: &O::Clock| optimizer.begin(clock).expect("the hyper-parameters are valid").loss(LOSS);
    let (mut params, mut state) = ([1.0], [[1.0]; S]);
    for _ in 1..STEP {
        let applied = begin(&clock).apply(&mut params, &[0.5], state.each_mut().map(|slot| &mut slot[..]));
        applied.and_then(|applied| applied.commit(&mut clock)).expect("the step is in its order");
    }
    (begin(&clock), of(O::NAME, &Given { lr: optimizer.lr(), values: clock.save().values }))
}

/// `1 − β`, the weight of what is new.
fn fresh(beta: f64) -> f32 {
    (1.0 - beta) as f32
}

/// `1 − βᵗ`.
fn seen(beta: f64) -> f64 {
    1.0 - pow(beta, T)
}

fn average(a: f32, weight: f32, x: f32) -> f32 {
    a + weight * (x - a)
}

fn sign(x: f32) -> f32 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        x
    }
}

/// The larger number, or the first where one is NaN.
fn max(a: f32, b: f32) -> f32 {
    if a < b { b } else { a }
}

fn min(a: f32, b: f32) -> f32 {
    if b < a { b } else { a }
}

/// Adam's coefficients: both weights, the epsilon beside √v, the factor of m/√v.
fn adam(lr: f64, beta1: f64, beta2: f64, eps: f64) -> (f32, f32, f32, f32) {
    let root = seen(beta2).sqrt();
    black_box((fresh(beta1), fresh(beta2), (eps * root) as f32, (lr * root / seen(beta1)) as f32))
}

/// The weights of moments that are corrected as they are averaged, and the epsilon.
fn corrected(beta1: f64, beta2: f64, eps: f64) -> (f32, f32, f32) {
    let weight = |beta: f64| ((1.0 - beta) / seen(beta)) as f32;
    black_box((weight(beta1), weight(beta2), eps as f32))
}

/// The loop that does step [`STEP`] of an optimizer with its default hyper-parameters.
fn of(optimizer: &str, given: &Given) -> Loop {
    let Given { lr, values } = *given;
    match optimizer {
        "Sgd" => {
            let lr = black_box(Sgd::DEFAULT.lr as f32);
            without_state(move |p, g, []| (p - lr * g, []))
        }
        "HeavyBall" => {
            let HeavyBall { lr, momentum, .. } = HeavyBall::DEFAULT;
            let (lr, momentum) = black_box((lr as f32, momentum as f32));
            one_slot(move |p, g, [v]| {
                let v = momentum * v - lr * g;
                (p + v, [v])
            })
        }
        "Momentum" => {
            let Momentum { lr, momentum, .. } = Momentum::DEFAULT;
            let (lr, momentum) = black_box((lr as f32, momentum as f32));
            one_slot(move |p, g, [b]| {
                let b = momentum * b + g;
                (p - lr * b, [b])
            })
        }
        "Nesterov" => {
            let Nesterov { lr, momentum, .. } = Nesterov::DEFAULT;
            let (squared, ahead) = black_box(((momentum * momentum) as f32, ((1.0 + momentum) * lr) as f32));
            let (lr, momentum) = black_box((lr as f32, momentum as f32));
            one_slot(move |p, g, [v]| (p + (squared * v - ahead * g), [momentum * v - lr * g]))
        }
        "OptimisticSgd" => {
            let OptimisticSgd { lr, alpha, beta, .. } = OptimisticSgd::DEFAULT;
            let (of_grad, of_last) = black_box(((lr * (alpha + beta)) as f32, (lr * beta) as f32));
            one_slot(move |p, g, [last]| (p - (of_grad * g - of_last * last), [g]))
        }
        "NoisySgd" => {
            let NoisySgd { lr, eta, gamma, .. } = NoisySgd::DEFAULT;
            let (lr, sigma) = black_box((lr as f32, (eta / pow(T, gamma)).sqrt() as f32));
            one_slot(move |p, g, [z]| (p - lr * (g + sigma * z), [z]))
        }
        "Asgd" => {
            let Asgd { lr, lambda, alpha, .. } = Asgd::DEFAULT;
            let eta = lr / pow(1.0 + lambda * lr * (T - 1.0), alpha);
            let (eta, decay) = black_box((eta as f32, (eta * lambda) as f32));
            one_slot(move |p, g, [_]| {
                let p = p - (decay * p + eta * g);
                (p, [p])
            })
        }
        "ScheduleFreeSgd" => {
            let ScheduleFreeSgd { lr, beta1, .. } = ScheduleFreeSgd::DEFAULT;
            let (share, lr, of_direction) = averaging(lr, beta1);
            one_slot(move |y, g, [z]| (y + (share * (z - y) - of_direction * g), [z - lr * g]))
        }
        "ScheduleFreeAdamW" => {
            let ScheduleFreeAdamW { lr, beta1, beta2, eps, .. } = ScheduleFreeAdamW::DEFAULT;
            let (share, lr, of_direction) = averaging(lr, beta1);
            let (_, weight, eps, _) = adam(1.0, beta1, beta2, eps);
            let root = black_box(seen(beta2).sqrt() as f32);
            two_slots(move |y, g, [z, v]| {
                let v = average(v, weight, g * g);
                let u = root * (g / (v.sqrt() + eps));
                (y + (share * (z - y) - of_direction * u), [z - lr * u, v])
            })
        }
        "AdaGrad" => {
            let AdaGrad { lr, eps, .. } = AdaGrad::DEFAULT;
            let (lr, eps) = black_box((lr as f32, eps as f32));
            one_slot(move |p, g, [h]| {
                let h = h + g * g;
                (p - lr * (g / (h.sqrt() + eps)), [h])
            })
        }
        "RmsProp" => {
            let RmsProp { lr, decay, eps, .. } = RmsProp::DEFAULT;
            let (lr, weight, eps) = black_box((lr as f32, fresh(decay), eps as f32));
            one_slot(move |p, g, [h]| {
                let h = average(h, weight, g * g);
                (p - lr * (g / (h.sqrt() + eps)), [h])
            })
        }
        "RmsPropCentered" => {
            let RmsPropCentered { lr, decay, eps, .. } = RmsPropCentered::DEFAULT;
            let (lr, weight, eps) = black_box((lr as f32, fresh(decay), eps as f32));
            two_slots(move |p, g, [h, mean]| {
                let (h, mean) = (average(h, weight, g * g), average(mean, weight, g));
                (p - lr * (g / (variance(h, mean).sqrt() + eps)), [h, mean])
            })
        }
        "RmsPropMomentum" => {
            let RmsPropMomentum { lr, decay, eps, momentum, .. } = RmsPropMomentum::DEFAULT;
            let (lr, weight, eps, momentum) = black_box((lr as f32, fresh(decay), eps as f32, momentum as f32));
            two_slots(move |p, g, [h, b]| {
                let h = average(h, weight, g * g);
                let b = momentum * b + g / (h.sqrt() + eps);
                (p - lr * b, [h, b])
            })
        }
        "RmsPropCenteredMomentum" => {
            let RmsPropCenteredMomentum { lr, decay, eps, momentum, .. } = RmsPropCenteredMomentum::DEFAULT;
            let (lr, weight, eps, momentum) = black_box((lr as f32, fresh(decay), eps as f32, momentum as f32));
            three_slots(move |p, g, [h, mean, b]| {
                let (h, mean) = (average(h, weight, g * g), average(mean, weight, g));
                let b = momentum * b + g / (variance(h, mean).sqrt() + eps);
                (p - lr * b, [h, mean, b])
            })
        }
        "RmsPropTf" => {
            let RmsPropTf { lr, decay, momentum, eps, .. } = RmsPropTf::DEFAULT;
            let (lr, weight, eps, momentum) = black_box((lr as f32, fresh(decay), eps as f32, momentum as f32));
            two_slots(move |p, g, [h, b]| {
                let h = average(h, weight, g * g);
                let b = momentum * b + lr * (g / (h + eps).sqrt());
                (p - b, [h, b])
            })
        }
        "AdaDelta" => {
            let AdaDelta { lr, rho, eps, .. } = AdaDelta::DEFAULT;
            let (lr, weight, eps) = black_box((lr as f32, fresh(rho), eps as f32));
            two_slots(move |p, g, [v, u]| {
                let v = average(v, weight, g * g);
                let delta = (u + eps).sqrt() / (v + eps).sqrt() * g;
                (p - lr * delta, [v, average(u, weight, delta * delta)])
            })
        }
        "Ftrl" => {
            let Ftrl { lr, l1, .. } = Ftrl::DEFAULT;
            let (lr, inverse, l1) = black_box((lr as f32, (1.0 / lr) as f32, l1 as f32));
            two_slots(move |p, g, [z, n]| {
                let square = g * g;
                let sum = n + square;
                let root = sum.sqrt();
                let growth = square / (root + n.sqrt() + f32::MIN_POSITIVE);
                let z = z + (g - growth * (inverse * p));
                (lr * (min(max(z, -l1), l1) - z) / (root + f32::MIN_POSITIVE), [z, sum])
            })
        }
        "Madgrad" => {
            let Madgrad { lr, momentum, eps, .. } = Madgrad::DEFAULT;
            let (lambda, eps) = black_box((((lr + eps) * T.sqrt()) as f32, eps as f32));
            let toward = black_box((1.0 - momentum) as f32);
            three_slots(move |p, g, [s, v, x0]| {
                let scaled = lambda * g;
                let (s, v) = (s + scaled, v + scaled * g);
                let z = x0 - s / (cube_root(v) + eps);
                (p + toward * (z - p), [s, v, x0])
            })
        }
        "Cocob" => {
            let Cocob { lr, alpha, .. } = Cocob::DEFAULT;
            let (lr, alpha) = black_box((lr as f32, alpha as f32));
            five_slots(move |p, g, [scale, sum, reward, bets, start]| {
                let c = lr * g;
                let scale = max(c.abs(), scale);
                let sum = sum + c.abs();
                let reward = max(reward - c * (p - start), 0.0);
                let bets = bets - c;
                let bound = scale * max(sum + scale, alpha * scale);
                (start + bets / bound * (scale + reward), [scale, sum, reward, bets, start])
            })
        }
        "Adam" => {
            let Adam { lr, beta1, beta2, eps, .. } = Adam::DEFAULT;
            let (weight1, weight2, eps, scale) = adam(lr, beta1, beta2, eps);
            two_slots(move |p, g, [m, v]| {
                let (m, v) = (average(m, weight1, g), average(v, weight2, g * g));
                (p - scale * (m / (v.sqrt() + eps)), [m, v])
            })
        }
        "AdamW" => {
            let AdamW { lr, beta1, beta2, eps, weight_decay, .. } = AdamW::DEFAULT;
            let (weight1, weight2, eps, scale) = adam(lr, beta1, beta2, eps);
            let rate = black_box((lr * weight_decay) as f32);
            two_slots(move |p, g, [m, v]| {
                let (m, v) = (average(m, weight1, g), average(v, weight2, g * g));
                (p - (scale * (m / (v.sqrt() + eps)) + rate * p), [m, v])
            })
        }
        "AmsGrad" => {
            let AmsGrad { lr, beta1, beta2, eps, .. } = AmsGrad::DEFAULT;
            let (weight1, weight2, eps, scale) = adam(lr, beta1, beta2, eps);
            three_slots(move |p, g, [m, v, v_max]| {
                let (m, v) = (average(m, weight1, g), average(v, weight2, g * g));
                let v_max = max(v_max, v);
                (p - scale * (m / (v_max.sqrt() + eps)), [m, v, v_max])
            })
        }
        "Adamax" => {
            let Adamax { lr, beta1, beta2, eps, .. } = Adamax::DEFAULT;
            let (weight, scale) = black_box((fresh(beta1), (lr / seen(beta1)) as f32));
            let (beta2, eps) = black_box((beta2 as f32, eps as f32));
            two_slots(move |p, g, [m, u]| {
                let m = average(m, weight, g);
                let u = max(g.abs() + eps, beta2 * u);
                (p - scale * (m / u), [m, u])
            })
        }
        "AdamaxW" => {
            let AdamaxW { lr, beta1, beta2, eps, weight_decay, .. } = AdamaxW::DEFAULT;
            let (weight, scale) = black_box((fresh(beta1), (lr / seen(beta1)) as f32));
            let (beta2, eps, rate) = black_box((beta2 as f32, eps as f32, (lr * weight_decay) as f32));
            two_slots(move |p, g, [m, u]| {
                let m = average(m, weight, g);
                let u = max(g.abs() + eps, beta2 * u);
                (p - (scale * (m / u) + rate * p), [m, u])
            })
        }
        "NAdam" => {
            let NAdam { lr, beta1, beta2, eps, momentum_decay, .. } = NAdam::DEFAULT;
            let (weight1, weight2, eps, _) = adam(lr, beta1, beta2, eps);
            let mu = |t: f64| beta1 * (1.0 - 0.5 * pow(0.96, t * momentum_decay));
            let product: f64 = (1..=STEP).map(|t| mu(t as f64)).product();
            let scale = lr * seen(beta2).sqrt();
            let of_grad = scale * (1.0 - mu(T)) / (1.0 - product);
            let of_moment = scale * mu(T + 1.0) / (1.0 - product * mu(T + 1.0));
            let (of_grad, of_moment) = black_box((of_grad as f32, of_moment as f32));
            two_slots(move |p, g, [m, v]| {
                let (m, v) = (average(m, weight1, g), average(v, weight2, g * g));
                (p - (of_grad * g + of_moment * m) / (v.sqrt() + eps), [m, v])
            })
        }
        "RAdam" => {
            let RAdam { lr, beta1, beta2, eps, .. } = RAdam::DEFAULT;
            let infinite = 2.0 / (1.0 - beta2) - 1.0;
            let length = infinite - 2.0 * T * (1.0 - seen(beta2)) / seen(beta2);
            let of = |length: f64| (length - 4.0) * (length - 2.0) / length;
            let scale = lr / seen(beta1) * (of(length) / of(infinite)).sqrt() * seen(beta2).sqrt();
            let (weight1, weight2, eps, scale) = black_box((fresh(beta1), fresh(beta2), eps as f32, scale as f32));
            two_slots(move |p, g, [m, v]| {
                let (m, v) = (average(m, weight1, g), average(v, weight2, g * g));
                (p - scale * (m / (v.sqrt() + eps)), [m, v])
            })
        }
        "AdaBelief" => {
            let AdaBelief { lr, beta1, beta2, eps, eps_root, .. } = AdaBelief::DEFAULT;
            let (weight1, weight2, eps, scale) = adam(lr, beta1, beta2, eps);
            let (beta1, eps_root) = black_box((beta1 as f32, eps_root as f32));
            two_slots(move |p, g, [m, s]| {
                let surprise = beta1 * (g - m);
                let m = average(m, weight1, g);
                let s = average(s, weight2, surprise * surprise) + eps_root;
                (p - scale * (m / (s.sqrt() + eps)), [m, s])
            })
        }
        "Yogi" => {
            let Yogi { lr, beta1, beta2, eps, .. } = Yogi::DEFAULT;
            let (weight1, weight2, eps, scale) = adam(lr, beta1, beta2, eps);
            two_slots(move |p, g, [m, v]| {
                let m = average(m, weight1, g);
                let square = g * g;
                let v = v - weight2 * (sign(v - square) * square);
                (p - scale * (m / (v.sqrt() + eps)), [m, v])
            })
        }
        "Adan" => {
            let Adan { lr, beta1, beta2, beta3, eps, .. } = Adan::DEFAULT;
            let scale = lr * seen(beta3).sqrt();
            let (weight1, weight2, weight3) = black_box((fresh(beta1), fresh(beta2), fresh(beta3)));
            let (kappa, eps) = black_box((beta2 as f32, (eps * seen(beta3).sqrt()) as f32));
            let (of_grad, of_difference) =
                black_box(((scale / seen(beta1)) as f32, (scale * beta2 / seen(beta2)) as f32));
            four_slots(move |p, g, [m, v, n, last]| {
                let difference = g - last;
                let (m, v) = (average(m, weight1, g), average(v, weight2, difference));
                let ahead = g + kappa * difference;
                let n = average(n, weight3, ahead * ahead);
                (p - (of_grad * m + of_difference * v) / (n.sqrt() + eps), [m, v, n, g])
            })
        }
        "Adopt" => {
            let Adopt { lr, beta1, beta2, eps, .. } = Adopt::DEFAULT;
            let (weight1, weight2, lr, eps) = black_box((fresh(beta1), fresh(beta2), lr as f32, eps as f32));
            let clip = black_box(pow(T - 1.0, 0.25) as f32);
            two_slots(move |p, g, [m, v]| {
                let u = min(max(g / max(v.sqrt(), eps), -clip), clip);
                let m = average(m, weight1, u);
                (p - lr * m, [m, average(v, weight2, g * g)])
            })
        }
        "AdEmaMix" => {
            let AdEmaMix { lr, beta1, beta2, beta3, alpha, eps, .. } = AdEmaMix::DEFAULT;
            let (weight1, weight2, eps, of_fast) = adam(lr, beta1, beta2, eps);
            let (weight3, of_slow) = black_box((fresh(beta3), (lr * seen(beta2).sqrt() * alpha) as f32));
            three_slots(move |p, g, [fast, slow, v]| {
                let (fast, slow) = (average(fast, weight1, g), average(slow, weight3, g));
                let v = average(v, weight2, g * g);
                (p - (of_fast * fast + of_slow * slow) / (v.sqrt() + eps), [fast, slow, v])
            })
        }
        "SimplifiedAdEmaMix" => {
            let SimplifiedAdEmaMix { lr, alpha, beta1, beta2, eps, .. } = SimplifiedAdEmaMix::DEFAULT;
            let (fade, weight, eps, _) = adam(lr, beta1, beta2, eps);
            let scale = lr * seen(beta2).sqrt();
            let (of_sum, of_grad) = black_box((scale as f32, (scale * alpha) as f32));
            two_slots(move |p, g, [m, v]| {
                let (m, v) = (m + (g - fade * m), average(v, weight, g * g));
                (p - (of_sum * m + of_grad * g) / (v.sqrt() + eps), [m, v])
            })
        }
        "AcProp" => {
            let AcProp { lr, beta1, beta2, eps, eps_root, .. } = AcProp::DEFAULT;
            let root = (1.0 - pow(beta2, T - 1.0)).sqrt();
            let (weight1, weight2) = black_box((fresh(beta1), fresh(beta2)));
            let (eps, eps_root, scale) = black_box(((eps * root) as f32, eps_root as f32, (lr * root) as f32));
            two_slots(move |p, g, [m, s]| {
                let update = scale * (g / (s.sqrt() + eps));
                let surprise = g - m;
                let s = average(s, weight2, surprise * surprise) + eps_root;
                (p - update, [average(m, weight1, g), s])
            })
        }
        "OptimisticAdam" => {
            let OptimisticAdam { lr, alpha, beta, beta1, beta2, eps, .. } = OptimisticAdam::DEFAULT;
            let (weight1, weight2, eps, _) = adam(lr, beta1, beta2, eps);
            let root = seen(beta2).sqrt();
            let of_moment = root * beta1 / (1.0 - pow(beta1, T + 1.0));
            let (of_moment, of_grad) = black_box((of_moment as f32, (root * (1.0 - beta1) / seen(beta1)) as f32));
            let (of_update, of_last) = black_box(((lr * (alpha + beta)) as f32, (lr * beta) as f32));
            three_slots(move |p, g, [m, v, last]| {
                let (m, v) = (average(m, weight1, g), average(v, weight2, g * g));
                let r = (of_moment * m + of_grad * g) / (v.sqrt() + eps);
                (p - (of_update * r - of_last * last), [m, v, r])
            })
        }
        "LaProp" => {
            let LaProp { lr, beta1, beta2, eps, .. } = LaProp::DEFAULT;
            let (weight1, weight2, eps, _) = adam(lr, beta1, beta2, eps);
            let (root, scale) = black_box((seen(beta2).sqrt() as f32, (lr / seen(beta1)) as f32));
            two_slots(move |p, g, [m, v]| {
                let v = average(v, weight2, g * g);
                let m = average(m, weight1, root * (g / (v.sqrt() + eps)));
                (p - scale * m, [m, v])
            })
        }
        "LaPropCentered" => {
            let LaPropCentered { lr, beta1, beta2, eps, .. } = LaPropCentered::DEFAULT;
            let (weight1, weight2, eps, _) = adam(lr, beta1, beta2, eps);
            let (root, scale) = black_box((seen(beta2).sqrt() as f32, (lr / seen(beta1)) as f32));
            three_slots(move |p, g, [m, v, mean]| {
                let (v, mean) = (average(v, weight2, g * g), average(mean, weight2, g));
                let variance = variance(v, mean);
                let m = average(m, weight1, root * (g / (variance.sqrt() + eps)));
                (p - scale * m, [m, v, mean])
            })
        }
        "Grams" => {
            let Grams { lr, beta1, beta2, eps, .. } = Grams::DEFAULT;
            let (weight1, weight2, eps, scale) = adam(lr, beta1, beta2, eps);
            two_slots(move |p, g, [m, v]| {
                let (m, v) = (average(m, weight1, g), average(v, weight2, g * g));
                let update = scale * (m / (v.sqrt() + eps));
                (p - sign(g) * update.abs(), [m, v])
            })
        }
        "Lion" => {
            let Lion { lr, beta1, beta2, .. } = Lion::DEFAULT;
            let (lr, weight1, weight2) = black_box((lr as f32, fresh(beta1), fresh(beta2)));
            one_slot(move |p, g, [m]| (p - lr * sign(average(m, weight1, g)), [average(m, weight2, g)]))
        }
        "SignSgd" => {
            let lr = black_box(SignSgd::DEFAULT.lr as f32);
            without_state(move |p, g, []| (p - lr * sign(g), []))
        }
        "Signum" => {
            let Signum { lr, beta, .. } = Signum::DEFAULT;
            let (lr, weight) = black_box((lr as f32, fresh(beta)));
            one_slot(move |p, g, [m]| {
                let m = average(m, weight, g);
                (p - lr * sign(m), [m])
            })
        }
        "Tiger" => {
            let Tiger { lr, beta, weight_decay, .. } = Tiger::DEFAULT;
            let (lr, weight, rate) = black_box((lr as f32, fresh(beta), (lr * weight_decay) as f32));
            one_slot(move |p, g, [m]| {
                let m = average(m, weight, g);
                (p - (lr * sign(m) + rate * p), [m])
            })
        }
        "Rprop" => {
            let Rprop { etaminus, etaplus, step_min, step_max, .. } = Rprop::DEFAULT;
            let (etaminus, etaplus) = black_box((etaminus as f32, etaplus as f32));
            let (step_min, step_max) = black_box((step_min as f32, step_max as f32));
            two_slots(move |p, g, [last, size]| {
                let agreement = sign(g) * sign(last);
                let factor = if agreement > 0.0 {
                    etaplus
                } else if agreement < 0.0 {
                    etaminus
                } else {
                    1.0
                };
                let size = min(max(size * factor, step_min), step_max);
                let g = if agreement < 0.0 { 0.0 } else { g };
                (p - size * sign(g), [g, size])
            })
        }
        "Sophia" => {
            let Sophia { lr, beta1, gamma, eps, .. } = Sophia::DEFAULT;
            let (lr, weight, gamma, eps) = black_box((lr as f32, fresh(beta1), gamma as f32, eps as f32));
            two_slots(move |p, g, [m, h]| {
                let m = average(m, weight, g);
                let ratio = m / max(gamma * h, eps);
                (p - lr * min(max(ratio, -1.0), 1.0), [m, h])
            })
        }
        "QhAdam" => {
            let QhAdam { lr, beta1, beta2, nu1, eps, .. } = QhAdam::DEFAULT;
            let (weight1, weight2, eps) = corrected(beta1, beta2, eps);
            let (lr, of_grad) = black_box((lr as f32, fresh(nu1)));
            two_slots(move |p, g, [m, v]| {
                let (m, v) = (average(m, weight1, g), average(v, weight2, g * g));
                (p - lr * ((m - of_grad * (m - g)) / (v.sqrt() + eps)), [m, v])
            })
        }
        "AdaMod" => {
            let AdaMod { lr, beta1, beta2, beta3, eps, .. } = AdaMod::DEFAULT;
            let (weight1, weight2, _, scale) = adam(lr, beta1, beta2, eps);
            let (weight3, eps) = black_box((fresh(beta3), eps as f32));
            three_slots(move |p, g, [m, v, s]| {
                let (m, v) = (average(m, weight1, g), average(v, weight2, g * g));
                let size = scale / (v.sqrt() + eps);
                let s = average(s, weight3, size);
                (p - min(s, size) * m, [m, v, s])
            })
        }
        "AdaHessian" => {
            let AdaHessian { lr, beta1, beta2, eps, .. } = AdaHessian::DEFAULT;
            let (weight1, weight2, eps) = black_box((fresh(beta1), fresh(beta2), eps as f32));
            let (scale, unseen2) = black_box(((lr / seen(beta1)) as f32, (1.0 / seen(beta2)) as f32));
            three_slots(move |p, g, [m, v, h]| {
                let (m, v) = (average(m, weight1, g), average(v, weight2, h * h));
                (p - scale * (m / ((unseen2 * v).sqrt() + eps)), [m, v, h])
            })
        }
        "Lars" => {
            let Lars { momentum, trust_coefficient, .. } = Lars::optax();
            let momentum = black_box(momentum as f32);
            look_one_slot(
                |p, g, _| [square(p), square(g)],
                move |[params, grads], _, _| (trust_coefficient * params.sqrt() / grads.sqrt() * lr) as f32,
                move |ratio, p, g, [b]| {
                    let b = momentum * b + ratio * g;
                    (p - b, [b])
                },
            )
        }
        "Lamb" => {
            let Lamb { beta1, beta2, eps, .. } = Lamb::DEFAULT;
            let (weight1, weight2, eps, scale) = adam(1.0, beta1, beta2, eps);
            let update = move |g: f32, [m, v]: [f32; 2]| {
                let (m, v) = (average(m, weight1, g), average(v, weight2, g * g));
                (scale * (m / (v.sqrt() + eps)), [m, v])
            };
            look_two_slots(
                move |p, g, state| [square(p), square(update(g, state).0)],
                move |[params, update], _, _| (lr * (params.sqrt() / update.sqrt())) as f32,
                move |rate, p, g, state| {
                    let (update, state) = update(g, state);
                    (p - rate * update, state)
                },
            )
        }
        "NovoGrad" => {
            let NovoGrad { beta1, beta2, eps, .. } = NovoGrad::DEFAULT;
            let (lr, momentum) = black_box((lr as f32, beta1 as f32));
            look_one_slot(
                |_, g, _| [square(g)],
                move |[squares], len, mean| {
                    let v = f64::from(*mean) * len;
                    let v = v + (1.0 - beta2) * (squares - v);
                    *mean = (v / len) as f32;
                    (1.0 / (v.sqrt() + eps)) as f32
                },
                move |scale, p, g, [m]| {
                    let m = momentum * m + scale * g;
                    (p - lr * m, [m])
                },
            )
        }
        "Fromage" => {
            let root = (1.0 + lr * lr).sqrt();
            let shrinkage = black_box((lr * lr / (root * (1.0 + root))) as f32);
            look_without_state(
                |p, g, []| [square(p), square(g)],
                move |[params, grads], _, _| (lr / root * (params.sqrt() / grads.sqrt())) as f32,
                move |rate, p, g, []| (p - (shrinkage * p + rate * g), []),
            )
        }
        "StableAdamW" => {
            let StableAdamW { beta1, beta2, eps, weight_decay, .. } = StableAdamW::DEFAULT;
            let (weight1, weight2, eps) = corrected(beta1, beta2, eps);
            let decay = black_box(weight_decay as f32);
            look_two_slots(
                move |_, g, [_, v]| [square(g / max(average(v, weight2, g * g).sqrt(), eps))],
                move |[squares], len, _| {
                    let rms = (squares / len).sqrt();
                    (if rms <= 1.0 { lr } else { lr / rms }) as f32
                },
                move |rate, p, g, [m, v]| {
                    let (m, v) = (average(m, weight1, g), average(v, weight2, g * g));
                    (p - rate * (m / (v.sqrt() + eps) + decay * p), [m, v])
                },
            )
        }
        "Mars" => {
            let Mars { beta1, beta2, eps, gamma, .. } = Mars::DEFAULT;
            let (weight1, weight2, eps, scale) = adam(lr, beta1, beta2, eps);
            let of_change = black_box((beta1 / (1.0 - beta1) * gamma) as f32);
            let corrected = move |g: f32, last: f32| g + of_change * (g - last);
            look_three_slots(
                move |_, g, [_, _, last]| [square(corrected(g, last))],
                |[squares], _, _| (if squares <= 1.0 { 1.0 } else { 1.0 / squares.sqrt() }) as f32,
                move |shrink, p, g, [m, v, last]| {
                    let c = shrink * corrected(g, last);
                    let (m, v) = (average(m, weight1, c), average(v, weight2, c * c));
                    (p - scale * (m / (v.sqrt() + eps)), [m, v, g])
                },
            )
        }
        "AdamMini" => {
            let AdamMini { beta1, beta2, eps, .. } = AdamMini::DEFAULT;
            let (weight, lr, seen2) = black_box((fresh(beta1), lr / seen(beta1), seen(beta2)));
            look_one_slot(
                |_, g, _| [square(g)],
                move |[squares], len, v| {
                    let new = f64::from(*v) + (1.0 - beta2) * (squares / len - f64::from(*v));
                    *v = new as f32;
                    (lr / ((new / seen2).sqrt() + eps)) as f32
                },
                move |rate, p, g, [m]| {
                    let m = average(m, weight, g);
                    (p - rate * m, [m])
                },
            )
        }
        "RowAdaGrad" => {
            let eps = RowAdaGrad::DEFAULT.eps;
            look_without_state(
                |_, g, []| [square(g)],
                move |[squares], len, h| {
                    let sum = f64::from(*h) + squares / len;
                    *h = sum as f32;
                    (lr / (sum.sqrt() + eps)) as f32
                },
                |rate, p, g, []| (p - rate * g, []),
            )
        }
        "Dog" => {
            let (eps, [distance, sum, _]) = (Dog::DEFAULT.eps, values);
            look_one_slot(
                |p, g, [start]| [square(p - start), square(g)],
                move |[way, squares], _, _| (lr * (distance.max(way.sqrt()) / (sum + squares + eps).sqrt())) as f32,
                |rate, p, g, [start]| (p - rate * g, [start]),
            )
        }
        "Dowg" => {
            let (eps, [distance, sum, _]) = (Dowg::DEFAULT.eps, values);
            look_one_slot(
                |p, g, [start]| [square(p - start), square(g)],
                move |[way, squares], _, _| {
                    let distance = distance.max(way);
                    (lr * (distance / ((sum + distance * squares).sqrt() + eps))) as f32
                },
                |rate, p, g, [start]| (p - rate * g, [start]),
            )
        }
        "Prodigy" => {
            let Prodigy { beta1, beta2, eps, d0, .. } = Prodigy::DEFAULT;
            let ([d, d_max, numerator], beta3) = (values, beta2.sqrt());
            let (weight1, weight2, of_s) = black_box((fresh(beta1), fresh(beta2), beta3 as f32));
            let (scale, rate, of_grad) = black_box((d as f32, (d * lr) as f32, (d / d0 * (d * lr)) as f32));
            let travelled = move |s: f32, g: f32| of_s * s + of_grad * g;
            look_four_slots(
                move |p, g, [_, _, s, start]| [product(g, start - p), travelled(s, g).abs().into()],
                move |[progress, travelled], _, _| {
                    let numerator = beta3 * numerator + d / d0 * (d * lr) * progress;
                    let estimate = numerator / travelled;
                    let first = if d == d0 && estimate > d { estimate } else { d };
                    (d_max.max(first).max(estimate) * eps) as f32
                },
                move |eps, p, g, [m, v, s, start]| {
                    let scaled = scale * g;
                    let (m, v) = (average(m, weight1, scaled), average(v, weight2, scaled * scaled));
                    (p - rate * (m / (v.sqrt() + eps)), [m, v, travelled(s, g), start])
                },
            )
        }
        "DAdaptAdam" => {
            let DAdaptAdam { beta1, beta2, eps, .. } = DAdaptAdam::DEFAULT;
            let [d, numerator, _] = values;
            let (step, root) = (d * lr, beta2.sqrt());
            let (weight1, weight2, eps) = black_box((fresh(beta1), fresh(beta2), eps as f32));
            let (of_s, of_grad, scale) = black_box((root as f32, ((1.0 - root) * step) as f32, step as f32));
            let travelled = move |s: f32, g: f32| of_s * s + of_grad * g;
            look_three_slots(
                move |_, g, [_, v, s]| [product(g, s / (v.sqrt() + eps)), travelled(s, g).abs().into()],
                move |[agreement, travelled], _, _| {
                    let numerator = root * numerator + (1.0 - root) * step * agreement;
                    black_box(d.max(numerator / ((1.0 - root) * travelled)));
                },
                move |(), p, g, [m, v, s]| {
                    let (m, v) = (average(m, weight1, scale * g), average(v, weight2, g * g));
                    (p - m / (v.sqrt() + eps), [m, v, travelled(s, g)])
                },
            )
        }
        "DAdaptSgd" => {
            let [d, numerator, first_norm] = values;
            let step = d * lr / first_norm;
            let (scale, toward) = black_box((step as f32, fresh(DAdaptSgd::DEFAULT.momentum)));
            let travelled = move |s: f32, g: f32| s + scale * g;
            look_two_slots(
                move |_, g, [s, _]| [product(g, s), square(travelled(s, g))],
                move |[agreement, travelled], _, _| {
                    black_box(d.max(2.0 * (numerator + step * agreement) / travelled.sqrt()));
                },
                move |(), p, g, [s, start]| {
                    let s = travelled(s, g);
                    (p - toward * (p - (start - s)), [s, start])
                },
            )
        }
        "PolyakSgd" => look_without_state(
            |_, g, []| [square(g)],
            move |[squares], _, _| (LOSS / squares).min(lr) as f32,
            |rate, p, g, []| (p - rate * g, []),
        ),
        "Momo" => {
            let (beta, [loss, product_of_grads, _]) = (Momo::DEFAULT.beta, values);
            let weight = black_box(fresh(beta));
            look_one_slot(
                move |p, g, [m]| {
                    let m = average(m, weight, g);
                    [product(g, p), square(m), product(m, p)]
                },
                move |[of_grads, squares, of_moment], _, _| {
                    let average = |old: f64, new: f64| beta * old + (1.0 - beta) * new;
                    let gap = average(loss, LOSS) - average(product_of_grads, of_grads) + of_moment;
                    (gap.max(0.0) / squares).min(lr) as f32
                },
                move |step, p, g, [m]| {
                    let m = average(m, weight, g);
                    (p - step * m, [m])
                },
            )
        }
        // A vector is left as Adam and momentum leave it.
        "AdamP" => of("Adam", given),
        "SgdP" => {
            let (lr, momentum) = black_box((lr as f32, SgdP::DEFAULT.momentum as f32));
            one_slot(move |p, g, [b]| {
                let b = momentum * b + g;
                (p - lr * b, [b])
            })
        }
        other => panic!("no loop for {other}"),
    }
}

/// The share of z, the learning rate and the factor of the direction on y, of schedule-free steps at a constant rate.
fn averaging(lr: f64, beta1: f64) -> (f32, f32, f32) {
    let share = 1.0 / T;
    black_box((share as f32, lr as f32, (lr * (1.0 - beta1 * (1.0 - share))) as f32))
}

/// The variance of the centered rules with its lower bound.
fn variance(h: f32, mean: f32) -> f32 {
    max(h - mean * mean, h * (1.0 / 1_048_576.0))
}

/// The cube root of [`gradstep::math::cube_root`], one step of each iteration.
fn cube_root(v: f32) -> f32 {
    let tiny = v < power_of_two(-100);
    let x = v * if tiny { power_of_two(48) } else { power_of_two(-24) };
    let unscale = if tiny { power_of_two(-16) } else { power_of_two(8) };
    let third = (x.to_bits() as i32 >> 16) * 0x5556;
    let start = f32::from_bits((0x54a0_1000 - third) as u32);
    let miss = 1.0 - (x * start) * (start * start);
    let factor = 0.999_963_33 + miss * (0.334_305_54 + miss * 0.238_440_32);
    let inverse = start * factor;
    let square = inverse * inverse;
    let root = x * square;
    let root = root + (x - root * root * root) * (square * (1.0 / 3.0));
    if v < f32::INFINITY { root * unscale } else { v }
}

const fn power_of_two(exponent: i32) -> f32 {
    f32::from_bits(((127 + exponent) as u32) << 23)
}
