//! What an optimizer remembers of the whole model between steps.

use crate::error::Error;
use core::fmt::Debug;

/// What an optimizer remembers of the whole model between steps, besides the slots of each tensor: usually the number of steps, a
/// `u64`.
pub trait Clock: Copy + Default + PartialEq + Debug + Send + Sync + 'static {
    /// The clock before the first step, as a constant: the default.
    const START: Self;

    /// The names of what the clock holds besides the number of steps.
    const VALUES: &'static [&'static str];

    /// Steps done.
    fn step(&mut self) -> &mut u64;

    /// The clock as data of one type for all optimizers.
    fn save(&self) -> ClockData;

    /// The clock from this data. What no run can reach is an error of the next step.
    fn load(data: &ClockData) -> Self;

    /// Refuses what no run can reach.
    ///
    /// # Errors
    /// [`Error::Clock`] names the value.
    fn checked(self) -> Result<Self, Error> {
        Ok(self)
    }
}

/// A clock of any optimizer, as plain data.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct ClockData {
    /// Steps done.
    pub step: u64,
    /// What [`Clock::VALUES`] names; 0 for the rest.
    pub values: [f64; 3],
}

impl ClockData {
    /// The bytes of a clock: `step` and `values`, little endian.
    pub const fn to_bytes(&self) -> [u8; 32] {
        let [first, second, third] = self.values;
        let words = [self.step.to_le_bytes(), first.to_le_bytes(), second.to_le_bytes(), third.to_le_bytes()];
        let mut bytes = [0; 32];
        bytes.as_chunks_mut().0.copy_from_slice(&words);
        bytes
    }

    /// The clock of these bytes. Every byte pattern is a clock; what no run can reach is an error of the next step.
    pub const fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut all = [0; 4];
        let (mut chunks, mut words): (&[[u8; 8]], &mut [u64]) = (bytes.as_chunks().0, &mut all);
        while let ([chunk, more_chunks @ ..], [word, more_words @ ..]) = (chunks, words) {
            *word = u64::from_le_bytes(*chunk);
            (chunks, words) = (more_chunks, more_words);
        }
        let [step, first, second, third] = all;
        ClockData { step, values: [f64::from_bits(first), f64::from_bits(second), f64::from_bits(third)] }
    }
}

impl Clock for u64 {
    const START: Self = 0;
    const VALUES: &'static [&'static str] = &[];

    fn step(&mut self) -> &mut u64 {
        self
    }

    fn save(&self) -> ClockData {
        ClockData { step: *self, values: [0.0; 3] }
    }

    fn load(data: &ClockData) -> Self {
        data.step
    }
}

impl Clock for ClockData {
    const START: Self = ClockData { step: 0, values: [0.0; 3] };
    const VALUES: &'static [&'static str] = &[];

    fn step(&mut self) -> &mut u64 {
        &mut self.step
    }

    fn save(&self) -> ClockData {
        *self
    }

    fn load(data: &ClockData) -> Self {
        *data
    }
}

/// What a step that has been applied leaves to do: the clock moves when it is committed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Applied<C> {
    next: C,
}

impl<C: Clock> Applied<C> {
    pub(crate) const fn new(next: C) -> Self {
        Applied { next }
    }

    /// The same for a clock as data.
    pub(crate) fn saved(&self) -> Applied<ClockData> {
        Applied { next: self.next.save() }
    }

    /// Moves the clock to where it is after the step.
    ///
    /// # Errors
    /// [`Error::Stale`] where the clock is neither the one that the step began from nor the one after it, which another group has
    /// committed already. The clock has not moved then.
    pub fn commit(self, clock: &mut C) -> Result<(), Error> {
        let (mut next, mut now) = (self.next, *clock);
        let (step, done) = (*next.step(), *now.step());
        if now != next && done.wrapping_add(1) != step {
            return Err(Error::Stale { step, clock: done });
        }
        *clock = next;
        Ok(())
    }
}

/// The clock that a step carries: the one after it, or `()` where a tick has moved it already.
pub trait Carried: Copy + PartialEq + Send + Sync + sealed::Sealed {
    /// What comes of a step that has been applied: an [`Applied`] to commit, or nothing.
    type Applied: Send;

    /// What the clock holds besides the number of steps.
    #[doc(hidden)]
    fn values(&self) -> [f64; 3];

    #[doc(hidden)]
    fn set_values(&mut self, values: [f64; 3]);

    #[doc(hidden)]
    fn applied(&self) -> Self::Applied;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl<C: super::Clock> Sealed for C {}
}

impl Carried for () {
    type Applied = ();

    #[inline(always)]
    fn values(&self) -> [f64; 3] {
        [0.0; 3]
    }

    #[inline(always)]
    fn set_values(&mut self, _: [f64; 3]) {}

    #[inline(always)]
    fn applied(&self) {}
}

impl<C: Clock> Carried for C {
    type Applied = Applied<C>;

    #[inline]
    fn values(&self) -> [f64; 3] {
        self.save().values
    }

    #[inline]
    fn set_values(&mut self, values: [f64; 3]) {
        *self = C::load(&ClockData { values, ..self.save() });
    }

    #[inline(always)]
    fn applied(&self) -> Applied<C> {
        Applied::new(*self)
    }
}

/// Declares a clock: the number of steps, and up to three numbers with their ranges and what they are at the start.
macro_rules! clock {
    (
        $(#[$meta:meta])*
        pub struct $Clock:ident { $($(#[$value_meta:meta])* $value:ident in $Range:ident = $start:expr,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(deny_unknown_fields, remote = "Self")
        )]
        pub struct $Clock {
            /// Steps done.
            pub step: u64,
            $($(#[$value_meta])* pub $value: f64,)+
        }

        impl $Clock {
            /// The clock before the first step.
            pub const fn new() -> Self {
                $Clock { step: 0, $($value: $start),+ }
            }

            fn checked(self) -> Result<Self, $crate::error::Error> {
                $($crate::check::clock_value(stringify!($value), self.$value, $crate::range::Range::$Range)?;)+
                Ok(self)
            }
        }

        checked_serde!($Clock);

        impl Default for $Clock {
            fn default() -> Self {
                $Clock::new()
            }
        }

        impl $crate::clock::Clock for $Clock {
            const START: Self = $Clock::new();
            const VALUES: &'static [&'static str] = &[$(stringify!($value)),+];

            fn step(&mut self) -> &mut u64 {
                &mut self.step
            }

            fn save(&self) -> $crate::clock::ClockData {
                let mut values = [0.0; 3];
                values.iter_mut().zip([$(self.$value),+]).for_each(|(to, value)| *to = value);
                $crate::clock::ClockData { step: self.step, values }
            }

            fn load(data: &$crate::clock::ClockData) -> Self {
                let mut values = data.values.into_iter();
                $(let $value = values.next().unwrap_or($start);)+
                $Clock { step: data.step, $($value),+ }
            }

            fn checked(self) -> Result<Self, $crate::error::Error> {
                $Clock::checked(self)
            }
        }
    };
}
