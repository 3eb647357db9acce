//! Places of trade and transport (UN/LOCODE): a country and three characters.
//!
//! Only the form and the country are checked; whether the place is listed is a question for a ledger list.

use super::check::{every_byte, length};
use super::country::is_listed;
use super::error::{IdentifierError, IdentifierKind};

text_identifier! {
    /// A place code: two letters of the country, three of letters and the digits 2 to 9; written without a blank.
    UnLocode, IdentifierKind::UnLocode, "^[A-Z]{2}[A-Z2-9]{3}$", "NLRTM"
}

impl UnLocode {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        let kind = IdentifierKind::UnLocode;
        length(kind, text, 5..=5, "5")?;
        every_byte(kind, text, |position, byte| {
            byte.is_ascii_uppercase() || (position >= 2 && matches!(byte, b'2'..=b'9'))
        })?;
        // XZ stands for installations in international waters.
        if !is_listed(&text[..2]) && &text[..2] != "XZ" {
            return Err(IdentifierError::UnknownCountry { kind });
        }
        Ok(text.to_owned())
    }

    /// The two letters of the country.
    pub fn country(&self) -> &str {
        &self.as_str()[..2]
    }
}
