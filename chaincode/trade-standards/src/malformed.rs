//! How a wrong text keeps its code on the way through `serde`.
//!
//! A request is read by `serde`, whose errors carry nothing but a text. The caller is owed the code of the rule that a
//! value breaks, and nobody may take an English sentence apart to guess it. So every text type of this crate refuses
//! with [`Malformed`], whose printed form is fixed: a separator that no sentence holds, the code, the separator, the
//! explanation, the separator. The decoder of a request asks [`Malformed::of_message`] for the two parts again, and
//! takes the path to the value from `serde_path_to_error`.
//!
//! The last separator is there because `serde_json` appends line and column to what it is given. The message must also
//! begin with the separator: `serde` quotes names and values that it does not expect, so a caller could otherwise write
//! a code of its choice into the error about its own request.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// U+0001: no explanation holds a control character, and JSON cannot hold one unescaped.
const SEPARATOR: char = '\u{1}';

/// Every code that a text type of this crate can refuse with.
pub const CODES: &[&str] = &[
    "customs.hs_code_malformed",
    "customs.unit_malformed",
    "identifier.check_digit",
    "identifier.malformed",
    "identifier.not_listed",
    "item.check_digit",
    "item.id_malformed",
    "request.digest_malformed",
    "request.number_malformed",
    "request.time_malformed",
];

/// An error that has a stable code, `<area>.<rule>`, and prints as an explanation without the text that is wrong.
pub trait Coded: fmt::Display {
    /// The code under which the API refuses.
    fn code(&self) -> &'static str;
}

/// A text that is no value of its type: the code of the rule and an explanation for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    code: &'static str,
    explanation: String,
}

impl Malformed {
    /// What `error` says, ready to pass through `serde`.
    pub fn new(error: &impl Coded) -> Self {
        Self { code: error.code(), explanation: error.to_string() }
    }

    /// Code and explanation from the text of a `serde` error, when it stems from a [`Malformed`].
    pub fn of_message(message: &str) -> Option<(&str, &str)> {
        let mut parts = message.strip_prefix(SEPARATOR)?.splitn(3, SEPARATOR);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(code), Some(explanation), Some(_position)) => Some((code, explanation)),
            _ => None,
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{SEPARATOR}{}{SEPARATOR}{}{SEPARATOR}", self.code, self.explanation)
    }
}

/// Reads a value from its text, as `Deserialize` of every text type does.
///
/// # Errors
/// A [`Malformed`] when the text is no such value; the deserializer's own when there is no text.
pub fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Coded>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_str(FromText(PhantomData))
}

struct FromText<T>(PhantomData<T>);

impl<T: FromStr<Err: Coded>> Visitor<'_> for FromText<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(|error: T::Err| E::custom(Malformed::new(&error)))
    }
}

/// Implements `Serialize` and `Deserialize` for types that print as their text and parse from it, with an error that is
/// [`Coded`]. The caller's crate needs `serde`.
#[macro_export]
macro_rules! serde_as_text {
    ($($type:ty),+ $(,)?) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::malformed::deserialize(deserializer)
            }
        }
    )+};
}

