//! An optimizer that is chosen when the program runs: by name, with its fields by name, its slots and clock as data.
//!
//! Nothing is allocated: [`AnyOptimizer`] and [`AnyStep`] are enums over [the registry](crate::for_each_optimizer), and a
//! program that uses neither contains neither.
//!
//! ```
//! use gradstep::any::AnyOptimizer;
//!
//! let mut optimizer = AnyOptimizer::from_name("adamw")?;
//! optimizer.set("lr", 0.01)?;
//! let (mut params, grads) = (vec![1.0_f32; 100], vec![0.5; 100]);
//! let mut state: Vec<Vec<f32>> = optimizer.slots().map(|_| vec![0.0; 100]).collect();
//! optimizer.init(&params, &mut state)?;
//! let mut clock = optimizer.clock();
//! for _ in 0..10 {
//!     optimizer.tick(&mut clock)?.apply(&mut params, &grads, &mut state)?;
//! }
//! assert!(params[0] < 0.91 && optimizer.slots().nth(1).unwrap().name == "exp_avg_sq");
//! # Ok::<(), gradstep::Error>(())
//! ```

use crate::backend::Backend;
use crate::check;
use crate::clip::{ClipByNorm, ClipNorm};
use crate::error::{Error, Named};
use crate::for_each_optimizer;
use crate::optim::{begin_groups, *};
use crate::range::Range;
use crate::rule::{Adapter, Chain, ClipByValue, DecoupledDecay, Objective, Rule, ScaleGrads, Scope, Unadapted};
use crate::run::{Gradients, Item, Step, Streams, Supported};
use crate::shape::{Extent, Shape};

/// A hyper-parameter of an optimizer that is chosen when the program runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnyField {
    /// Its name.
    pub name: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// What it holds.
    pub value: Value<'static>,
}

/// A state slot of an optimizer that is chosen when the program runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnySlot {
    /// Its name.
    pub name: &'static str,
    /// What it holds before the first step.
    pub start: AnyStart,
    /// What it has one number for. [`Extent::len`] is the length of the slot for a tensor.
    pub extent: Extent,
    /// What its numbers are.
    pub holds: Holds,
    /// Whether a step writes it.
    pub is_written: bool,
}

/// The slices of one tensor, shard or chunk for a step that is chosen when the program runs, and its shape. The state is a list of
/// vectors, slices or arrays, one for each slot. A step zeroes gradients of the type `&mut [f32]`.
#[derive(Debug)]
pub struct AnyTensor<'a, V, G = &'a [f32]> {
    /// The parameters.
    pub params: &'a mut [f32],
    /// Their gradients.
    pub grads: G,
    /// The state slots, in the order of [`AnyOptimizer::slots`].
    pub state: &'a mut [V],
    /// The length of rows and blocks, for optimizers that look at them.
    pub shape: Shape,
}

/// What a slot holds before the first step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AnyStart {
    /// This number everywhere.
    Value(f32),
    /// A copy of the parameters.
    Params,
}

/// What is done with the type of an optimizer that is chosen when the program runs.
pub trait OptimizerVisitor {
    /// What comes of it.
    type Output;

    /// Uses the optimizer.
    fn visit<O: Optimizer<S>, const S: usize>(self, optimizer: &O) -> Self::Output;
}

/// What is done with the type of a step that is chosen when the program runs: adapters and followers can be fused in.
pub trait StepVisitor {
    /// What comes of it.
    type Output;

    /// Uses the step.
    fn visit<U: Rule<S>, A: Adapter, C: Clock, const S: usize>(self, step: Step<U, A, C>) -> Self::Output;
}

impl<'a, V> AnyTensor<'a, V> {
    /// The slices of one tensor, a vector. Lengths are checked when a step is applied.
    #[inline]
    pub fn new(params: &'a mut [f32], grads: &'a [f32], state: &'a mut [V]) -> Self {
        AnyTensor { shape: Shape::vector(params.len()), params, grads, state }
    }
}

impl<'a, V> AnyTensor<'a, V, &'a mut [f32]> {
    /// [`AnyTensor::new`] of a tensor whose gradients are zeroed by the step.
    #[inline]
    pub fn zeroing(params: &'a mut [f32], grads: &'a mut [f32], state: &'a mut [V]) -> Self {
        AnyTensor { shape: Shape::vector(params.len()), params, grads, state }
    }
}

