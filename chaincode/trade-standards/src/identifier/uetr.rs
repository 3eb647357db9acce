//! Unique end-to-end transaction references: a UUID version 4 in lower case.

use super::check::{every_byte, length};
use super::error::{IdentifierError, IdentifierKind};

text_identifier! {
    /// A payment's unique reference, 36 characters, lower case, UUID version 4 (RFC 9562) only.
    Uetr, IdentifierKind::Uetr,
    "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
    "255ae394-9965-4438-ac86-f406feada396"
}

impl Uetr {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        let kind = IdentifierKind::Uetr;
        length(kind, text, 36..=36, "36")?;
        every_byte(kind, text, |position, byte| match position {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })?;
        if text.as_bytes()[14] != b'4' {
            return Err(IdentifierError::Form { kind, rule: "the UUID must have version 4" });
        }
        if !matches!(text.as_bytes()[19], b'8' | b'9' | b'a' | b'b') {
            return Err(IdentifierError::Form { kind, rule: "the UUID must have the RFC 9562 variant" });
        }
        Ok(text.to_owned())
    }
}
