//! Reading replies as Iamport's compatibility rules ask: new fields and values may come, nulls stand for anything.
//!
//! A field on which no decision rests can never spoil a reply: whatever it holds that is not understood reads as
//! absent. A field that decides (amount, ids, status) is strict; its failure makes the reply suspect.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use crate::amount::Amount;

/// The JSON scalar as text: strings unescaped, numbers and booleans as spelt, `null` and containers absent.
fn scalar(raw: &RawValue) -> Option<String> {
    match raw.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw.get()).ok(),
        Some(b'[' | b'{' | b'n') | None => None,
        Some(_) => Some(raw.get().to_owned()),
    }
}

/// An optional text, also where a number stands for it; empty and other values read as absent.
pub(crate) fn text<'de, D: Deserializer<'de>, T: From<String>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    if matches!(raw.get(), "true" | "false") {
        return Ok(None);
    }
    Ok(scalar(&raw).filter(|text| !text.is_empty()).map(T::from))
}

/// A text that must be there and not be empty.
pub(crate) fn required_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer)?.ok_or_else(|| de::Error::custom("a required text is empty or null"))
}

/// A value of an open set that must be there; `null` and nonsense become the set's unknown value.
pub(crate) fn required_open<'de, D: Deserializer<'de>, T: From<String>>(deserializer: D) -> Result<T, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(T::from(scalar(&raw).unwrap_or_else(|| "null".to_owned())))
}

/// An optional value of an open set. The API has been seen to say `"null"` for null.
pub(crate) fn open<'de, D: Deserializer<'de>, T: From<String>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(scalar(&raw).filter(|text| !text.is_empty() && text != "null").map(T::from))
}

fn whole(raw: &RawValue) -> Option<i64> {
    scalar(raw).as_deref().and_then(Amount::parse).and_then(Amount::to_i64)
}

/// UNIX seconds; the API's 0 for "has not happened" reads as absent.
pub(crate) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(whole(&raw).filter(|seconds| *seconds > 0))
}

/// UNIX seconds that must be there.
pub(crate) fn required_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    whole(&raw).ok_or_else(|| de::Error::custom("a required time is not a whole number"))
}

/// An optional count.
pub(crate) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(whole(&raw).and_then(|number| u32::try_from(number).ok()))
}

/// An optional flag, also as `"true"`, `1`, `"Y"` and their opposites.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(scalar(&raw).and_then(|text| as_flag(&text)))
}

/// An optional flag that decides whether a payment is real, so a value that is not understood is an error.
pub(crate) fn strict_flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    if raw.get() == "null" {
        return Ok(None);
    }
    match scalar(&raw).and_then(|text| as_flag(&text)) {
        Some(flag) => Ok(Some(flag)),
        None => Err(de::Error::custom("a flag is neither true nor false")),
    }
}

fn as_flag(text: &str) -> Option<bool> {
    match text {
        "true" | "1" | "Y" | "y" => Some(true),
        "false" | "0" | "N" | "n" => Some(false),
        _ => None,
    }
}

/// An optional list: `null` reads as empty.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

/// A list of texts on which nothing rests.
pub(crate) fn texts<'de, D: Deserializer<'de>, T: From<String>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let elements: Vec<Box<RawValue>> = serde_json::from_str(raw.get()).unwrap_or_default();
    Ok(elements.iter().filter_map(|element| scalar(element)).map(T::from).collect())
}

/// An object on which nothing rests; another shape reads as absent.
pub(crate) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    // A list would be read as the fields in their order.
    let object = Some(raw.get()).filter(|text| text.starts_with('{'));
    Ok(object.and_then(|text| serde_json::from_str(text).ok()))
}

/// Defines an enum of a set that Iamport may extend: values that are not known yet are kept as `Unknown`.
macro_rules! open_enum {
    (
        $(#[$doc:meta])*
        $name:ident { $( $(#[$variant_doc:meta])* $variant:ident = $text:literal ),+ $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $( $(#[$variant_doc])* $variant, )+
            /// A value that this version does not know, scrubbed. Never to be taken for any of the others.
            Unknown(String),
        }

        impl $name {
            /// The API's spelling.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )+
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $( $text => Self::$variant, )+
                    _ => Self::Unknown($crate::text::PspText::from(text).as_str().to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// Defines an enum of values that a request may carry.
macro_rules! choice {
    (
        $(#[$doc:meta])*
        $name:ident { $( $(#[$variant_doc:meta])* $variant:ident = $text:literal ),+ $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $( $(#[$variant_doc])* $variant, )+
        }

        impl $name {
            /// The API's spelling.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $text, )+
                }
            }
        }
    };
}

pub(crate) use {choice, open_enum};