impl<V, G> AnyTensor<'_, V, G> {
    /// The same tensor as a matrix with rows of `row_len` elements, for optimizers that look at rows.
    #[inline]
    pub fn rows(mut self, row_len: usize) -> Self {
        self.shape = self.shape.rows(row_len);
        self
    }

    /// The same tensor in blocks of `block_len` elements, for optimizers that look at blocks.
    #[inline]
    pub fn blocks(mut self, block_len: usize) -> Self {
        self.shape = self.shape.blocks(block_len);
        self
    }
}

impl<V: AsMut<[f32]> + Send, G: Gradients, const S: usize> Item<S> for AnyTensor<'_, V, G> {
    type Access = G::Access;

    #[inline]
    fn shape(&self) -> Shape {
        Shape { len: self.params.len(), ..self.shape }
    }

    #[inline]
    fn streams(&mut self, extents: &[Extent; S]) -> Result<Streams<'_, S, G::Access>, Error> {
        let shape = Item::<S>::shape(self);
        Streams::new(self.params, &mut self.grads, array(self.state)?, extents, &shape)
    }
}

macro_rules! any {
    ($($Optimizer:ident: $slots:literal,)*) => {
        /// Any optimizer of the crate, with its hyper-parameters.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[non_exhaustive]
        pub enum AnyOptimizer {$(
            #[doc = concat!("[`", stringify!($Optimizer), "`](crate::", stringify!($Optimizer), ")")]
            $Optimizer($Optimizer),
        )*}

        /// One step of an [`AnyOptimizer`].
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[must_use = "a step changes nothing until it is applied"]
        #[non_exhaustive]
        pub enum AnyStep<A = Unadapted> {$(
            #[doc = concat!("A step of [`", stringify!($Optimizer), "`](crate::", stringify!($Optimizer), ")")]
            $Optimizer(Step<<$Optimizer as Optimizer<$slots>>::Rule, A, <$Optimizer as Optimizer<$slots>>::Clock>),
        )*}

        $(
            impl From<$Optimizer> for AnyOptimizer {
                fn from(optimizer: $Optimizer) -> Self {
                    AnyOptimizer::$Optimizer(optimizer)
                }
            }
        )*

        impl AnyOptimizer {
            /// The names of all optimizers.
            pub const NAMES: &'static [&'static str] = &[$($Optimizer::NAME),*];

            /// Every optimizer with its default hyper-parameters.
            pub const ALL: &'static [AnyOptimizer] = &[$(AnyOptimizer::$Optimizer($Optimizer::DEFAULT)),*];

            /// Begins a step: see [`Optimizer::begin`].
            ///
            /// # Errors
            /// Those of `Optimizer::begin`.
            #[inline]
            pub fn begin(&self, clock: &ClockData) -> Result<AnyStep, Error> {
                // What this optimizer's clock does not hold is another optimizer's.
                for &value in clock.values.iter().skip(self.clock_values().len()) {
                    check::clock("values", value, Range::Exactly(0.0))?;
                }
                match self {
                    $(AnyOptimizer::$Optimizer(optimizer) => {
                        optimizer.begin(&Clock::load(clock)).map(AnyStep::$Optimizer)
                    })*
                }
            }
        }

        impl<A: Adapter> AnyStep<A> {
            /// Fuses an adapter in: see [`Step::with`].
            #[inline]
            pub fn with<B: Adapter>(self, adapter: B) -> AnyStep<Chain<A, B>> {
                match self {
                    $(AnyStep::$Optimizer(step) => AnyStep::$Optimizer(step.with(adapter)),)*
                }
            }

            /// Tells the step its loss: see [`Step::loss`].
            #[inline]
            pub fn loss(self, loss: f64) -> Self {
                match self {
                    $(AnyStep::$Optimizer(step) => AnyStep::$Optimizer(step.loss(loss)),)*
                }
            }

            /// [`AnyStep::apply_all`] for groups of parameters: see [`Step::apply_groups`].
            ///
            /// # Errors
            /// Those of `Step::apply_groups`; [`Error::GroupClock`] for a group that has another optimizer than the first one.
            pub fn apply_groups<V: AsMut<[f32]> + Send, G: Gradients, const N: usize>(
                steps: [Self; N],
                lists: [&mut [AnyTensor<'_, V, G>]; N],
            ) -> Result<Applied<ClockData>, Error> {
                match steps.first() {
                    $(Some(AnyStep::$Optimizer(first)) => {
                        let mut typed = [*first; N];
                        for (group, (to, step)) in typed.iter_mut().zip(steps).enumerate() {
                            let AnyStep::$Optimizer(step) = step else { return Err(Error::GroupClock { group }) };
                            *to = step;
                        }
                        Step::run_groups(typed, lists).map(|applied| applied.saved())
                    })*
                    None => Err(Error::GroupClock { group: 0 }),
                }
            }
        }

        /// Matches an enum over all optimizers.
        macro_rules! each {
            ($value:expr, $Enum:ident($inner:ident) => $answer:expr) => {
                match $value {
                    $($Enum::$Optimizer($inner) => $answer,)*
                }
            };
        }
    };
}
for_each_optimizer!(any);

impl AnyOptimizer {
    /// The optimizer with a name: that of its type, or one that PyTorch, optax, Keras or timm give it. Case,
    /// underscores, hyphens and spaces do not matter.
    ///
    /// # Errors
    /// [`Error::Unknown`] lists [`AnyOptimizer::NAMES`].
    #[inline]
    pub fn from_name(name: &str) -> Result<Self, Error> {
        let mut found = AnyOptimizer::ALL.iter().filter_map(|any| each!(any, AnyOptimizer(o) => under_name(o, name)));
        found.next().ok_or(Error::Unknown { what: Named::Optimizer, known: AnyOptimizer::NAMES })
    }

    /// Begins a step and moves the clock at once: see [`Optimizer::tick`].
    ///
    /// # Errors
    /// Those of [`Optimizer::begin`], and [`Error::ClockFollowsSums`]. The clock has not advanced then.
    #[inline]
    pub fn tick(&self, clock: &mut ClockData) -> Result<AnyStep, Error> {
        let step = self.begin(clock)?;
        step.commit(clock)?;
        Ok(step)
    }

    /// Begins a step of several groups of parameters from one clock: see [`Optimizer::begin_groups`].
    ///
    /// # Errors
    /// Those of `Optimizer::begin_groups`.
    pub fn begin_groups<const N: usize>(groups: [&Self; N], clock: &ClockData) -> Result<[AnyStep; N], Error> {
        begin_groups(groups, |group| group.begin(clock), AnyStep::next)
    }

    /// [`AnyOptimizer::tick`] for several groups of parameters, which advances their clock once: see [`Optimizer::tick_groups`].
    ///
    /// # Errors
    /// Those of `Optimizer::tick_groups`, and [`Error::ClockFollowsSums`]. The clock has not advanced then.
    pub fn tick_groups<const N: usize>(groups: [&Self; N], clock: &mut ClockData) -> Result<[AnyStep; N], Error> {
        let steps = Self::begin_groups(groups, clock)?;
        steps.first().map_or(Ok(()), |first| first.commit(clock))?;
        Ok(steps)
    }

    /// The name of the optimizer's type.
    #[inline]
    pub fn name(&self) -> &'static str {
        each!(self, AnyOptimizer(o) => facts(o).0)
    }

    /// Every hyper-parameter with its value.
    #[inline]
    pub fn fields(&self) -> impl Iterator<Item = AnyField> {
        let count = each!(self, AnyOptimizer(o) => facts(o).1.len());
        (0..count).filter_map(|i| each!(self, AnyOptimizer(o) => field(o, i)))
    }

    /// The learning rate.
    #[inline]
    pub fn lr(&self) -> f64 {
        each!(self, AnyOptimizer(o) => o.lr())
    }

    /// Sets the learning rate, as a schedule does before each step. Its range is checked when a step begins.
    #[inline]
    pub fn set_lr(&mut self, lr: f64) {
        each!(self, AnyOptimizer(o) => o.set_lr(lr));
    }

    /// The value of a field.
    ///
    /// # Errors
    /// [`Error::Unknown`] lists the fields that exist.
    #[inline]
    pub fn get(&self, field: &str) -> Result<Value<'static>, Error> {
        each!(self, AnyOptimizer(o) => o.get(field))
    }

    /// Sets a field. Its range is checked when a step begins.
    ///
    /// # Errors
    /// [`Error::Unknown`] lists the fields that exist, or the choices that the field has, [`Error::FieldType`] names the
    /// type of the field. Nothing was set then.
    #[inline]
    pub fn set<'a>(&mut self, field: &str, value: impl Into<Value<'a>>) -> Result<(), Error> {
        let value = value.into();
        each!(self, AnyOptimizer(o) => o.set(field, value))
    }

    /// The names of this optimizer's presets.
    #[inline]
    pub fn presets(&self) -> &'static [&'static str] {
        each!(self, AnyOptimizer(o) => facts(o).2)
    }

    /// The hyper-parameters of a preset of this optimizer.
    ///
    /// # Errors
    /// [`Error::Unknown`] lists the presets that exist.
    #[inline]
    pub fn preset(&self, name: &str) -> Result<Self, Error> {
        each!(self, AnyOptimizer(o) => preset(o, name))
    }

    /// The state slots, in the order in which a step takes them.
    #[inline]
    pub fn slots(&self) -> impl Iterator<Item = AnySlot> {
        let count = each!(self, AnyOptimizer(o) => slots(o).len());
        (0..count).filter_map(|i| each!(self, AnyOptimizer(o) => slot(o, i)))
    }

    /// What a step looks at before its update: the widest scope of its passes, `None` for each element by itself.
    #[inline]
    pub fn scope(&self) -> Option<Scope> {
        each!(self, AnyOptimizer(o) => scope(o))
    }

    /// The clock before the first step.
    #[inline]
    pub fn clock(&self) -> ClockData {
        each!(self, AnyOptimizer(o) => clock(o).0)
    }

    /// The names of what the clock holds besides the number of steps, in the order of [`ClockData::values`].
    #[inline]
    pub fn clock_values(&self) -> &'static [&'static str] {
        each!(self, AnyOptimizer(o) => clock(o).1)
    }

    /// Fills the state of `params` as it is before the first step: see [`Optimizer::init`].
    ///
    /// # Errors
    /// Those of `Optimizer::init`, and [`Error::SlotCount`]. Nothing has been written then.
    #[inline]
    pub fn init<V: AsMut<[f32]>>(&self, params: &[f32], state: &mut [V]) -> Result<(), Error> {
        each!(self, AnyOptimizer(o) => o.init(params, array(state)?))
    }

    /// [`AnyOptimizer::init`] for a tensor with rows or blocks: see [`Optimizer::init_shaped`].
    ///
    /// # Errors
    /// Those of `Optimizer::init_shaped`, and [`Error::SlotCount`]. Nothing has been written then.
    #[inline]
    pub fn init_shaped<V: AsMut<[f32]>>(&self, shape: &Shape, params: &[f32], state: &mut [V]) -> Result<(), Error> {
        each!(self, AnyOptimizer(o) => o.init_shaped(shape, params, array(state)?))
    }

    /// Calls the visitor with the optimizer as its type.
    #[inline]
    pub fn visit<V: OptimizerVisitor>(&self, visitor: V) -> V::Output {
        each!(self, AnyOptimizer(o) => visitor.visit(o))
    }
}

