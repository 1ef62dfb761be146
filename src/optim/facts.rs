//! What is known of an optimizer as data: its hyper-parameters, presets and names.

use crate::error::{Error, Named};
use crate::range::Range;
use core::fmt::Debug;

/// The hyper-parameters of an optimizer as data: what sets a field by name, checks values and fills tables of them.
///
/// New fields are a minor change of the crate. Write `Adam { lr: 0.01, ..Adam::DEFAULT }` and one more breaks nothing.
pub trait HyperParameters: Copy + Default + PartialEq + Debug + Send + Sync + 'static {
    /// The default, as a constant.
    const DEFAULT: Self;

    /// The name of the type.
    const NAME: &'static str;

    /// Other names that libraries give to the optimizer, each with its hyper-parameters.
    const ALIASES: &'static [Preset<Self>];

    /// Every field, in the order of the struct.
    const FIELDS: &'static [Field<Self>];

    /// The names of the fields.
    const FIELD_NAMES: &'static [&'static str];

    /// Every preset.
    const PRESETS: &'static [Preset<Self>];

    /// The names of the presets.
    const PRESET_NAMES: &'static [&'static str];

    /// Refuses the first field that is out of its range.
    ///
    /// # Errors
    /// [`Error::HyperParameter`], or [`Error::Coefficient`] for a number other than 0 that f32 turns into 0.
    fn check(&self) -> Result<(), Error>;

    /// The learning rate, which every optimizer has.
    fn lr(&self) -> f64;

    /// Sets the learning rate, as a schedule does before each step. Its range is checked when a step begins.
    fn set_lr(&mut self, lr: f64);

    /// The value of a field.
    ///
    /// # Errors
    /// [`Error::Unknown`] lists the fields that exist.
    fn get(&self, field: &str) -> Result<Value<'static>, Error> {
        Ok((field_named::<Self>(field)?.get)(self))
    }

    /// Sets a field. Its range is checked when a step begins.
    ///
    /// # Errors
    /// [`Error::Unknown`] lists the fields that exist, or the choices that the field has, [`Error::FieldType`] names the
    /// type of the field. Nothing was set then.
    fn set<'a>(&mut self, field: &str, value: impl Into<Value<'a>>) -> Result<(), Error> {
        (field_named::<Self>(field)?.set)(self, value.into())
    }

    /// The hyper-parameters of a preset.
    ///
    /// # Errors
    /// [`Error::Unknown`] lists the presets that exist.
    fn preset(name: &str) -> Result<Self, Error> {
        let preset = Self::PRESETS.iter().find(|preset| preset.name == name);
        Ok(preset.ok_or(Error::Unknown { what: Named::Preset, known: Self::PRESET_NAMES })?.value)
    }
}

fn field_named<O: HyperParameters>(name: &str) -> Result<&'static Field<O>, Error> {
    let field = O::FIELDS.iter().find(|field| field.name == name);
    field.ok_or(Error::Unknown { what: Named::Field, known: O::FIELD_NAMES })
}

/// A field of hyper-parameters `O`.
#[derive(Clone, Copy, Debug)]
pub struct Field<O> {
    /// Its name.
    pub name: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// Reads it.
    pub get: fn(&O) -> Value<'static>,
    /// Writes it.
    pub set: fn(&mut O, Value<'_>) -> Result<(), Error>,
}

/// What a field may hold.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// An f64 in a range.
    Number(Range),
    /// A bool.
    Flag,
    /// A u64, of any value.
    Count,
    /// One of these names.
    Choice(&'static [&'static str]),
}

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// An f64.
    Number(f64),
    /// A bool.
    Flag(bool),
    /// A u64.
    Count(u64),
    /// The name of a choice.
    Choice(&'a str),
}

/// Hyper-parameters with a name: the values of a library or a book.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset<O> {
    /// The name, for a preset that of its function.
    pub name: &'static str,
    /// The hyper-parameters.
    pub value: O,
}

impl From<f64> for Value<'_> {
    fn from(value: f64) -> Self {
        Value::Number(value)
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Value::Flag(value)
    }
}

impl From<u64> for Value<'_> {
    fn from(value: u64) -> Self {
        Value::Count(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Value::Choice(value)
    }
}

/// A type that a field can have.
pub(crate) trait FieldType: Sized {
    /// What a field of this type may hold.
    const KIND: Kind;

    /// Takes a value for the field `name`.
    fn take(name: &'static str, value: Value<'_>) -> Result<Self, Error>;
}

impl FieldType for f64 {
    const KIND: Kind = Kind::Number(Range::Finite);

    fn take(name: &'static str, value: Value<'_>) -> Result<Self, Error> {
        match value {
            Value::Number(number) => Ok(number),
            Value::Count(count) => Ok(count as f64),
            Value::Flag(_) | Value::Choice(_) => Err(Error::FieldType { name, expected: "f64" }),
        }
    }
}

impl FieldType for bool {
    const KIND: Kind = Kind::Flag;

    fn take(name: &'static str, value: Value<'_>) -> Result<Self, Error> {
        match value {
            Value::Flag(flag) => Ok(flag),
            _ => Err(Error::FieldType { name, expected: "bool" }),
        }
    }
}

impl FieldType for u64 {
    const KIND: Kind = Kind::Count;

