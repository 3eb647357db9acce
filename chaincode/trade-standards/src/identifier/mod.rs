//! Identifiers of other people's standards as types: a value that exists has passed its form and check digit.
//!
//! Every type parses from text with [`IdentifierError`] naming the broken rule, prints as its canonical
//! text, and travels as that text in JSON. What these types do not do: look anything up. A well-formed
//! GTIN may belong to nobody; membership is a question for the ledger's reference lists.

/// A [`text_type!`](crate::text_type) whose error is [`IdentifierError`], described by its [`IdentifierKind`].
macro_rules! text_identifier {
    ($(#[$meta:meta])* $name:ident, $kind:expr, $pattern:literal, $example:literal) => {
        $crate::text_type! {
            $(#[$meta])*
            $name, $crate::identifier::IdentifierError, $kind.describe(), $pattern, $example
        }
    };
}

pub(crate) use text_identifier;

mod bic;
pub(crate) mod check;
mod container;
mod country;
mod creditor_reference;
mod error;
mod gs1;
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
pub use iban::Iban;
pub use imo::ImoNumber;
pub use lei::Lei;
pub use msp::MspId;
pub use uetr::Uetr;
pub use unlocode::UnLocode;

#[cfg(test)]
mod prop;
#[cfg(test)]
mod vectors;