impl<A: Adapter> AnyStep<A> {
    /// Updates the parameters and their state: see [`Step::apply`]. `state` has one vector, slice or array for each slot.
    ///
    /// # Errors
    /// Those of `Step::apply`, and [`Error::SlotCount`]. Nothing has been written then.
    #[inline]
    pub fn apply<V: AsMut<[f32]>>(
        &self,
        params: &mut [f32],
        grads: &[f32],
        state: &mut [V],
    ) -> Result<Applied<ClockData>, Error> {
        each!(self, AnyStep(step) => step.apply(params, grads, array(state)?).map(|applied| applied.saved()))
    }

    /// [`AnyStep::apply`] on a chosen backend.
    ///
    /// # Errors
    /// Those of `apply`, and [`Error::UnsupportedBackend`] where this CPU or build cannot run it.
    #[inline]
    pub fn apply_on<V: AsMut<[f32]>>(
        &self,
        backend: Backend,
        params: &mut [f32],
        grads: &[f32],
        state: &mut [V],
    ) -> Result<Applied<ClockData>, Error> {
        each!(self, AnyStep(step) => step.apply_on(backend, params, grads, array(state)?).map(|applied| applied.saved()))
    }

    /// [`AnyStep::apply`] that also sets every gradient to zero, in the same pass.
    ///
    /// # Errors
    /// Those of `apply`.
    #[inline]
    pub fn apply_zeroing<V: AsMut<[f32]>>(
        &self,
        params: &mut [f32],
        grads: &mut [f32],
        state: &mut [V],
    ) -> Result<Applied<ClockData>, Error> {
        each!(self, AnyStep(step) => step.apply_zeroing(params, grads, array(state)?).map(|applied| applied.saved()))
    }

