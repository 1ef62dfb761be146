use super::second_moment::{Epsilon, SecondMoment};
use super::{Optimizer, fill, next_step};
use crate::{Adapter, Ema, Error, Objective, Real, Rule, check};

/// Divides each gradient by a running average of its magnitude.
///
/// ```text
/// h ← α·h + (1−α)·g²
/// u = g / (√h + eps)
/// p ← p − lr · u
/// ```
///
/// Source: Tieleman & Hinton, "Lecture 6.5: rmsprop", 2012; the centered form from Graves, "Generating Sequences With
/// Recurrent Neural Networks", 2013, arXiv 1308.0850.
/// State: `[h]`, starts at `initial_square`: fill it with [`Optimizer::init`] where that is not 0.
///
/// Two options need a buffer more each, so they are types of their own:
///
/// | type | state | made by |
/// |---|---|---|
/// | [`RmsProp`] | `[h]` | |
/// | [`RmsPropCentered`] | `[h, ḡ]` | [`RmsProp::centered`] |
/// | [`RmsPropMomentum`] | `[h, b]` | [`RmsProp::with_momentum`] |
/// | [`RmsPropCenteredMomentum`] | `[h, ḡ, b]` | both, in this order |
///
/// | preset | lr | decay | epsilon |
/// |---|---|---|---|
/// | default, [`RmsProp::textbook`] | 0.01 | 0.99 | 1e-7 |
/// | [`RmsProp::torch`] | 0.01 | 0.99 | 1e-8 |
/// | [`RmsProp::keras`] | 0.001 | 0.9 | 1e-7 inside the root |
/// | [`RmsProp::optax`] | 0.01 (optax has no default) | 0.9 | 1e-8 inside the root |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp {
    /// Learning rate, at least 0. Default 0.01.
    pub lr: f64,
    /// Decay rate α of the averages, in [0, 1). Default 0.99.
    pub decay: f64,
    /// Added to the root, at least 0. Default 1e-7.
    pub eps: f64,
    /// Added inside the root, at least 0. Default 0.
    pub eps_root: f64,
    /// What `h` starts at, at least 0. Default 0.
    pub initial_square: f64,
    /// Coupled L2 penalty: `g + weight_decay · p`. Default 0.
    pub weight_decay: f64,
    /// Ascends instead of descending. Default false.
    pub maximize: bool,
}

impl Default for RmsProp {
    fn default() -> Self {
        RmsProp {
            lr: 0.01,
            decay: 0.99,
            eps: 1e-7,
            eps_root: 0.0,
            initial_square: 0.0,
            weight_decay: 0.0,
            maximize: false,
        }
    }
}

impl RmsProp {
    /// `torch.optim.RMSprop`: eps 1e-8.
    pub fn torch() -> Self {
        RmsProp { eps: 1e-8, ..RmsProp::default() }
    }

    /// `keras.optimizers.RMSprop`: lr 0.001, decay 0.9, eps 1e-7 inside the root.
    pub fn keras() -> Self {
        RmsProp { lr: 1e-3, decay: 0.9, eps: 0.0, eps_root: 1e-7, ..RmsProp::default() }
    }

    /// `optax.rmsprop`: decay 0.9, eps 1e-8 inside the root.
    pub fn optax() -> Self {
        RmsProp { decay: 0.9, eps: 0.0, eps_root: 1e-8, ..RmsProp::default() }
    }

    /// The textbooks' code, the default.
    pub fn textbook() -> Self {
        RmsProp::default()
    }

    fn start(&self) -> Result<f32, Error> {
        Ok(check::non_negative("initial_square", self.initial_square)? as f32)
    }

    /// Takes the running variance instead of the running square, one slot more.
    pub fn centered(self) -> RmsPropCentered {
        RmsPropCentered { rms_prop: self }
    }

    /// Sums the normalised gradients in a buffer, one slot more.
    pub fn with_momentum(self, momentum: f64) -> RmsPropMomentum {
        RmsPropMomentum { rms_prop: self, momentum, lr_in_buffer: false }
    }
}

/// [`RmsProp`] over the running variance: `u = g / (√(h − ḡ²) + eps)` with `ḡ ← α·ḡ + (1−α)·g`.
///
/// State: `[h, ḡ]`, ḡ zero at the start. A variance that rounding makes negative counts as zero; PyTorch's turns the
/// parameter into NaN then.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RmsPropCentered {
    /// All hyper-parameters.
    pub rms_prop: RmsProp,
}

