//! Ship numbers of the IMO scheme: seven digits, the last one checks the others.
//!
//! Some real ships carry numbers that break the check; a program that meets one keeps it as text and says so.

use super::check::{digits, length};
use super::error::{IdentifierError, IdentifierKind};

text_identifier! {
    /// A ship number: seven digits without the letters `IMO`.
    ImoNumber, IdentifierKind::Imo, "^[0-9]{7}$", "9319466"
}

impl ImoNumber {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        let kind = IdentifierKind::Imo;
        length(kind, text, 7..=7, "7")?;
        digits(kind, text)?;
        let bytes = text.as_bytes();
        let sum: u32 = (0..6).map(|index| u32::from(bytes[index] - b'0') * (7 - index as u32)).sum();
        if sum % 10 != u32::from(bytes[6] - b'0') {
            return Err(IdentifierError::CheckDigit { kind });
        }
        Ok(text.to_owned())
    }
}
