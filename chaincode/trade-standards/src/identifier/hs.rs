//! Harmonized System codes: chapter, heading and subheading, six digits together.

use super::check::{digits, length};
use super::{IdentifierError, IdentifierKind};

text_identifier! {
    /// A subheading of the Harmonized System: six digits without a dot. National digits are not part of it.
    HsCode, IdentifierKind::Hs, "^[0-9]{6}$", "950300"
}

impl HsCode {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        let kind = IdentifierKind::Hs;
        length(kind, text, 6..=6, "6")?;
        digits(kind, text)?;
        // Chapters run from 01 to 97 (77 is reserved); 98 and 99 belong to national schemes.
        if !("01"..="97").contains(&&text[..2]) || &text[..2] == "77" {
            return Err(IdentifierError::Form { kind, rule: "the chapter must be 01 to 97 and not 77" });
        }
        Ok(text.to_owned())
    }

    /// The first two digits.
    pub fn chapter(&self) -> &str {
        &self.as_str()[..2]
    }

    /// The first four digits.
    pub fn heading(&self) -> &str {
        &self.as_str()[..4]
    }
}
