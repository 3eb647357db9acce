//! The GS1 keys with a fixed number of digits that trade documents quote on their own: GTIN, GLN, SSCC.
//!
//! Keys with serial parts (SGTIN, GRAI, GDTI, …) live in [`crate::gs1`].

use super::check::{digits, gs1_check_digit_holds, length};
use super::error::{IdentifierError, IdentifierKind};

text_identifier! {
    /// A trade item number. GTIN-8, -12 and -13 are accepted and padded: the canonical text has 14 digits.
    Gtin, IdentifierKind::Gtin, "^([0-9]{8}|[0-9]{12,14})$", "09521234543213"
}

impl Gtin {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        let kind = IdentifierKind::Gtin;
        if !matches!(text.len(), 8 | 12 | 13 | 14) {
            return Err(IdentifierError::Length { kind, expected: "8, 12, 13 or 14", found: text.len() });
        }
        check_digits(kind, text)?;
        Ok(format!("{text:0>14}"))
    }

    /// The 14 digits, the same as [`as_str`](Self::as_str).
    pub fn gtin14(&self) -> &str {
        self.as_str()
    }
}

text_identifier! {
    /// A location or party number: 13 digits.
    Gln, IdentifierKind::Gln, "^[0-9]{13}$", "4012345000054"
}

impl Gln {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        length(IdentifierKind::Gln, text, 13..=13, "13")?;
        check_digits(IdentifierKind::Gln, text)?;
        Ok(text.to_owned())
    }
}

text_identifier! {
    /// A logistic unit number, the plate of a pallet or parcel: 18 digits.
    Sscc, IdentifierKind::Sscc, "^[0-9]{18}$", "006141411234567890"
}

impl Sscc {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        length(IdentifierKind::Sscc, text, 18..=18, "18")?;
        check_digits(IdentifierKind::Sscc, text)?;
        Ok(text.to_owned())
    }
}

fn check_digits(kind: IdentifierKind, text: &str) -> Result<(), IdentifierError> {
    digits(kind, text)?;
    if gs1_check_digit_holds(text) { Ok(()) } else { Err(IdentifierError::CheckDigit { kind }) }
}
