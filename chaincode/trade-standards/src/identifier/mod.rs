//! Identifiers of other people's standards as types: a value that exists has passed its form and check digit.
//!
//! Every type parses from text with [`IdentifierError`] naming the broken rule, prints as its canonical
//! text, and travels as that text in JSON. What these types do not do: look anything up. A well-formed
//! GTIN may belong to nobody; membership is a question for the ledger's reference lists.

/// Implements parsing, printing, serde and schema for a newtype over its canonical text.
///
/// The type supplies `fn canonical(text: &str) -> Result<String, IdentifierError>`; everything else follows
/// from it, so that no identifier can be built around its own check.
macro_rules! text_identifier {
    ($(#[$meta:meta])* $name:ident, $kind:expr, $pattern:literal, $example:literal) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses and checks `text`; leading and trailing blanks are not forgiven.
            ///
            /// # Errors
            /// [`IdentifierError`](crate::identifier::IdentifierError) naming the rule that `text` breaks.
            pub fn parse(text: &str) -> Result<Self, crate::identifier::IdentifierError> {
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
            type Err = crate::identifier::IdentifierError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = crate::identifier::IdentifierError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(identifier: $name) -> String {
                identifier.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "description": $kind.describe(),
                    "pattern": $pattern,
                    "examples": [$example],
                })
            }
        }
    };
}

pub(crate) use text_identifier;

mod bic;
mod check;
mod container;
mod country;
mod creditor_reference;
mod error;
mod gs1;
mod hs;
mod iban;
mod imo;
mod lei;
mod msp;
mod uetr;
mod unlocode;

pub use bic::Bic;
pub use check::{gs1_check_digit, gs1_check_digit_holds, iso7064_mod97};
pub use container::ContainerNumber;
pub use country::CountryCode;
pub use creditor_reference::CreditorReference;
pub use error::{IdentifierError, IdentifierKind};
pub use gs1::{Gln, Gtin, Sscc};
pub use hs::HsCode;
pub use iban::Iban;
pub use imo::ImoNumber;
pub use lei::Lei;
pub use msp::MspId;
pub use uetr::Uetr;
pub use unlocode::UnLocode;

#[cfg(test)]
mod vectors;
