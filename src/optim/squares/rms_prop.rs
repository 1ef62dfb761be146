use crate::error::Error;
use crate::math::{self, Coefficient, SecondMoment, TINY, bias_correction, variance};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{DecayedDescent, Direction};

/// Declares a type of RMSprop: the fields and presets that all types have, and those that it adds.
macro_rules! rms_prop {
    (
        $(#[$meta:meta])*
        pub struct $Into:ident { $($own:tt)* }
        $(presets { $($presets:tt)* })?
    ) => {
        hyper_parameters! {
            $(#[$meta])*
            pub struct $Into {
                /// Learning rate.
                lr: f64 in NonNegative = 0.01,
                /// Decay rate α of the averages. PyTorch takes 1 too, with which they stay what they are at the start.
                decay: f64 in Fraction = 0.99,
                /// Added to the root. At 0: see [limits](crate::optim#limits).
                eps: f64 in NonNegative = 1e-7,
                /// Added inside the root.
                eps_root: f64 in NonNegative = 0.0,
                /// What `h` starts at.
                initial_square: f64 in NonNegative = 0.0,
                /// Where [`RmsProp::with_momentum`] multiplies the learning rate in: `b ← μ·b + lr·u; p ← p − b`, as Keras,
                /// TensorFlow and optax, or `b ← μ·b + u; p ← p − lr·b`, as PyTorch. The two differ as soon as `lr`
                /// changes. Without momentum they are the same.
                lr_in_buffer: bool = false,
                /// Divides the averages by `1−αᵗ`.
                bias_correction: bool = false,
                weight_decay: f64 in NonNegative = 0.0,
                decay_form: DecayForm = DecayForm::Coupled,
                maximize: bool = false,
                $($own)*
            }
            presets {
                /// `torch.optim.RMSprop`: eps 1e-8.
                torch = { eps: 1e-8, };
                /// `keras.optimizers.RMSprop`: lr 0.001, decay 0.9, eps 1e-7 inside the root, weight decay is
                /// decoupled. With momentum, the learning rate is inside the buffer.
                keras = {
                    lr: 1e-3,
                    decay: 0.9,
                    eps: 0.0,
                    eps_root: 1e-7,
                    lr_in_buffer: true,
                    decay_form: DecayForm::Decoupled,
                };
                /// `optax.rmsprop`: decay 0.9, eps 1e-8 inside the root. With momentum, the learning rate is inside the
                /// buffer.
                optax = { decay: 0.9, eps: 0.0, eps_root: 1e-8, lr_in_buffer: true, };
                $($($presets)*)?
            }
        }
    };
}

rms_prop! {
    /// Divides each gradient by a running average of its magnitude.
    ///
    /// ```text
    /// h ← α·h + (1−α)·g²
    /// u = g / (√h + eps)
    /// p ← p − lr · u
    /// ```
    ///
    /// Source: Tieleman & Hinton, "Lecture 6.5: rmsprop", 2012; the centered form from Graves, "Generating Sequences
    /// With Recurrent Neural Networks", 2013, arXiv 1308.0850.
    /// State: h (`square_avg`), `initial_square` at the start.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    ///
    /// Two options need one more slot each, so each combination is a type:
    ///
    /// | type | state | made by |
    /// |---|---|---|
    /// | [`RmsProp`] | h | |
    /// | [`RmsPropCentered`] | h, ḡ | [`RmsProp::centered`] |
    /// | [`RmsPropMomentum`] | h, b | [`RmsProp::with_momentum`] |
    /// | [`RmsPropCenteredMomentum`] | h, ḡ, b | both, in this order |
    ///
    /// All four have the presets of the libraries:
    ///
    /// | preset | lr | decay | epsilon |
    /// |---|---|---|---|
    /// | default, [`RmsProp::textbook`] | 0.01 | 0.99 | 1e-7 |
    /// | [`RmsProp::torch`] | 0.01 | 0.99 | 1e-8 |
    /// | [`RmsProp::keras`] | 0.001 | 0.9 | 1e-7 inside the root |
    /// | [`RmsProp::optax`] | 0.01 (optax has no default) | 0.9 | 1e-8 inside the root |
    pub struct RmsProp {}
    presets {
        /// The textbooks' code, the default.
        textbook = {};
    }
}

rms_prop! {
    /// [`RmsProp`] over the running variance: `u = g / (√(h − ḡ²) + eps)` with `ḡ ← α·ḡ + (1−α)·g`.
    ///
    /// State: h (`square_avg`), `initial_square` at the start, and ḡ (`grad_avg`), zeros at the start.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    ///
    /// A variance below 2⁻²⁰·h counts as 2⁻²⁰·h. After a long run of nearly equal gradients, h and ḡ² are nearly the
    /// same, and a smaller difference is rounding noise. It can even be 0 or negative, and then only epsilon would be
    /// left to divide by: a constant gradient of 0.1 with the values of [`RmsPropCentered::torch`] would move a
    /// parameter from 0 to −5.8e7 in 1,700 steps. In f64 it moves to −1.02e4, and with the bound to −6.7e3. PyTorch has
    /// no bound, and a negative variance makes NaN of the parameter.
    ///
    /// With `bias_correction` the variance of the first step is 0, or what the correction makes of `initial_square`, so the
    /// first step is as large as the bound allows: 1024 times `lr` for small epsilons.
    pub struct RmsPropCentered {}
}

rms_prop! {
    /// [`RmsProp`] with momentum: `b ← μ·b + u; p ← p − lr · b`, or `p ← p − lr · (u + μ·b)` with nesterov.
    ///
    /// State: h (`square_avg`), `initial_square` at the start, and b (`momentum_buffer`), zeros at the start.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    pub struct RmsPropMomentum {
        /// Momentum μ.
        momentum: f64 in Fraction = 0.9,
        /// Takes Nesterov's look-ahead of the buffer, as `optax.rmsprop(nesterov=True)`.
        nesterov: bool = false,
    }
}

rms_prop! {
    /// [`RmsPropCentered`] with momentum: `b ← μ·b + u; p ← p − lr · b`, or `p ← p − lr · (u + μ·b)` with nesterov.
    ///
    /// State: h (`square_avg`), `initial_square` at the start, and ḡ (`grad_avg`) and b (`momentum_buffer`), zeros at
    /// the start.
    ///
    /// A gradient of 1.8e19 or more, whose square is infinite, makes NaN of the parameter: see [limits](crate::optim#limits).
    pub struct RmsPropCenteredMomentum {
        /// Momentum μ.
        momentum: f64 in Fraction = 0.9,
        /// Takes Nesterov's look-ahead of the buffer, as `optax.rmsprop(nesterov=True)`.
        nesterov: bool = false,
    }
}

/// The fields that all four types have, from one type to another.
macro_rules! convert {
    ($From:ident => $Into:ident, $from:expr $(, $field:ident: $value:expr)*) => {{
        let $From { lr, decay, eps, eps_root, initial_square, lr_in_buffer, bias_correction, .. } = $from;
        let $From { weight_decay, decay_form, maximize, .. } = $from;
        $Into {
            lr,
            decay,
            eps,
            eps_root,
            initial_square,
            lr_in_buffer,
            bias_correction,
            weight_decay,
            decay_form,
            maximize,
            $($field: $value,)*
        }
    }};
}

impl RmsProp {
    /// Takes the running variance instead of the running square, one slot more.
    pub const fn centered(self) -> RmsPropCentered {
        convert!(RmsProp => RmsPropCentered, self)
    }

    /// Sums the normalized gradients in a buffer, one slot more; `lr_in_buffer` says where the learning rate is multiplied in.
    pub const fn with_momentum(self, momentum: f64) -> RmsPropMomentum {
        convert!(RmsProp => RmsPropMomentum, self, momentum: momentum, nesterov: false)
    }
}

impl RmsPropCentered {
    /// Sums the normalized gradients in a buffer, one slot more; `lr_in_buffer` says where the learning rate is multiplied in.
    pub const fn with_momentum(self, momentum: f64) -> RmsPropCenteredMomentum {
        convert!(RmsPropCentered => RmsPropCenteredMomentum, self, momentum: momentum, nesterov: false)
    }
}

impl Optimizer<1> for RmsProp {
    type Clock = u64;
    type Rule = DecayedDescent<RmsPropDirection<false, 1>>;
    const SLOTS: [Slot<Self>; 1] = [Slot::squares("square_avg").starting_at(|o| o.initial_square)];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        rule(self, 0.0, false, t)
    }
}