    /// Every tensor of a list, in one call: see [`Step::apply_all`].
    ///
    /// # Errors
    /// Those of `Step::apply_all`, and [`Error::SlotCount`]. No tensor has been written then.
    #[inline]
    pub fn apply_all<V: AsMut<[f32]> + Send, G: Gradients>(
        &self,
        tensors: &mut [AnyTensor<'_, V, G>],
    ) -> Result<Applied<ClockData>, Error> {
        self.apply_all_on(Backend::active(), tensors)
    }

    /// [`AnyStep::apply_all`] on a chosen backend.
    ///
    /// # Errors
    /// Those of `apply_all`, and [`Error::UnsupportedBackend`] where this CPU or build cannot run it.
    #[inline]
    pub fn apply_all_on<V: AsMut<[f32]> + Send, G: Gradients>(
        &self,
        backend: Backend,
        tensors: &mut [AnyTensor<'_, V, G>],
    ) -> Result<Applied<ClockData>, Error> {
        let backend = Supported::new(backend)?;
        each!(self, AnyStep(step) => step.run_all(backend, tensors).map(|applied| applied.saved()))
    }

    /// [`AnyStep::apply`] on rayon's current thread pool: see [`Step::par_apply`].
    ///
    /// # Errors
    /// Those of `apply`.
    #[cfg(feature = "rayon")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rayon")))]
    #[inline]
    pub fn par_apply<V: AsMut<[f32]>>(
        &self,
        params: &mut [f32],
        grads: &[f32],
        state: &mut [V],
    ) -> Result<Applied<ClockData>, Error> {
        each!(self, AnyStep(step) => step.par_apply(params, grads, array(state)?).map(|applied| applied.saved()))
    }

    /// [`AnyStep::apply_all`] on rayon's current thread pool: see [`Step::par_apply_all`].
    ///
    /// # Errors
    /// Those of `apply_all`.
    #[cfg(feature = "rayon")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rayon")))]
    #[inline]
    pub fn par_apply_all<V: AsMut<[f32]> + Send, G: Gradients>(
        &self,
        tensors: &mut [AnyTensor<'_, V, G>],
    ) -> Result<Applied<ClockData>, Error> {
        each!(self, AnyStep(step) => step.par_run_all(tensors).map(|applied| applied.saved()))
    }

    /// Moves the clock to where it is after the step: see [`Step::commit`].
    ///
    /// # Errors
    /// Those of `Step::commit`; [`Error::ClockFollowsSums`] where the clock follows from the sums of the step: commit what
    /// [`AnyStep::apply_all`] returns. The clock has not moved then.
    #[inline]
    pub fn commit(&self, clock: &mut ClockData) -> Result<(), Error> {
        if each!(self, AnyStep(step) => sets_clock(step)) {
            return Err(Error::ClockFollowsSums);
        }
        Applied::new(self.next()).commit(clock)
    }

    /// The clock after the step.
    #[inline]
    fn next(&self) -> ClockData {
        each!(self, AnyStep(step) => step.next().save())
    }

    /// Clips the gradients of all tensors together by their norm: see [`Step::clip_norm`].
    #[inline]
    pub fn clip_norm(self, clip: ClipNorm) -> AnyStep<Chain<A, ClipByNorm>> {
        self.with(ClipByNorm::new(clip))
    }

    /// `g ← factor · g`: see [`Step::scale_grads`].
    #[inline]
    pub fn scale_grads(self, factor: f64) -> AnyStep<Chain<A, ScaleGrads>> {
        self.with(ScaleGrads::new(factor))
    }

    /// `g ← min(max(g, −limit), limit)`: see [`Step::clip_by_value`].
    #[inline]
    pub fn clip_by_value(self, limit: f64) -> AnyStep<Chain<A, ClipByValue>> {
        self.with(ClipByValue::new(limit))
    }

    /// `g ← g + weight_decay · p`: see [`Step::l2`].
    #[inline]
    pub fn l2(self, weight_decay: f64) -> AnyStep<Chain<A, Objective>> {
        self.with(Objective::new(false, weight_decay))
    }

    /// `p ← p − rate · p` before the step: see [`Step::decoupled_decay`].
    #[inline]
    pub fn decoupled_decay(self, rate: f64) -> AnyStep<Chain<A, DecoupledDecay>> {
        self.with(DecoupledDecay::new(rate))
    }

    /// `g ← −g`: see [`Step::maximize`].
    #[inline]
    pub fn maximize(self) -> AnyStep<Chain<A, Objective>> {
        self.with(Objective::new(true, 0.0))
    }

    /// Calls the visitor with the step as its type.
    #[inline]
    pub fn visit<V: StepVisitor>(self, visitor: V) -> V::Output {
        each!(self, AnyStep(step) => visitor.visit(step))
    }
}

/// Name, fields and names of presets.
type Facts<O> = (&'static str, &'static [Field<O>], &'static [&'static str]);

fn facts<O: HyperParameters>(_: &O) -> Facts<O> {
    (O::NAME, O::FIELDS, O::PRESET_NAMES)
}

fn under_name<O: HyperParameters + Into<AnyOptimizer>>(_: &O, name: &str) -> Option<AnyOptimizer> {
    if is_same_name(name, O::NAME) {
        return Some(O::default().into());
    }
    O::ALIASES.iter().find(|alias| is_same_name(name, alias.name)).map(|alias| alias.value.into())
}

/// Whether two names differ in nothing but case, underscores, hyphens and spaces.
fn is_same_name(a: &str, b: &str) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = u8> {
        name.bytes().filter(|byte| !matches!(byte, b'_' | b'-' | b' ')).map(|byte| byte.to_ascii_lowercase())
    }
    letters(a).eq(letters(b))
}

fn preset<O: HyperParameters + Into<AnyOptimizer>>(_: &O, name: &str) -> Result<AnyOptimizer, Error> {
    O::preset(name).map(Into::into)
}

fn field<O: HyperParameters>(hyper: &O, i: usize) -> Option<AnyField> {
    let field = O::FIELDS.get(i)?;
    Some(AnyField { name: field.name, kind: field.kind, value: (field.get)(hyper) })
}

fn slots<O: Optimizer<S>, const S: usize>(_: &O) -> &'static [Slot<O>] {
    &O::SLOTS
}

