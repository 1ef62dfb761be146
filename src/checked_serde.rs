//! Serde of types whose fields are checked when they are read.

/// Serde of a type with `checked`, which refuses fields that no constructor gives, and with serde's derives for
/// `remote = "Self"`: what is read goes through `checked`.
macro_rules! checked_serde {
    ($Type:ident $(<$N:ident>)?) => {
        #[cfg(feature = "serde")]
        impl $(<const $N: usize>)? serde::Serialize for $Type $(<$N>)? {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Self::serialize(self, serializer)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de $(, const $N: usize)?> serde::Deserialize<'de> for $Type $(<$N>)? {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize(deserializer)?.checked().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// An array of any length as a sequence.
#[cfg(feature = "serde")]
pub(crate) mod array {
    use core::fmt;
    use core::marker::PhantomData;
    use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
    use serde::ser::{Serialize, Serializer};

    pub(crate) fn serialize<T: Serialize, S: Serializer, const N: usize>(
        elements: &[T; N],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(elements)
    }

    pub(crate) fn deserialize<'de, T, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[T; N], D::Error>
    where
        T: Deserialize<'de> + Copy + Default,
    {
        struct Sequence<T, const N: usize>(PhantomData<T>);

        impl<'de, T: Deserialize<'de> + Copy + Default, const N: usize> Visitor<'de> for Sequence<T, N> {
            type Value = [T; N];

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a sequence of {N}")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<[T; N], A::Error> {
                let mut elements = [T::default(); N];
                for (i, element) in elements.iter_mut().enumerate() {
                    *element = sequence.next_element()?.ok_or_else(|| Error::invalid_length(i, &self))?;
                }
                match sequence.next_element::<T>()? {
                    None => Ok(elements),
                    Some(_) => Err(Error::invalid_length(N + 1, &self)),
                }
            }
        }

        deserializer.deserialize_seq(Sequence(PhantomData))
    }
}
