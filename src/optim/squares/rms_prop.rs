use crate::check;
use crate::error::Error;
use crate::math::{Average, Both, Coefficient, Ema, Epsilon, SecondMoment};
use crate::optim::{decay::coupled, optimizer::Optimizer, slot::Slot};
use crate::real::Real;
use crate::rule::{Coupled, Direction, DirectionVisitor};

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
                /// Decay rate α of the averages.
                decay: f64 in Fraction = 0.99,
                /// Added to the root. With both epsilons and `initial_square` at 0, an element that has seen no
                /// gradient becomes 0/0, NaN.
                eps: f64 in NonNegative = 1e-7,
                /// Added inside the root.
                eps_root: f64 in NonNegative = 0.0,
                /// What `h` starts at.
                initial_square: f64 in NonNegative = 0.0,
                /// Where [`RmsProp::with_momentum`] multiplies the learning rate in: `b ← μ·b + lr·u; p ← p − b`, as Keras,
                /// TensorFlow and optax, or `b ← μ·b + u; p ← p − lr·b`, as PyTorch. The two differ as soon as `lr`
                /// changes. Without momentum they are the same.
                lr_in_buffer: bool = false,
                /// Coupled L2 penalty: `g + weight_decay · p`.
                weight_decay: f64 in NonNegative = 0.0,
                /// Ascends instead of descending.
                maximize: bool = false,
                $($own)*
            }
            presets {
                /// `torch.optim.RMSprop`: eps 1e-8.
                torch = { eps: 1e-8, };
                /// `keras.optimizers.RMSprop`: lr 0.001, decay 0.9, eps 1e-7 inside the root. With momentum, the
                /// learning rate is inside the buffer.
                keras = { lr: 1e-3, decay: 0.9, eps: 0.0, eps_root: 1e-7, lr_in_buffer: true, };
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
    /// A variance below 2⁻²⁰·h counts as 2⁻²⁰·h. After a long run of nearly equal gradients, h and ḡ² are nearly the
    /// same, and a smaller difference is rounding noise. It can even be 0 or negative, and then only epsilon would be
    /// left to divide by: a constant gradient of 0.1 with the values of [`RmsPropCentered::torch`] would move a
    /// parameter from 0 to −5.8e7 in 1,700 steps. In f64 it moves to −1.02e4, and with the bound to −6.7e3. PyTorch has
    /// no bound, and a negative variance makes NaN of the parameter.
    pub struct RmsPropCentered {}
}

rms_prop! {
    /// [`RmsProp`] with momentum: `b ← μ·b + u; p ← p − lr · b`.
    ///
    /// State: h (`square_avg`), `initial_square` at the start, and b (`momentum_buffer`), zeros at the start.
    pub struct RmsPropMomentum {
        /// Momentum μ.
        momentum: f64 in Fraction = 0.9,
    }
}

rms_prop! {
    /// [`RmsPropCentered`] with momentum: `b ← μ·b + u; p ← p − lr · b`.
    ///
    /// State: h (`square_avg`), `initial_square` at the start, and ḡ (`grad_avg`) and b (`momentum_buffer`), zeros at
    /// the start.
    pub struct RmsPropCenteredMomentum {
        /// Momentum μ.
        momentum: f64 in Fraction = 0.9,
    }
}

impl RmsProp {
    /// Takes the running variance instead of the running square, one slot more.
    pub const fn centered(self) -> RmsPropCentered {
        let RmsProp { lr, decay, eps, eps_root, initial_square, lr_in_buffer, weight_decay, maximize } = self;
        RmsPropCentered { lr, decay, eps, eps_root, initial_square, lr_in_buffer, weight_decay, maximize }
    }

    /// Sums the normalized gradients in a buffer, one slot more; `lr_in_buffer` says where the learning rate is multiplied in.
    pub const fn with_momentum(self, momentum: f64) -> RmsPropMomentum {
        let RmsProp { lr, decay, eps, eps_root, initial_square, lr_in_buffer, weight_decay, maximize } = self;
        RmsPropMomentum { lr, decay, eps, eps_root, initial_square, lr_in_buffer, weight_decay, maximize, momentum }
    }
}

