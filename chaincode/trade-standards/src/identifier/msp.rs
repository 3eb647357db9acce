//! The id under which an organization stands on the channel.

use super::check::{every_byte, length};
use super::error::{IdentifierError, IdentifierKind};

text_identifier! {
    /// A membership service provider's id: 1 to 64 characters, letters, digits, dot and hyphen, starting with
    /// a letter or digit.
    ///
    /// Fabric itself allows more; the set is narrowed to what is safe inside ledger keys, collection names and
    /// file names.
    MspId, IdentifierKind::Msp, "^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$", "ExporterMSP"
}

impl MspId {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        let kind = IdentifierKind::Msp;
        length(kind, text, 1..=64, "1 to 64")?;
        every_byte(kind, text, |position, byte| {
            byte.is_ascii_alphanumeric() || (position > 0 && matches!(byte, b'.' | b'-'))
        })?;
        Ok(text.to_owned())
    }
}
