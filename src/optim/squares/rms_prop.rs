use crate::check;
use crate::error::Error;
use crate::math::{Average, Both, Coefficient, Ema, Epsilon, SecondMoment, bias_correction, variance};
use crate::optim::{
    decay::{DecayForm, decay, descent},
    optimizer::Optimizer,
    slot::Slot,
};
use crate::real::Real;
use crate::rule::{Decaying, Direction, DirectionVisitor};

/// Declares a form of RMSprop: the fields and presets that all forms have, and those that it adds.
macro_rules! rms_prop {
    (
        $(#[$meta:meta])*
        pub struct $Form:ident { $($own:tt)* }
        $(presets { $($presets:tt)* })?
    ) => {
        hyper_parameters! {
            $(#[$meta])*
            pub struct $Form {
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

/// The fields of all forms, from one form to another.
macro_rules! form {
    ($From:ident => $Form:ident, $from:expr $(, $field:ident: $value:expr)*) => {{
        let $From { lr, decay, eps, eps_root, initial_square, lr_in_buffer, bias_correction, .. } = $from;
        let $From { weight_decay, decay_form, maximize, .. } = $from;
        $Form {
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
        form!(RmsProp => RmsPropCentered, self)
    }

    /// Sums the normalized gradients in a buffer, one slot more; `lr_in_buffer` says where the learning rate is multiplied in.
    pub const fn with_momentum(self, momentum: f64) -> RmsPropMomentum {
        form!(RmsProp => RmsPropMomentum, self, momentum: momentum, nesterov: false)
    }
}

impl RmsPropCentered {
    /// Sums the normalized gradients in a buffer, one slot more; `lr_in_buffer` says where the learning rate is multiplied in.
    pub const fn with_momentum(self, momentum: f64) -> RmsPropCenteredMomentum {
        form!(RmsPropCentered => RmsPropCenteredMomentum, self, momentum: momentum, nesterov: false)
    }
}

impl Optimizer<1> for RmsProp {
    type Clock = u64;
    type Rule = Decaying<RmsPropDirection<false, false>>;
    const SLOTS: [Slot<Self>; 1] = [Slot::squares("square_avg").starting_at(|o| o.initial_square)];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        rule(self, 0.0, false, t)
    }
}

impl Optimizer<2> for RmsPropCentered {
    type Clock = u64;
    type Rule = Decaying<RmsPropDirection<true, false>>;
    const SLOTS: [Slot<Self>; 2] =
        [Slot::squares("square_avg").starting_at(|o| o.initial_square), Slot::signed("grad_avg")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        rule(&form!(RmsPropCentered => RmsProp, *self), 0.0, false, t)
    }
}

impl Optimizer<2> for RmsPropMomentum {
    type Clock = u64;
    type Rule = Decaying<RmsPropDirection<false, true>>;
    const SLOTS: [Slot<Self>; 2] =
        [Slot::squares("square_avg").starting_at(|o| o.initial_square), Slot::signed("momentum_buffer")];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        rule(&form!(RmsPropMomentum => RmsProp, *self), self.momentum, self.nesterov, t)
    }
}

impl Optimizer<3> for RmsPropCenteredMomentum {
    type Clock = u64;
    type Rule = Decaying<RmsPropDirection<true, true>>;
    const SLOTS: [Slot<Self>; 3] = [
        Slot::squares("square_avg").starting_at(|o| o.initial_square),
        Slot::signed("grad_avg"),
        Slot::signed("momentum_buffer"),
    ];

    #[inline]
    fn rule(&self, t: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        rule(&form!(RmsPropCenteredMomentum => RmsProp, *self), self.momentum, self.nesterov, t)
    }
}

/// The rule of step `t`, for all forms.
#[inline]
fn rule<const CENTERED: bool, const MOMENTUM: bool>(
    o: &RmsProp,
    momentum: f64,
    nesterov: bool,
    t: u64,
) -> Result<Decaying<RmsPropDirection<CENTERED, MOMENTUM>>, Error> {
    let (lr, one) = (Coefficient::new(o.lr), Coefficient::ONE);
    // The root is that of an uncorrected average, so u takes its correction.
    let (seen, of_u, mean_scale) = if o.bias_correction {
        let seen = bias_correction(o.decay, t);
        (seen, seen.sqrt(), (one / seen.sqrt()).to_f32())
    } else {
        (one, one, 1.0)
    };
    let (before, after) = if MOMENTUM && !o.lr_in_buffer { (of_u, lr) } else { (lr * of_u, one) };
    let direction = RmsPropDirection {
        square: SecondMoment::both(o.decay, o.eps, o.eps_root, false, seen)?,
        mean: Ema::unchecked(o.decay),
        mean_scale,
        momentum: check::rounded(momentum),
        rate: Rate {
            before: check::coefficient("lr", o.lr, before)?,
            after: check::coefficient("lr", o.lr, after)?,
            nesterov,
        },
    };
    Ok(descent(o.maximize, decay(o.decay_form, o.weight_decay, lr)?, direction))
}

/// RMSprop's update from a gradient and the averages, for all four forms. `CORRECTS` is off where the averages are not
/// corrected for bias.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsPropDirection<
    const CENTERED: bool,
    const MOMENTUM: bool,
    E = Both,
    A = Ema,
    B = Rate,
    const CORRECTS: bool = true,
> {
    square: SecondMoment<E, A>,
    mean: A,
    /// What corrects the mean where its square is taken off the uncorrected square.
    mean_scale: f32,
    momentum: f32,
    rate: B,
}

/// Where the learning rate is multiplied in.
trait Buffering: Copy + Send + Sync {
    /// The update, without a buffer.
    fn update<R: Real>(&self, u: R) -> R;

    /// The update and the new buffer, which has decayed by `momentum`.
    fn buffer<R: Real>(&self, momentum: f32, u: R, b: R) -> (R, R);

    /// The rate, and where it goes.
    fn rate(&self) -> Rate;
}

/// A learning rate that is multiplied in before and after the buffer: one of the factors may be 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    before: f32,
    after: f32,
    nesterov: bool,
}

/// A learning rate that is multiplied in before the buffer.
#[derive(Clone, Copy)]
struct Before(f32);

/// A learning rate that is multiplied in after the buffer.
#[derive(Clone, Copy)]
struct After(f32);

impl Buffering for Before {
    #[inline(always)]
    fn update<R: Real>(&self, u: R) -> R {
        R::splat(self.0) * u
    }

    #[inline(always)]
    fn buffer<R: Real>(&self, momentum: f32, u: R, b: R) -> (R, R) {
        let b = R::splat(momentum) * b + R::splat(self.0) * u;
        (b, b)
    }

    #[inline(always)]
    fn rate(&self) -> Rate {
        Rate { before: self.0, after: 1.0, nesterov: false }
    }
}

impl Buffering for After {
    #[inline(always)]
    fn update<R: Real>(&self, u: R) -> R {
        R::splat(self.0) * u
    }

    #[inline(always)]
    fn buffer<R: Real>(&self, momentum: f32, u: R, b: R) -> (R, R) {
        let b = R::splat(momentum) * b + u;
        (R::splat(self.0) * b, b)
    }

    #[inline(always)]
    fn rate(&self) -> Rate {
        Rate { before: 1.0, after: self.0, nesterov: false }
    }
}

impl Buffering for Rate {
    #[inline(always)]
    fn update<R: Real>(&self, u: R) -> R {
        R::splat(self.after) * (R::splat(self.before) * u)
    }

    #[inline(always)]
    fn buffer<R: Real>(&self, momentum: f32, u: R, b: R) -> (R, R) {
        let u = R::splat(self.before) * u;
        let b = R::splat(momentum) * b + u;
        let update = if self.nesterov { R::splat(momentum) * b + u } else { b };
        (R::splat(self.after) * update, b)
    }

    #[inline(always)]
    fn rate(&self) -> Rate {
        *self
    }
}

impl<const CENTERED: bool, const MOMENTUM: bool, E: Epsilon, A: Average, B, const CORRECTS: bool>
    RmsPropDirection<CENTERED, MOMENTUM, E, A, B, CORRECTS>
{
    /// The normalized gradient and the new h.
    #[inline(always)]
    fn over_square<R: Real>(&self, g: R, h: R) -> (R, R) {
        let h = self.square.of(h, g);
        (g / self.square.root(h), h)
    }

    /// The same over the variance, with the new mean too.
    #[inline(always)]
    fn over_variance<R: Real>(&self, g: R, h: R, mean: R) -> (R, R, R) {
        let h = self.square.of(h, g);
        let mean = self.mean.of(mean, g);
        let corrected = if CORRECTS { R::splat(self.mean_scale) * mean } else { mean };
        (g / self.square.root(variance(h, corrected)), h, mean)
    }
}

/// Implements a form: its formula, and which slots fade.
macro_rules! direction {
    ($slots:literal, $centered:literal, $momentum:literal, |$self:ident, $g:ident, $state:pat_param| $lane:expr, $fades:expr) => {
        impl<E: Epsilon, A: Average, B: Buffering, const CORRECTS: bool> Direction<$slots>
            for RmsPropDirection<$centered, $momentum, E, A, B, CORRECTS>
        {
            #[inline(always)]
            fn lane<R: Real>(&$self, $g: R, $state: [R; $slots]) -> (R, [R; $slots]) {
                $lane
            }

            #[inline(always)]
            fn form<V: DirectionVisitor<$slots>>(&self, visitor: V) -> V::Output {
                type Form<E, A, B> = RmsPropDirection<$centered, $momentum, E, A, B, false>;
                let RmsPropDirection { mean_scale, momentum, .. } = *self;
                let Rate { before, after, nesterov } = self.rate.rate();
                if nesterov || mean_scale != 1.0 {
                    return visitor.general();
                }
                // The combinations that libraries have.
                match (self.mean.slow(), self.square.usual(), self.square.inner(), after == 1.0) {
                    (Some(mean), Some(square), _, true) if !$momentum => {
                        visitor.visit(Form { square, mean, mean_scale, momentum, rate: Before(before) })
                    }
                    (Some(mean), Some(square), _, false) => {
                        visitor.visit(Form { square, mean, mean_scale, momentum, rate: After(after) })
                    }
                    (Some(mean), _, Some(square), true) => {
                        visitor.visit(Form { square, mean, mean_scale, momentum, rate: Before(before) })
                    }
                    _ => visitor.general(),
                }
            }

            #[inline(always)]
            fn fades(&$self) -> [bool; $slots] {
                $fades
            }
        }
    };
}

direction!(
    1,
    false,
    false,
    |self, g, [h]| {
        let (u, h) = self.over_square(g, h);
        (self.rate.update(u), [h])
    },
    [self.square.fades()]
);
direction!(
    2,
    true,
    false,
    |self, g, [h, mean]| {
        let (u, h, mean) = self.over_variance(g, h, mean);
        (self.rate.update(u), [h, mean])
    },
    [self.square.fades(), true]
);
direction!(
    2,
    false,
    true,
    |self, g, [h, b]| {
        let (u, h) = self.over_square(g, h);
        let (update, b) = self.rate.buffer(self.momentum, u, b);
        (update, [h, b])
    },
    [self.square.fades(), true]
);
direction!(
    3,
    true,
    true,
    |self, g, [h, mean, b]| {
        let (u, h, mean) = self.over_variance(g, h, mean);
        let (update, b) = self.rate.buffer(self.momentum, u, b);
        (update, [h, mean, b])
    },
    [self.square.fades(), true, true]
);