impl RmsPropCentered {
    /// Sums the normalized gradients in a buffer, one slot more; `lr_in_buffer` says where the learning rate is multiplied in.
    pub const fn with_momentum(self, momentum: f64) -> RmsPropCenteredMomentum {
        let RmsPropCentered { lr, decay, eps, eps_root, initial_square, lr_in_buffer, weight_decay, maximize } = self;
        RmsPropCenteredMomentum {
            lr,
            decay,
            eps,
            eps_root,
            initial_square,
            lr_in_buffer,
            weight_decay,
            maximize,
            momentum,
        }
    }
}

impl Optimizer<1> for RmsProp {
    type Clock = u64;
    type Rule = Coupled<RmsPropDirection<false, false>>;
    const SLOTS: [Slot<Self>; 1] = [Slot::squares("square_avg").starting_at(|o| o.initial_square)];

    #[inline]
    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let direction = RmsPropDirection::new(self.lr, self.decay, self.eps, self.eps_root)?;
        Ok(coupled(self.maximize, self.weight_decay, direction))
    }
}

impl Optimizer<2> for RmsPropCentered {
    type Clock = u64;
    type Rule = Coupled<RmsPropDirection<true, false>>;
    const SLOTS: [Slot<Self>; 2] =
        [Slot::squares("square_avg").starting_at(|o| o.initial_square), Slot::signed("grad_avg")];

    #[inline]
    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let direction = RmsPropDirection::new(self.lr, self.decay, self.eps, self.eps_root)?;
        Ok(coupled(self.maximize, self.weight_decay, direction))
    }
}

impl Optimizer<2> for RmsPropMomentum {
    type Clock = u64;
    type Rule = Coupled<RmsPropDirection<false, true>>;
    const SLOTS: [Slot<Self>; 2] =
        [Slot::squares("square_avg").starting_at(|o| o.initial_square), Slot::signed("momentum_buffer")];

    #[inline]
    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let direction = RmsPropDirection::new(self.lr, self.decay, self.eps, self.eps_root)?
            .with_momentum(self.momentum, self.lr_in_buffer)?;
        Ok(coupled(self.maximize, self.weight_decay, direction))
    }
}

impl Optimizer<3> for RmsPropCenteredMomentum {
    type Clock = u64;
    type Rule = Coupled<RmsPropDirection<true, true>>;
    const SLOTS: [Slot<Self>; 3] = [
        Slot::squares("square_avg").starting_at(|o| o.initial_square),
        Slot::signed("grad_avg"),
        Slot::signed("momentum_buffer"),
    ];

    #[inline]
    fn rule(&self, _: u64, _: &mut u64) -> Result<Self::Rule, Error> {
        let direction = RmsPropDirection::new(self.lr, self.decay, self.eps, self.eps_root)?
            .with_momentum(self.momentum, self.lr_in_buffer)?;
        Ok(coupled(self.maximize, self.weight_decay, direction))
    }
}

/// RMSprop's update from a gradient and the averages, for all four forms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsPropDirection<const CENTERED: bool, const MOMENTUM: bool, E = Both, A = Ema, B = Rate> {
    square: SecondMoment<E, A>,
    mean: A,
    momentum: f32,
    rate: B,
}

/// Where the learning rate is multiplied in.
trait Buffering: Copy + Send + Sync {
    /// The update and the new buffer, which has decayed by `momentum`.
    #[inline(always)]
    fn buffer<R: Real>(&self, momentum: f32, u: R, b: R) -> (R, R) {
        let b = R::splat(momentum) * b + self.before_buffer(u);
        (self.after_buffer(b), b)
    }

    /// The rate, and where it goes.
    fn rate(&self) -> Rate;

    /// What goes into the momentum buffer.
    fn before_buffer<R: Real>(&self, u: R) -> R;

    /// The update, from the buffer.
    fn after_buffer<R: Real>(&self, b: R) -> R;
}

/// A learning rate that is multiplied in before or after the buffer: the other factor is 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    before: f32,
    after: f32,
}

/// A learning rate that is multiplied in before the buffer.
#[derive(Clone, Copy)]
struct Before(f32);

/// A learning rate that is multiplied in after the buffer.
#[derive(Clone, Copy)]
struct After(f32);

