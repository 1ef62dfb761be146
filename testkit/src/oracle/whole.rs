//! Optimizers that look at more than an element, written from the papers and the libraries' pages: a step of one tensor in f64.

use super::{Bound, Dice, Oracle, decay, ema, seen};
use gradstep::*;

/// What a step of a tensor is given besides its numbers.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    /// The number of the step, 1 for the first.
    pub t: u64,
    /// The loss.
    pub loss: f64,
    /// The length of the tensor's rows; a vector has none.
    pub row_len: Option<usize>,
}

/// The numbers of a tensor.
#[derive(Clone, Debug)]
pub struct Numbers<const S: usize> {
    /// Parameters.
    pub params: Vec<f64>,
    /// Gradients.
    pub grads: Vec<f64>,
    /// State slots.
    pub state: [Vec<f64>; S],
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

fn mean_of_squares(a: &[f64]) -> f64 {
    dot(a, a) / a.len() as f64
}

/// A vector from two others.
fn each(a: &[f64], b: &[f64], f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect()
}

/// An average of each element.
fn average(beta: f64, state: &mut [f64], x: &[f64]) {
    state.iter_mut().zip(x).for_each(|(state, x)| *state = ema(beta, *state, *x));
}

fn squares(x: &[f64]) -> Vec<f64> {
    x.iter().map(|x| x * x).collect()
}

/// Parameters and gradients after a decay that is beside the update or in the gradient.
fn decayed(
    maximize: bool,
    form: DecayForm,
    weight_decay: f64,
    lr: f64,
    params: &[f64],
    grads: &[f64],
) -> (Vec<f64>, Vec<f64>) {
    params.iter().zip(grads).map(|(p, g)| decay(maximize, form, weight_decay, lr, *p, *g)).unzip()
}

/// The same with the fields of an optimizer and the numbers of a tensor.
macro_rules! decayed {
    ($o:expr, $x:expr) => {
        decayed($o.maximize, $o.decay_form, $o.weight_decay, $o.lr, &$x.params, &$x.grads)
    };
}

/// The weight decay that is in the update, and the fields of the decay that is not.
fn split(form: DecayForm, weight_decay: f64) -> (f64, f64) {
    if form == DecayForm::InUpdate { (weight_decay, 0.0) } else { (0.0, weight_decay) }
}

/// Adam's two averages, and the direction m̂ / (√(v̂ + eps_root) + eps).
fn adam(
    beta1: f64,
    beta2: f64,
    eps: f64,
    eps_root: f64,
    corrections: (f64, f64),
    g: &[f64],
    [m, v]: [&mut Vec<f64>; 2],
) -> Vec<f64> {
    average(beta1, m, g);
    average(beta2, v, &squares(g));
    each(m, v, |m, v| m / corrections.0 / ((v / corrections.1 + eps_root).sqrt() + eps))
}

/// Implements an oracle by its formula and random hyper-parameters.
macro_rules! whole {
    ($($Optimizer:ident: $slots:literal, |$o:ident, $given:ident, $clock:ident, $x:ident| $step:block, |$dice:ident| $random:expr;)*) => {$(
        impl Oracle<$slots> for $Optimizer {
            type Memory = ();
            const FADING: &'static [usize] = &[];
            const BOUND: Bound = Bound { param: 0.0, state: 0.0 };

            fn step_tensor(&self, $given: Given, $clock: &mut [f64; 3], $x: &mut Numbers<$slots>) {
                let $o = self;
                $step
            }

            fn presets() -> Vec<(Self, Self)> {
                vec![]
            }

            fn options() -> Vec<Self> {
                vec![]
            }

            fn random($dice: &mut Dice) -> Self {
                $random
            }
        }
    )*};
}

whole! {
    Lars: 1, |o, given, _clock, x| {
        let g: Vec<f64> = x.grads.iter().map(|g| if o.maximize { -g } else { *g }).collect();
        let with_decay = each(&g, &x.params, |g, p| g + o.weight_decay * p);
        let (of_params, of_grads) = (norm(&x.params), norm(if o.norm_of_sum { &with_decay } else { &g }));
        let of_decay = if o.norm_of_sum { 0.0 } else { o.weight_decay * of_params };
        let mut ratio = if of_params == 0.0 || (of_grads == 0.0 && !o.adapts_zeros) {
            1.0
        } else {
            o.trust_coefficient * of_params / (of_grads + of_decay + o.eps)
        };
        if o.trust_clip {
            ratio = (ratio / o.lr).min(1.0);
        }
        if !o.always_adapt && o.weight_decay == 0.0 {
            ratio = 1.0;
        }
        let (inside, outside) = if o.lr_in_buffer { (o.lr, 1.0) } else { (1.0, o.lr) };
        let u: Vec<f64> = with_decay.iter().map(|g| inside * ratio * g).collect();
        let dampening = if given.t == 1 || o.momentum == 0.0 { 0.0 } else { o.dampening };
        let b = &mut x.state[0];
        b.iter_mut().zip(&u).for_each(|(b, u)| *b = o.momentum * *b + (1.0 - dampening) * u);
        let step = if o.nesterov { each(&u, b, |u, b| u + o.momentum * b) } else { b.clone() };
        x.params = each(&x.params, &step, |p, step| p - outside * step);
    }, |dice| Lars {
        lr: dice.lr(),
        momentum: dice.fraction(),
        dampening: dice.optional(0.1, 0.9),
        nesterov: dice.flag(),
        trust_coefficient: dice.log(1e-3, 1.0),
        eps: dice.eps(),
        trust_clip: dice.flag(),
        always_adapt: dice.flag(),
        adapts_zeros: dice.flag(),
        norm_of_sum: dice.flag(),
        lr_in_buffer: dice.flag(),
        weight_decay: dice.weight_decay(),
        decay_form: DecayForm::Coupled,
        maximize: dice.flag(),
    };

    Lamb: 2, |o, given, _clock, x| {
        let (in_update, beside) = split(o.decay_form, o.weight_decay);
        let (p, g) = decayed(o.maximize, o.decay_form, beside, o.lr, &x.params, &x.grads);
        let corrections = if o.bias_correction { (seen(o.beta1, given.t), seen(o.beta2, given.t)) } else { (1.0, 1.0) };
        let [m, v] = &mut x.state;
        let direction = adam(o.beta1, o.beta2, o.eps, o.eps_root, corrections, &g, [m, v]);
        let r = each(&direction, &p, |u, p| u + in_update * p);
        let (of_params, of_update) = (norm(&p).min(o.max_param_norm), norm(&r));
        let ratio = if of_params == 0.0 || of_update == 0.0 { 1.0 } else { of_params / (of_update + o.ratio_eps) };
        let ratio = if o.always_adapt || o.weight_decay != 0.0 { ratio.min(o.max_ratio) } else { 1.0 };
        let lr = if o.step_correction { o.lr / seen(o.beta1, given.t) } else { o.lr };
        x.params = each(&p, &r, |p, r| p - lr * ratio * r);
    }, |dice| Lamb {
        lr: dice.lr(),
        beta1: dice.fraction(),
        beta2: dice.fraction(),
        eps: dice.log(1e-8, 1e-2),
        eps_root: dice.optional(1e-10, 1e-2),
        bias_correction: dice.flag(),
        step_correction: dice.flag(),
        always_adapt: dice.flag(),
        max_ratio: if dice.flag() { dice.log(0.1, 10.0) } else { f32::MAX.into() },
        max_param_norm: if dice.flag() { dice.log(0.1, 10.0) } else { f32::MAX.into() },
        ratio_eps: dice.optional(1e-8, 1e-2),
        weight_decay: dice.weight_decay(),
        decay_form: if dice.flag() { DecayForm::InUpdate } else { dice.decay_form() },
        maximize: dice.flag(),
    };

    NovoGrad: 2, |o, given, _clock, x| {
        let (in_moment, beside) = if o.decay_form == DecayForm::Coupled { (o.weight_decay, 0.0) } else { (0.0, o.weight_decay) };
        let (p, g) = decayed(o.maximize, o.decay_form, beside, o.lr, &x.params, &x.grads);
        let (count, squares) = (g.len() as f64, dot(&g, &g));
        let v = x.state[1][0] * count;
        let v = if given.t == 1 || (o.restarts && v == 0.0) { squares } else { ema(o.beta2, v, squares) };
        x.state[1][0] = v / count;
        let share = if o.grad_averaging { 1.0 - o.beta1 } else { 1.0 };
        let divisor = (v + o.eps_root).sqrt() + o.eps;
        let new = each(&g, &p, |g, p| share * (g / divisor + in_moment * p));
        x.state[0] = each(&x.state[0], &new, |m, new| o.beta1 * m + new);
        x.params = each(&p, &x.state[0], |p, m| p - o.lr * m);
    }, |dice| NovoGrad {
        lr: dice.lr(),
        beta1: dice.fraction(),
        beta2: dice.fraction(),
        eps: dice.eps(),
        eps_root: dice.optional(1e-10, 1e-2),
        grad_averaging: dice.flag(),
        restarts: dice.flag(),
        weight_decay: dice.weight_decay(),
        decay_form: dice.decay_form(),
        maximize: dice.flag(),
    };

    Fromage: 0, |o, _given, _clock, x| {
        let (p, g) = decayed!(o, x);
        let (of_params, of_grads) = (norm(&p).max(o.min_norm), norm(&g).max(o.min_norm));
        let ratio = if of_params == 0.0 || of_grads == 0.0 { 1.0 } else { of_params / of_grads };
        x.params = each(&p, &g, |p, g| (p - o.lr * ratio * g) / (1.0 + o.lr * o.lr).sqrt());
    }, |dice| Fromage {
        lr: dice.lr(),
        min_norm: dice.optional(1e-6, 10.0),
        weight_decay: dice.weight_decay(),
        decay_form: DecayForm::Coupled,
        maximize: dice.flag(),
    };

    StableAdamW: 2, |o, given, _clock, x| {
        let (in_update, beside) = split(o.decay_form, o.weight_decay);
        let (p, g) = decayed(o.maximize, o.decay_form, beside, o.lr, &x.params, &x.grads);
        let toward = |beta: f64, state: &mut Vec<f64>, new: &[f64]| {
            let weight = (1.0 - beta) / seen(beta, given.t);
            *state = each(state, new, |state, new| state + weight * (new - state));
        };
        let [m, v] = &mut x.state;
        toward(o.beta1, m, &g);
        toward(o.beta2, v, &squares(&g));
        let rms = (each(&g, v, |g, v| g * g / v.max(o.eps * o.eps)).iter().sum::<f64>() / g.len() as f64).sqrt();
        let lr = o.lr / rms.max(1.0);
        let update = each(m, v, |m, v| m / (v.sqrt() + o.eps));
        x.params = each(&p, &update, |p, u| p - lr * (u + in_update * p));
    }, |dice| StableAdamW {
        lr: dice.lr(),
        beta1: dice.fraction(),
        beta2: dice.fraction(),
        eps: dice.log(1e-8, 1e-2),
        weight_decay: dice.weight_decay(),
        decay_form: if dice.flag() { DecayForm::InUpdate } else { dice.decay_form() },
        maximize: dice.flag(),
    };

    Mars: 3, |o, given, _clock, x| {
        let (p, g) = decayed!(o, x);
        let change = if given.t == 1 { 0.0 } else { o.gamma * o.beta1 / (1.0 - o.beta1) };
        let [m, v, last] = &mut x.state;
        let c = each(&g, last, |g, last| g + change * (g - last));
        let size = norm(&c).max(1.0);
        let c: Vec<f64> = c.iter().map(|c| c / size).collect();
        let direction = adam(o.beta1, o.beta2, o.eps, 0.0, (seen(o.beta1, given.t), seen(o.beta2, given.t)), &c, [m, v]);
        *last = g;
        x.params = each(&p, &direction, |p, u| p - o.lr * u);
    }, |dice| Mars {
        lr: dice.lr(),
        beta1: dice.fraction(),
        // A quotient of two small numbers keeps few digits.
        beta2: 1.0 - dice.log(1e-3, 0.5),
        eps: dice.log(1e-8, 1e-2),
        gamma: dice.optional(1e-3, 0.5),
        weight_decay: dice.weight_decay(),
        decay_form: dice.decay_form(),
        maximize: dice.flag(),
    };

    AdamMini: 2, |o, given, _clock, x| {
        let (p, g) = decayed!(o, x);
        let [m, v] = &mut x.state;
        average(o.beta1, m, &g);
        v[0] = ema(o.beta2, v[0], mean_of_squares(&g));
        let divisor = (v[0] / seen(o.beta2, given.t)).sqrt() + o.eps;
        x.params = each(&p, m, |p, m| p - o.lr * (m / seen(o.beta1, given.t)) / divisor);
    }, |dice| AdamMini {
        lr: dice.lr(),
        beta1: dice.fraction(),
        beta2: dice.fraction(),
        eps: dice.eps(),
        weight_decay: dice.weight_decay(),
        decay_form: dice.decay_form(),
        maximize: dice.flag(),
    };

    RowAdaGrad: 1, |o, given, _clock, x| {
        let (p, g) = decayed!(o, x);
        let row_len = given.row_len.unwrap_or(g.len());
        for (row, h) in x.state[0].iter_mut().enumerate() {
            let range = row * row_len..(row + 1) * row_len;
            *h += mean_of_squares(&g[range.clone()]);
            for i in range {
                x.params[i] = p[i] - o.lr * g[i] / (h.sqrt() + o.eps);
            }
        }
    }, |dice| RowAdaGrad {
        lr: dice.lr(),
        eps: dice.eps(),
        weight_decay: dice.weight_decay(),
        decay_form: dice.decay_form(),
        maximize: dice.flag(),
    };

    Dog: 1, |o, given, clock, x| {
        let (p, g) = decayed!(o, x);
        let [distance, sum, _] = clock;
        if given.t == 1 {
            *distance = o.distance + o.relative_distance * (1.0 + norm(&p));
        }
        *distance = distance.max(norm(&each(&p, &x.state[0], |p, start| p - start)));
        *sum += dot(&g, &g);
        let first = given.t == 1 && o.first_step > 0.0;
        let rate = if first { o.first_step } else { *distance / (*sum + o.eps).sqrt() };
        x.params = each(&p, &g, |p, g| p - o.lr * rate * g);
    }, |dice| Dog {
        lr: dice.lr(),
        distance: dice.optional(1e-3, 1.0),
        relative_distance: dice.log(1e-4, 0.1),
        first_step: dice.optional(1e-3, 0.1),
        eps: dice.eps(),
        weight_decay: dice.weight_decay(),
        decay_form: DecayForm::Coupled,
        maximize: dice.flag(),
    };

    Dowg: 1, |o, given, clock, x| {
        let (p, g) = decayed!(o, x);
        let [distance, sum, _] = clock;
        if given.t == 1 {
            *distance = o.sq_distance;
        }
        let way = each(&p, &x.state[0], |p, start| p - start);
        *distance = distance.max(dot(&way, &way));
        *sum += *distance * dot(&g, &g);
        let rate = *distance / (sum.sqrt() + o.eps);
        x.params = each(&p, &g, |p, g| p - o.lr * rate * g);
    }, |dice| Dowg {
        lr: dice.lr(),
        sq_distance: dice.log(1e-4, 0.1),
        eps: dice.eps(),
        weight_decay: dice.weight_decay(),
        decay_form: DecayForm::Coupled,
        maximize: dice.flag(),
    };

    Prodigy: 4, |o, given, clock, x| {
        let g: Vec<f64> = x.grads.iter().map(|g| if o.maximize { -g } else { *g }).collect();
        let [d, d_max, r] = clock;
        let now = if *d == 0.0 { o.d0 } else { *d };
        let c = if o.bias_correction { seen(o.beta2, given.t).sqrt() / seen(o.beta1, given.t) } else { 1.0 };
        let (rate, beta3) = (now * o.lr * c, if o.beta3 == 0.0 { o.beta2.sqrt() } else { o.beta3 });
        let (p, g) = decayed(false, o.decay_form, o.weight_decay, rate, &x.params, &g);
        let [m, v, s, start] = &mut x.state;
        *r = beta3 * *r + now / o.d0 * rate * dot(&g, &each(start, &p, |start, p| start - p));
        let of_step = now / o.d0 * if o.safeguard_warmup { now } else { rate };
        *s = each(s, &g, |s, g| beta3 * s + of_step * g);
        let scaled: Vec<f64> = g.iter().map(|g| now * g).collect();
        average(o.beta1, m, &scaled);
        average(o.beta2, v, &squares(&scaled));
        let estimate = o.d_coef * *r / s.iter().map(|s| s.abs()).sum::<f64>();
        let first = if now == o.d0 { now.max(estimate) } else { now };
        *d_max = d_max.max(first).max(estimate);
        *d = d_max.min(first * o.growth_rate);
        let eps = *d * o.eps;
        let update = each(m, v, |m, v| m / (v.sqrt() + eps));
        x.params = each(&p, &update, |p, u| p - rate * u);
    }, |dice| Prodigy {
        lr: dice.lr(),
        beta1: dice.fraction(),
        beta2: 1.0 - dice.log(1e-3, 0.5),
        beta3: dice.optional(0.5, 0.99),
        eps: dice.log(1e-8, 1e-2),
        d0: dice.log(1e-3, 1.0),
        d_coef: dice.log(0.5, 2.0),
        growth_rate: if dice.flag() { dice.log(1.02, 2.0) } else { f32::MAX.into() },
        bias_correction: dice.flag(),
        safeguard_warmup: dice.flag(),
        weight_decay: dice.weight_decay(),
        decay_form: DecayForm::Coupled,
        maximize: dice.flag(),
    };

    DAdaptAdam: 3, |o, given, clock, x| {
        let [d, r, _] = clock;
        let now = if *d == 0.0 { o.d0 } else { *d };
        let c = if o.bias_correction { seen(o.beta2, given.t).sqrt() / seen(o.beta1, given.t) } else { 1.0 };
        let (rate, root) = (now * o.lr * c, o.beta2.sqrt());
        let (p, g) = decayed(o.maximize, o.decay_form, o.weight_decay, rate, &x.params, &x.grads);
        let [m, v, s] = &mut x.state;
        *r = root * *r + (1.0 - root) * rate * dot(&g, &each(s, v, |s, v| s / (v.sqrt() + o.eps)));
        let scaled: Vec<f64> = g.iter().map(|g| rate * g).collect();
        average(o.beta1, m, &scaled);
        average(o.beta2, v, &squares(&g));
        average(root, s, &scaled);
        let estimate = *r / ((1.0 - root) * s.iter().map(|s| s.abs()).sum::<f64>());
        *d = now.max(estimate.min(o.growth_rate * now));
        let update = each(m, v, |m, v| m / (v.sqrt() + o.eps));
        x.params = each(&p, &update, |p, u| p - u);
    }, |dice| DAdaptAdam {
        lr: dice.lr(),
        beta1: dice.fraction(),
        beta2: 1.0 - dice.log(1e-3, 0.5),
        eps: dice.log(1e-8, 1e-2),
        d0: dice.log(1e-3, 1.0),
        growth_rate: if dice.flag() { dice.log(1.02, 2.0) } else { f32::MAX.into() },
        bias_correction: dice.flag(),
        weight_decay: dice.weight_decay(),
        decay_form: dice.decay_form(),
        maximize: dice.flag(),
    };

    DAdaptSgd: 2, |o, _given, clock, x| {
        let (p, g) = decayed!(o, x);
        let [d, r, first] = clock;
        let now = if *d == 0.0 { o.d0 } else { *d };
        if *first == 0.0 {
            *first = norm(&g);
        }
        let rate = now * o.lr / *first;
        let [s, start] = &mut x.state;
        *r += rate * dot(&g, s);
        *s = each(s, &g, |s, g| s + rate * g);
        let estimate = 2.0 * *r / norm(s);
        *d = now.max(estimate.min(o.growth_rate * now));
        let aim = each(start, s, |start, s| start - s);
        x.params = each(&p, &aim, |p, aim| p + (1.0 - o.momentum) * (aim - p));
    }, |dice| DAdaptSgd {
        lr: dice.lr(),
        momentum: dice.fraction(),
        d0: dice.log(1e-3, 1.0),
        growth_rate: if dice.flag() { dice.log(1.02, 2.0) } else { f32::MAX.into() },
        weight_decay: dice.weight_decay(),
        decay_form: DecayForm::Coupled,
        maximize: dice.flag(),
    };

    PolyakSgd: 0, |o, given, _clock, x| {
        let (p, g) = decayed!(o, x);
        let gap = if o.maximize { -given.loss } else { given.loss } - o.f_min;
        let gap = if o.never_backward { gap.max(0.0) } else { gap };
        let divisor = o.scaling * o.scaling * dot(&g, &g) + o.eps;
        let rate = if divisor <= f64::EPSILON { 0.0 } else { (gap / divisor).min(o.lr) };
        x.params = each(&p, &g, |p, g| p - rate * o.scaling * g);
    }, |dice| PolyakSgd {
        lr: dice.lr(),
        scaling: dice.log(0.1, 10.0),
        f_min: dice.roll() - 0.5,
        eps: dice.eps(),
        never_backward: dice.flag(),
        weight_decay: dice.weight_decay(),
        decay_form: DecayForm::Coupled,
        maximize: dice.flag(),
    };

    Momo: 1, |o, given, clock, x| {
        let g: Vec<f64> = x.grads.iter().map(|g| if o.maximize { -g } else { *g }).collect();
        let (loss, beta) = (if o.maximize { -given.loss } else { given.loss }, if given.t == 1 { 0.0 } else { o.beta });
        let [of_loss, of_product, _] = clock;
        average(beta, &mut x.state[0], &g);
        let m = &x.state[0];
        *of_loss = ema(beta, *of_loss, loss);
        *of_product = ema(beta, *of_product, dot(&g, &x.params));
        let growth = 1.0 + o.lr * o.weight_decay;
        let gap = (growth * (*of_loss - o.lower_bound - *of_product) + dot(m, &x.params)).max(0.0);
        let squares = dot(m, m);
        let rate = if squares <= f64::EPSILON { 0.0 } else { (gap / squares).min(o.lr) };
        x.params = each(&x.params, m, |p, m| p / growth - rate * m);
    }, |dice| Momo {
        lr: dice.lr(),
        beta: dice.fraction(),
        lower_bound: dice.roll() - 0.5,
        weight_decay: 0.0,
        decay_form: DecayForm::Decoupled,
        maximize: dice.flag(),
    };

    AdamP: 2, |o, given, _clock, x| {
        let (in_update, beside) = split(o.decay_form, o.weight_decay);
        let (p, g) = decayed(o.maximize, o.decay_form, beside, o.lr, &x.params, &x.grads);
        let (seen1, seen2) = (seen(o.beta1, given.t), seen(o.beta2, given.t));
        let [m, v] = &mut x.state;
        average(o.beta1, m, &g);
        average(o.beta2, v, &squares(&g));
        let ahead = if o.nesterov { each(m, &g, |m, g| ema(o.beta1, m, g)) } else { m.clone() };
        let update = each(&ahead, v, |m, v| o.lr * (m / seen1) / ((v / seen2).sqrt() + o.eps));
        let decays = [o.lr * in_update, o.lr * in_update * o.wd_ratio];
        x.params = projected([&x.params, &p], &g, update, (o.delta, o.eps), decays, given.row_len);
    }, |dice| AdamP {
        lr: dice.lr(),
        beta1: dice.fraction(),
        beta2: dice.fraction(),
        eps: dice.log(1e-8, 1e-2),
        delta: dice.log(0.1, 10.0),
        wd_ratio: dice.roll(),
        nesterov: dice.flag(),
        weight_decay: dice.weight_decay(),
        decay_form: if dice.flag() { DecayForm::InUpdate } else { dice.decay_form() },
        maximize: dice.flag(),
    };

    SgdP: 1, |o, given, _clock, x| {
        let (in_update, beside) = split(o.decay_form, o.weight_decay);
        let (p, g) = decayed(o.maximize, o.decay_form, beside, o.lr, &x.params, &x.grads);
        let b = &mut x.state[0];
        *b = each(b, &g, |b, g| o.momentum * b + (1.0 - o.dampening) * g);
        let update = each(b, &g, |b, g| o.lr * if o.nesterov { g + o.momentum * b } else { b });
        let decay = o.lr * in_update / (1.0 - o.momentum);
        x.params = projected([&x.params, &p], &g, update, (o.delta, o.eps), [decay, decay * o.wd_ratio], given.row_len);
    }, |dice| SgdP {
        lr: dice.lr(),
        momentum: dice.fraction(),
        dampening: dice.optional(0.1, 0.9),
        nesterov: dice.flag(),
        eps: dice.log(1e-8, 1e-2),
        delta: dice.log(0.1, 10.0),
        wd_ratio: dice.roll(),
        weight_decay: dice.weight_decay(),
        decay_form: if dice.flag() { DecayForm::InUpdate } else { dice.decay_form() },
        maximize: dice.flag(),
    };
}

/// The parameters after an update whose part along the weights is taken off where gradients are at a right angle to them: in every
/// row, or else in the whole matrix (Heo et al. 2020, algorithm 1 and section 3). A vector is left as it is. `after` are the
/// parameters after a decay beside the update.
fn projected(
    [p, after]: [&[f64]; 2],
    g: &[f64],
    update: Vec<f64>,
    (delta, eps): (f64, f64),
    [decay, decay_there]: [f64; 2],
    row_len: Option<usize>,
) -> Vec<f64> {
    let plain = |update: &[f64], decay: f64| each(after, update, |p, u| p - decay * p - u);
    let Some(row_len) = row_len else { return plain(&update, decay) };
    for view in [row_len, p.len()] {
        let is_right_angle = |(p, g): (&[f64], &[f64])| {
            let cosine = dot(p, g) / (norm(p).max(eps) * norm(g).max(eps));
            cosine.abs() < delta / (p.len() as f64).sqrt()
        };
        if p.chunks(view).zip(g.chunks(view)).all(is_right_angle) {
            let mut off = update.clone();
            for (update, p) in off.chunks_mut(view).zip(p.chunks(view)) {
                let size = norm(p) + eps;
                let along = dot(p, update) / (size * size);
                update.iter_mut().zip(p).for_each(|(u, p)| *u -= along * p);
            }
            return plain(&off, decay_there);
        }
    }
    plain(&update, decay)
}