impl Optimizer<2> for RmsPropCentered {
    type Clock = u64;
    type Rule = DecayedDescent<RmsPropDirection<true, 2>>;
    const SLOTS: [Slot<Self>; 2] =
        [Slot::squares("square_avg").starting_at(|o| o.initial_square), Slot::signed("grad_avg")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        rule(&convert!(RmsPropCentered => RmsProp, *self), 0.0, false, t)
    }
}

impl Optimizer<2> for RmsPropMomentum {
    type Clock = u64;
    type Rule = DecayedDescent<RmsPropDirection<false, 2>>;
    const SLOTS: [Slot<Self>; 2] =
        [Slot::squares("square_avg").starting_at(|o| o.initial_square), Slot::signed("momentum_buffer")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        rule(&convert!(RmsPropMomentum => RmsProp, *self), self.momentum, self.nesterov, t)
    }
}

impl Optimizer<3> for RmsPropCenteredMomentum {
    type Clock = u64;
    type Rule = DecayedDescent<RmsPropDirection<true, 3>>;
    const SLOTS: [Slot<Self>; 3] = [
        Slot::squares("square_avg").starting_at(|o| o.initial_square),
        Slot::signed("grad_avg"),
        Slot::signed("momentum_buffer"),
    ];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        rule(&convert!(RmsPropCenteredMomentum => RmsProp, *self), self.momentum, self.nesterov, t)
    }
}