/// Implements parsing, printing, `serde` and the schema for a newtype over its canonical text.
///
/// The type supplies `fn canonical(text: &str) -> Result<String, Error>`; everything else follows from it, so that no
/// value can be built around its own check. The error must be [`Coded`]. The caller's crate needs `serde` and
/// `schemars`.
///
/// ```
/// # use trade_standards::identifier::{IdentifierError, IdentifierKind};
/// trade_standards::text_type! {
///     /// A gate of an airport.
///     Gate, IdentifierError, "gate of an airport", "^[A-Z][0-9]$", "B7"
/// }
///
/// impl Gate {
///     fn canonical(text: &str) -> Result<String, IdentifierError> {
///         let kind = IdentifierKind::UnLocode;
///         if text.len() == 2 {
///             return Ok(text.to_owned());
///         }
///         Err(IdentifierError::Length { kind, expected: "2", found: text.len() })
///     }
/// }
///
/// assert_eq!(Gate::parse("B7").map(|gate| gate.to_string()).as_deref(), Ok("B7"));
/// ```
#[macro_export]
macro_rules! text_type {
    ($(#[$meta:meta])* $name:ident, $error:ty, $description:expr, $pattern:literal, $example:literal) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Parses and checks `text`; leading and trailing blanks are not forgiven.
            ///
            /// # Errors
            /// The rule that `text` breaks.
            pub fn parse(text: &str) -> Result<Self, $error> {
                Self::canonical(text).map(Self)
            }

            /// The canonical text, as it stands in JSON and in ledger keys.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        $crate::serde_as_text!($name);

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "description": $description,
                    "pattern": $pattern,
                    "examples": [$example],
                })
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customs::{TariffCode, TariffPrefix, UnitCode};
    use crate::digest::Digest256;
    use crate::epcis::{EventHash, EventId};
    use crate::gs1::ObjectUri;
    use crate::identifier::{CountryCode, Gtin, Lei, MspId};
    use crate::money::{Amount, CurrencyCode, MinorUnits};
    use crate::quantity::Quantity;
    use crate::time::{Date, UtcTime};
    use serde::de::DeserializeOwned;

    /// Code and explanation, from both ways in which a request is read.
    fn refusal<T: DeserializeOwned>(json: &str) -> (String, String) {
        let owned = |error: serde_json::Error| {
            let message = error.to_string();
            let (code, explanation) = Malformed::of_message(&message).unwrap_or(("none", ""));
            (code.to_owned(), explanation.to_owned())
        };
        let from_text = serde_json::from_str::<T>(json).map(drop).map_err(owned).expect_err(json);
        let value: serde_json::Value = serde_json::from_str(json).expect(json);
        let from_value = serde_json::from_value::<T>(value).map(drop).map_err(owned).expect_err(json);
        assert_eq!(from_text, from_value, "{json}");
        from_text
    }

    #[test]
    fn every_text_type_refuses_with_a_code_that_survives_serde() {
        let rows = [
            (refusal::<Gtin>("\"4012345123457\""), "identifier.check_digit"),
            (refusal::<Gtin>("\"12\""), "identifier.malformed"),
            (refusal::<Lei>("\"213800KUD8LAJWSQ9D16\""), "identifier.check_digit"),
            (refusal::<MspId>("\"a b\""), "identifier.malformed"),
            (refusal::<CountryCode>("\"XX\""), "identifier.not_listed"),
            (refusal::<CurrencyCode>("\"EUX\""), "identifier.not_listed"),
            (refusal::<Amount>(r#"{"minor":"007","currency":"EUR"}"#), "request.number_malformed"),
            (refusal::<MinorUnits>("\"1.5\""), "request.number_malformed"),
            (refusal::<Quantity>("\"0\""), "request.number_malformed"),
            (refusal::<UnitCode>("\"kgm\""), "customs.unit_malformed"),
            (refusal::<TariffCode>("\"770000\""), "customs.hs_code_malformed"),
            (refusal::<TariffPrefix>("\"99\""), "customs.hs_code_malformed"),
            (refusal::<Digest256>("\"00\""), "request.digest_malformed"),
            (refusal::<EventHash>("\"ni:///sha-256;00?ver=CBV2.0\""), "request.digest_malformed"),
            (refusal::<EventId>("\"no uri\""), "identifier.malformed"),
            (refusal::<ObjectUri>("\"https://id.gs1.org/01/09780345418914\""), "item.check_digit"),
            (refusal::<ObjectUri>("\"no uri\""), "item.id_malformed"),
            (refusal::<Date>("\"2026-02-30\""), "request.time_malformed"),
            (refusal::<UtcTime>("\"2026-02-30T00:00:00Z\""), "request.time_malformed"),
        ];
        for ((code, explanation), expected) in &rows {
            assert_eq!(code, expected, "{explanation}");
            assert!(CODES.contains(&code.as_str()) && !explanation.contains(" at line "), "{explanation}");
        }
        let reached: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.1).collect();
        assert_eq!(reached.into_iter().collect::<Vec<_>>(), CODES, "every code is reached, and listed in order");
    }

    #[test]
    fn a_caller_cannot_choose_the_code() {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Nothing {}
        #[derive(Debug, serde::Deserialize)]
        enum Word {
            #[serde(rename = "yes")]
            _Yes,
        }
        let forged = r#"{"\u0001identifier.check_digit\u0001forged\u0001":1}"#;
        assert_eq!(refusal::<Nothing>(forged).0, "none");
        assert_eq!(refusal::<Word>(r#""\u0001identifier.check_digit\u0001forged\u0001""#).0, "none");
        assert_eq!(refusal::<Gtin>("12").0, "none");
        assert_eq!(Malformed::of_message("\u{1}identifier.check_digit\u{1}cut off"), None);
    }
}