impl Buffering for Before {
    #[inline(always)]
    fn rate(&self) -> Rate {
        Rate { before: self.0, after: 1.0 }
    }

    #[inline(always)]
    fn before_buffer<R: Real>(&self, u: R) -> R {
        R::splat(self.0) * u
    }

    #[inline(always)]
    fn after_buffer<R: Real>(&self, b: R) -> R {
        b
    }
}

impl Buffering for After {
    #[inline(always)]
    fn rate(&self) -> Rate {
        Rate { before: 1.0, after: self.0 }
    }

    #[inline(always)]
    fn before_buffer<R: Real>(&self, u: R) -> R {
        u
    }

    #[inline(always)]
    fn after_buffer<R: Real>(&self, b: R) -> R {
        R::splat(self.0) * b
    }
}

impl Buffering for Rate {
    #[inline(always)]
    fn rate(&self) -> Rate {
        *self
    }

    #[inline(always)]
    fn before_buffer<R: Real>(&self, u: R) -> R {
        R::splat(self.before) * u
    }

    #[inline(always)]
    fn after_buffer<R: Real>(&self, b: R) -> R {
        R::splat(self.after) * b
    }
}

impl<const CENTERED: bool, const MOMENTUM: bool> RmsPropDirection<CENTERED, MOMENTUM> {
    fn new(lr: f64, decay: f64, eps: f64, eps_root: f64) -> Result<Self, Error> {
        Ok(RmsPropDirection {
            square: SecondMoment::both(decay, eps, eps_root, false, Coefficient::ONE)?,
            mean: Ema::unchecked(decay),
            momentum: 0.0,
            rate: Rate { before: 1.0, after: check::rounded(lr) },
        })
    }

    fn with_momentum(self, momentum: f64, lr_in_buffer: bool) -> Result<Self, Error> {
        let Rate { before, after } = self.rate;
        let rate = if lr_in_buffer { Rate { before: after, after: before } } else { self.rate };
        Ok(RmsPropDirection { momentum: check::rounded(momentum), rate, ..self })
    }
}

impl<const CENTERED: bool, const MOMENTUM: bool, E: Epsilon, A: Average, B>
    RmsPropDirection<CENTERED, MOMENTUM, E, A, B>
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
        const NOISE: f32 = 1.0 / 1_048_576.0;
        let h = self.square.of(h, g);
        let mean = self.mean.of(mean, g);
        let variance = (h - mean * mean).max(h * R::splat(NOISE));
        (g / self.square.root(variance), h, mean)
    }
}

/// Implements a form: its formula, and which slots fade.
macro_rules! direction {
    ($slots:literal, $centered:literal, $momentum:literal, |$self:ident, $g:ident, $state:pat_param| $lane:expr, $fades:expr) => {
        impl<E: Epsilon, A: Average, B: Buffering> Direction<$slots>
            for RmsPropDirection<$centered, $momentum, E, A, B>
        {
            #[inline(always)]
            fn lane<R: Real>(&$self, $g: R, $state: [R; $slots]) -> (R, [R; $slots]) {
                $lane
            }

            #[inline(always)]
            fn form<V: DirectionVisitor<$slots>>(&self, visitor: V) -> V::Output {
                type Form<E, A, B> = RmsPropDirection<$centered, $momentum, E, A, B>;
                let momentum = self.momentum;
                let Rate { before, after } = self.rate.rate();
                // The combinations that libraries have.
                match (self.mean.slow(), self.square.usual(), self.square.inner(), after == 1.0) {
                    (Some(mean), Some(square), _, false) => {
                        visitor.visit(Form { square, mean, momentum, rate: After(after) })
                    }
                    (Some(mean), _, Some(square), false) if !$momentum => {
                        visitor.visit(Form { square, mean, momentum, rate: After(after) })
                    }
                    (Some(mean), _, Some(square), true) => {
                        visitor.visit(Form { square, mean, momentum, rate: Before(before) })
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
        (self.rate.after_buffer(u), [h])
    },
    [self.square.fades()]
);
direction!(
    2,
    true,
    false,
    |self, g, [h, mean]| {
        let (u, h, mean) = self.over_variance(g, h, mean);
        (self.rate.after_buffer(u), [h, mean])
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
