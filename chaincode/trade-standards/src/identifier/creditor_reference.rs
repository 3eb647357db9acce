//! Structured creditor references (ISO 11649): `RF`, two check digits, up to 21 characters.
//!
//! Banks fill the same XML element with references of other schemes; those are kept as text by the reader
//! of bank messages and never become this type.

use super::check::{every_byte, iso7064_mod97, length};
use super::error::{IdentifierError, IdentifierKind};

text_identifier! {
    /// A creditor reference in electronic form: no blanks, upper case.
    CreditorReference, IdentifierKind::CreditorReference, "^RF[0-9]{2}[0-9A-Z]{1,21}$", "RF18539007547034"
}

impl CreditorReference {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        let kind = IdentifierKind::CreditorReference;
        length(kind, text, 5..=25, "5 to 25")?;
        every_byte(kind, text, |position, byte| match position {
            0 => byte == b'R',
            1 => byte == b'F',
            2 | 3 => byte.is_ascii_digit(),
            _ => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
        })?;
        let rotated = format!("{}{}", &text[4..], &text[..4]);
        if iso7064_mod97(&rotated) != Some(1) {
            return Err(IdentifierError::CheckDigit { kind });
        }
        Ok(text.to_owned())
    }
}