/// The rule of step `t`, for all four types.
#[inline]
fn rule<const CENTERED: bool, const S: usize>(
    o: &RmsProp,
    momentum: f64,
    nesterov: bool,
    t: u64,
) -> Result<DecayedDescent<RmsPropDirection<CENTERED, S>>, Error> {
    let (lr, one) = (Coefficient::new(o.lr), Coefficient::ONE);
    // The root is that of an uncorrected average, so u takes its correction.
    let (seen, of_u, mean_scale) = if o.bias_correction {
        let seen = bias_correction(o.decay, t);
        (seen, seen.sqrt(), (one / seen.sqrt()).to_f32())
    } else {
        (one, one, 1.0)
    };
    let lr_in_buffer = o.lr_in_buffer || !RmsPropDirection::<CENTERED, S>::HAS_BUFFER;
    let (before, after) = if lr_in_buffer { (lr * of_u, one) } else { (of_u, lr) };
    let direction = RmsPropDirection {
        square: SecondMoment::both(o.decay, o.eps, o.eps_root, false, seen)?,
        mean_scale,
        momentum: math::rounded(momentum),
        before: math::coefficient("lr", o.lr, before)?,
        after: math::coefficient("lr", o.lr, after)?,
        nesterov,
    };
    Ok(descent(o.maximize, decay(o.decay_form, o.weight_decay, lr)?, direction))
}

/// RMSprop's update from a gradient and the averages, for all four types: `S` is the number of their slots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsPropDirection<const CENTERED: bool, const S: usize> {
    square: SecondMoment,
    /// What corrects the mean where its square is taken off the uncorrected square.
    mean_scale: f32,
    momentum: f32,
    /// What is multiplied in before the buffer, and after it.
    before: f32,
    after: f32,
    nesterov: bool,
}

impl<const CENTERED: bool, const S: usize> RmsPropDirection<CENTERED, S> {
    const HAS_BUFFER: bool = S > 1 + CENTERED as usize;
}

impl<const CENTERED: bool, const S: usize> Direction<S> for RmsPropDirection<CENTERED, S> {
    #[inline(always)]
    fn lane<R: Real>(&self, _: R, g: R, mut state: [R; S]) -> (R, [R; S]) {
        let (h, mean, b) = match state.as_mut_slice() {
            [h] => (h, None, None),
            [h, mean] if CENTERED => (h, Some(mean), None),
            [h, b] => (h, None, Some(b)),
            [h, mean, b] => (h, Some(mean), Some(b)),
            _ => return (g, state),
        };
        *h = self.square.of(*h, g);
        let mut square = *h;
        if let Some(mean) = mean {
            *mean = self.square.mean_of(*mean, g);
            square = variance(square, R::splat(self.mean_scale) * *mean);
        }
        let u = R::splat(self.before) * (g / self.square.root(square));
        let Some(b) = b else { return (u, state) };
        let momentum = R::splat(self.momentum);
        *b = momentum * *b + u;
        let update = if self.nesterov { momentum * *b + u } else { *b };
        (R::splat(self.after) * update, state)
    }

    const FORMS: u8 = 2;

    /// The combinations that libraries have: with a buffer, an epsilon outside goes with a rate after it, and one inside with a
    /// rate before it.
    #[inline(always)]
    fn in_form(self, form: u8) -> Option<Self> {
        let plain = RmsPropDirection { mean_scale: 1.0, nesterov: false, ..self };
        let in_form = if form == 0 {
            let before = if Self::HAS_BUFFER { 1.0 } else { self.before };
            RmsPropDirection { square: self.square.usual()?, before, ..plain }
        } else {
            RmsPropDirection { square: self.square.inner()?, after: 1.0, ..plain }
        };
        let RmsPropDirection { before, after, .. } = in_form;
        let has_its_values = !self.nesterov && self.mean_scale == 1.0 && self.before == before && self.after == after;
        has_its_values.then_some(in_form)
    }

    #[inline(always)]
    fn fades_below(&self) -> [f32; S] {
        let mut fades = [TINY; S];
        if let Some(square) = fades.first_mut() {
            *square = self.square.fades_below();
        }
        fades
    }
}
