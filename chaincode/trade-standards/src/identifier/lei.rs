//! Legal entity identifiers (ISO 17442): 18 characters and two check digits over the whole.

use super::check::{every_byte, iso7064_mod97, length};
use super::error::{IdentifierError, IdentifierKind};

text_identifier! {
    /// A legal entity identifier: 20 characters, upper case.
    Lei, IdentifierKind::Lei, "^[0-9A-Z]{18}[0-9]{2}$", "213800KUD8LAJWSQ9D15"
}

impl Lei {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        let kind = IdentifierKind::Lei;
        length(kind, text, 20..=20, "20")?;
        every_byte(kind, text, |position, byte| byte.is_ascii_digit() || (position < 18 && byte.is_ascii_uppercase()))?;
        if iso7064_mod97(text) != Some(1) {
            return Err(IdentifierError::CheckDigit { kind });
        }
        Ok(text.to_owned())
    }
}
