//! Business identifier codes (ISO 9362): a form without a check digit.

use super::check::every_byte;
use super::country::is_listed;
use super::error::{IdentifierError, IdentifierKind};

text_identifier! {
    /// A bank's code: four letters or digits, a country, two characters of location, optionally a branch of three.
    Bic, IdentifierKind::Bic, "^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$", "DEUTDEFF"
}

impl Bic {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        let kind = IdentifierKind::Bic;
        if !matches!(text.len(), 8 | 11) {
            return Err(IdentifierError::Length { kind, expected: "8 or 11", found: text.len() });
        }
        every_byte(kind, text, |position, byte| {
            byte.is_ascii_uppercase() || (byte.is_ascii_digit() && !matches!(position, 4 | 5))
        })?;
        // Kosovo has no ISO 3166 code; banks use XK by agreement.
        let country = &text[4..6];
        if !is_listed(country) && country != "XK" {
            return Err(IdentifierError::UnknownCountry { kind });
        }
        Ok(text.to_owned())
    }
}