impl RmsPropCentered {
    /// Sums the normalised gradients in a buffer, one slot more.
    pub fn with_momentum(self, momentum: f64) -> RmsPropCenteredMomentum {
        RmsPropCenteredMomentum { rms_prop: self.rms_prop, momentum, lr_in_buffer: false }
    }
}

/// [`RmsProp`] with momentum: `b ← μ·b + u; p ← p − lr · b`. State: `[h, b]`, b zero at the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsPropMomentum {
    /// The other hyper-parameters.
    pub rms_prop: RmsProp,
    /// Momentum μ, in [0, 1). Default 0.9.
    pub momentum: f64,
    /// `b ← μ·b + lr·u; p ← p − b`, as Keras, TensorFlow and optax have it: another result where lr changes.
    /// Default false, PyTorch's form.
    pub lr_in_buffer: bool,
}

impl Default for RmsPropMomentum {
    fn default() -> Self {
        RmsProp::default().with_momentum(0.9)
    }
}

/// [`RmsPropCentered`] with momentum. State: `[h, ḡ, b]`, ḡ and b zero at
/// the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsPropCenteredMomentum {
    /// The other hyper-parameters.
    pub rms_prop: RmsProp,
    /// Momentum μ, in [0, 1). Default 0.9.
    pub momentum: f64,
    /// As in [`RmsPropMomentum`]. Default false.
    pub lr_in_buffer: bool,
}

impl Default for RmsPropCenteredMomentum {
    fn default() -> Self {
        RmsProp::default().centered().with_momentum(0.9)
    }
}

/// One step of [`RmsProp`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsPropRule {
    objective: Objective,
    square: SecondMoment,
    mean: Ema,
    lr: f32,
}

/// One step of [`RmsPropCentered`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsPropCenteredRule {
    rms_prop: RmsPropRule,
}

/// One step of [`RmsPropMomentum`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsPropMomentumRule {
    rms_prop: RmsPropRule,
    buffer: Buffer,
}

/// One step of [`RmsPropCenteredMomentum`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsPropCenteredMomentumRule {
    rms_prop: RmsPropRule,
    buffer: Buffer,
}

impl RmsPropRule {
    fn new(rms_prop: &RmsProp) -> Result<Self, Error> {
        let epsilon = Epsilon { eps: rms_prop.eps, eps_root: rms_prop.eps_root, hat: false };
        check::non_negative("initial_square", rms_prop.initial_square)?;
        Ok(RmsPropRule {
            objective: Objective::new(rms_prop.maximize, rms_prop.weight_decay)?,
            square: SecondMoment::new("decay", rms_prop.decay, epsilon, 1.0)?,
            mean: Ema::new("decay", rms_prop.decay)?,
            lr: check::non_negative("lr", rms_prop.lr)? as f32,
        })
    }

    /// The normalised gradient `u` and the new `h`.
    #[inline(always)]
    fn normalise<R: Real>(&self, p: R, g: R, h: R) -> (R, R) {
        let g = self.objective.grad(p, g);
        let h = self.square.of(h, g);
        (g / self.square.root(h), self.square.stored(h))
    }

    /// The same over the variance, with the new mean too.
    #[inline(always)]
    fn normalise_centered<R: Real>(&self, p: R, g: R, h: R, mean: R) -> (R, R, R) {
        let g = self.objective.grad(p, g);
        let h = self.square.of(h, g);
        let mean = self.mean.of(mean, g);
        let variance = (h - mean * mean).max(R::splat(0.0));
        (g / self.square.root(variance), self.square.stored(h), mean.flush_below(f32::MIN_POSITIVE))
    }
}

/// The momentum buffer. The learning rate acts on the way in or on the way out; the other factor is 1.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Buffer {
    momentum: f32,
    lr_in: f32,
    lr_out: f32,
}

impl Buffer {
    fn new(lr: f32, momentum: f64, lr_in_buffer: bool) -> Result<Self, Error> {
        let momentum = check::fraction("momentum", momentum)? as f32;
        let (lr_in, lr_out) = if lr_in_buffer { (lr, 1.0) } else { (1.0, lr) };
        Ok(Buffer { momentum, lr_in, lr_out })
    }