fn slot<O: Optimizer<S>, const S: usize>(hyper: &O, i: usize) -> Option<AnySlot> {
    let slot = slots(hyper).get(i)?;
    let start = match slot.start {
        Start::Zero => AnyStart::Value(0.0),
        Start::Value(value) => AnyStart::Value(value(hyper) as f32),
        Start::Params => AnyStart::Params,
    };
    Some(AnySlot { name: slot.name, start, extent: slot.extent, holds: slot.holds, is_written: slot.is_written })
}

fn clock<O: Optimizer<S>, const S: usize>(_: &O) -> (ClockData, &'static [&'static str]) {
    (O::Clock::default().save(), O::Clock::VALUES)
}

const fn scope<O: Optimizer<S>, const S: usize>(_: &O) -> Option<Scope> {
    <O::Rule as Rule<S>>::PASSES.scope(0)
}

/// Whether the clock follows from the sums of a step.
const fn sets_clock<U: Rule<S>, A, C, const S: usize>(_: &Step<U, A, C>) -> bool {
    U::PASSES.set_clock()
}

/// The slots as the array of slices that a step takes.
#[inline]
fn array<V: AsMut<[f32]>, const S: usize>(state: &mut [V]) -> Result<[&mut [f32]; S], Error> {
    let found = state.len();
    match <&mut [V; S]>::try_from(state) {
        Ok(slots) => Ok(slots.each_mut().map(AsMut::as_mut)),
        Err(_) => Err(Error::SlotCount { expected: S, found }),
    }
}