    /// Takes a whole number in floating point too, as text formats have no others.
    fn take(name: &'static str, value: Value<'_>) -> Result<Self, Error> {
        match value {
            Value::Count(count) => Ok(count),
            Value::Number(number) if (0.0..9.0e15).contains(&number) && number as u64 as f64 == number => {
                Ok(number as u64)
            }
            _ => Err(Error::FieldType { name, expected: "u64" }),
        }
    }
}

/// Declares a struct of hyper-parameters: for each field its type, its [`Range`] if it is a number, and its default. A
/// field such as `lr`, which means the same in most optimizers, needs no documentation. After the struct come the presets, which become functions of the type, and further names of the optimizer.
macro_rules! hyper_parameters {
    (
        $(#[$meta:meta])*
        pub struct $Optimizer:ident {
            $(
                $(#[$field_meta:meta])*
                $field:ident: $Type:ident $(in $Range:ident)? = $default:expr,
            )*
        }
        $(presets { $($(#[$preset_meta:meta])* $preset:ident = { $($values:tt)* };)* })?
        $(names { $($alias:literal $(= $alias_preset:ident)?),* })?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(deny_unknown_fields, default, remote = "Self")
        )]
        pub struct $Optimizer {
            $(
                $(#[$field_meta])*
                #[doc = $crate::optim::facts::usual_text!([$(#[$field_meta])*] $field)]
                #[doc = concat!($($crate::optim::facts::range_text!($Range),)? "Default ", stringify!($default), ".")]
                pub $field: $Type,
            )*
        }

        impl $Optimizer {
            /// The default, as a constant.
            pub const DEFAULT: Self = $Optimizer { $($field: $default),* };

            $($(
                $(#[$preset_meta])*
                pub const fn $preset() -> Self {
                    $Optimizer { $($values)* ..$Optimizer::DEFAULT }
                }
            )*)?
        }

        checked_serde!($Optimizer);

        #[cfg(feature = "serde")]
        impl $Optimizer {
            fn checked(self) -> Result<Self, $crate::error::Error> {
                $crate::optim::facts::HyperParameters::check(&self)?;
                Ok(self)
            }
        }

        impl Default for $Optimizer {
            fn default() -> Self {
                $Optimizer::DEFAULT
            }
        }

        impl $crate::optim::facts::HyperParameters for $Optimizer {
            const DEFAULT: Self = $Optimizer::DEFAULT;
            const NAME: &'static str = stringify!($Optimizer);
            const ALIASES: &'static [$crate::optim::facts::Preset<Self>] = &[$($(
                $crate::optim::facts::Preset {
                    name: $alias,
                    value: $crate::optim::facts::alias!($Optimizer $($alias_preset)?),
                }
            ),*)?];
            const FIELDS: &'static [$crate::optim::facts::Field<Self>] = &[$(
                $crate::optim::facts::Field {
                    name: stringify!($field),
                    kind: $crate::optim::facts::kind!($Type $($Range)?),
                    get: |hyper| hyper.$field.into(),
                    set: |hyper, value| {
                        hyper.$field = $crate::optim::facts::FieldType::take(stringify!($field), value)?;
                        Ok(())
                    },
                },
            )*];
            const FIELD_NAMES: &'static [&'static str] = &[$(stringify!($field)),*];
            const PRESETS: &'static [$crate::optim::facts::Preset<Self>] =
                &[$($($crate::optim::facts::Preset { name: stringify!($preset), value: $Optimizer::$preset() }),*)?];
            const PRESET_NAMES: &'static [&'static str] = &[$($(stringify!($preset)),*)?];

            #[inline]
            fn check(&self) -> Result<(), $crate::error::Error> {
                $($(
                    $crate::check::field(stringify!($field), self.$field, $crate::range::Range::$Range)?;
                )?)*
                Ok(())
            }

            #[inline]
            fn lr(&self) -> f64 {
                self.lr
            }

            #[inline]
            fn set_lr(&mut self, lr: f64) {
                self.lr = lr;
            }
        }
    };
}

/// The hyper-parameters of a further name: those of a preset, or the default.
macro_rules! alias {
    ($Optimizer:ident) => {
        $Optimizer::DEFAULT
    };
    ($Optimizer:ident $preset:ident) => {
        $Optimizer::$preset()
    };
}

/// The documentation of a field that most optimizers have in the same meaning, if it brings none.
macro_rules! usual_text {
    ([] lr) => {
        "Learning rate."
    };
    ([] beta1) => {
        "Decay rate of the first moment."
    };
    ([] beta2) => {
        "Decay rate of the second moment."
    };
    ([] maximize) => {
        "Ascends instead of descending. Decay shrinks the parameters all the same."
    };
    ([] weight_decay) => {
        "Weight decay, which acts as `decay_form` says."
    };
    ([] decay_form) => {
        "How weight decay acts."
    };
    ([$($documented:tt)+] $field:ident) => {
        ""
    };
}

/// What a range is in the documentation of a field.
macro_rules! range_text {
    (Finite) => {
        "Any finite number. "
    };
    (NonNegative) => {
        "At least 0. "
    };
    (Positive) => {
        "Above 0. "
    };
    (Fraction) => {
        "In [0, 1). "
    };
    (OpenFraction) => {
        "In (0, 1). "
    };
    (Share) => {
        "In [0, 1]. "
    };
}

/// What a field of a type may hold.
macro_rules! kind {
    (f64 $Range:ident) => {
        $crate::optim::facts::Kind::Number($crate::range::Range::$Range)
    };
    ($Type:ident) => {
        <$Type as $crate::optim::facts::FieldType>::KIND
    };
}

pub(crate) use {alias, kind, range_text, usual_text};