    /// The new parameter and buffer.
    #[inline(always)]
    fn step<R: Real>(&self, p: R, u: R, b: R) -> (R, R) {
        let b = R::splat(self.momentum) * b + R::splat(self.lr_in) * u;
        (p - R::splat(self.lr_out) * b, b.flush_below(f32::MIN_POSITIVE))
    }
}

impl Optimizer<1> for RmsProp {
    type Clock = u64;
    type Rule = RmsPropRule;

    fn tick(&self, clock: &mut u64) -> Result<RmsPropRule, Error> {
        let step = next_step(*clock)?;
        let rule = RmsPropRule::new(self)?;
        *clock = step;
        Ok(rule)
    }

    fn init(&self, params: &[f32], state: [&mut [f32]; 1]) -> Result<(), Error> {
        fill(params, state, [self.start()?])
    }
}

impl Rule<1> for RmsPropRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(RmsPropRule { objective: self.objective.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [h]: [R; 1]) -> (R, [R; 1]) {
        let (u, h) = self.normalise(p, g, h);
        (p - R::splat(self.lr) * u, [h])
    }
}

impl Optimizer<2> for RmsPropCentered {
    type Clock = u64;
    type Rule = RmsPropCenteredRule;

    fn tick(&self, clock: &mut u64) -> Result<RmsPropCenteredRule, Error> {
        Ok(RmsPropCenteredRule { rms_prop: self.rms_prop.tick(clock)? })
    }

    fn init(&self, params: &[f32], state: [&mut [f32]; 2]) -> Result<(), Error> {
        fill(params, state, [self.rms_prop.start()?, 0.0])
    }
}

impl Rule<2> for RmsPropCenteredRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(RmsPropCenteredRule { rms_prop: self.rms_prop.plain::<DECAYS>()? })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [h, mean]: [R; 2]) -> (R, [R; 2]) {
        let (u, h, mean) = self.rms_prop.normalise_centered(p, g, h, mean);
        (p - R::splat(self.rms_prop.lr) * u, [h, mean])
    }
}

impl Optimizer<2> for RmsPropMomentum {
    type Clock = u64;
    type Rule = RmsPropMomentumRule;

    fn tick(&self, clock: &mut u64) -> Result<RmsPropMomentumRule, Error> {
        let step = next_step(*clock)?;
        let rms_prop = RmsPropRule::new(&self.rms_prop)?;
        let buffer = Buffer::new(rms_prop.lr, self.momentum, self.lr_in_buffer)?;
        *clock = step;
        Ok(RmsPropMomentumRule { rms_prop, buffer })
    }

    fn init(&self, params: &[f32], state: [&mut [f32]; 2]) -> Result<(), Error> {
        fill(params, state, [self.rms_prop.start()?, 0.0])
    }
}

impl Rule<2> for RmsPropMomentumRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(RmsPropMomentumRule { rms_prop: self.rms_prop.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [h, b]: [R; 2]) -> (R, [R; 2]) {
        let (u, h) = self.rms_prop.normalise(p, g, h);
        let (p, b) = self.buffer.step(p, u, b);
        (p, [h, b])
    }
}

impl Optimizer<3> for RmsPropCenteredMomentum {
    type Clock = u64;
    type Rule = RmsPropCenteredMomentumRule;

    fn tick(&self, clock: &mut u64) -> Result<RmsPropCenteredMomentumRule, Error> {
        let step = next_step(*clock)?;
        let rms_prop = RmsPropRule::new(&self.rms_prop)?;
        let buffer = Buffer::new(rms_prop.lr, self.momentum, self.lr_in_buffer)?;
        *clock = step;
        Ok(RmsPropCenteredMomentumRule { rms_prop, buffer })
    }

    fn init(&self, params: &[f32], state: [&mut [f32]; 3]) -> Result<(), Error> {
        fill(params, state, [self.rms_prop.start()?, 0.0, 0.0])
    }
}

impl Rule<3> for RmsPropCenteredMomentumRule {
    #[inline(always)]
    fn plain<const DECAYS: bool>(self) -> Option<Self> {
        Some(RmsPropCenteredMomentumRule { rms_prop: self.rms_prop.plain::<DECAYS>()?, ..self })
    }

    #[inline(always)]
    fn lane<R: Real>(&self, p: R, g: R, [h, mean, b]: [R; 3]) -> (R, [R; 3]) {
        let (u, h, mean) = self.rms_prop.normalise_centered(p, g, h, mean);
        let (p, b) = self.buffer.step(p, u, b);
        (p, [h, mean, b])
    }
}
