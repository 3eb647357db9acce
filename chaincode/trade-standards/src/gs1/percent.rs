//! Percent-encoding as the canonical form of GS1 Digital Link demands (standard 1.4, table 7-1).

use super::error::DigitalLinkError;
use crate::percent::{self, Plus};

/// Encodes everything but letters, digits and `- . _ ' ; =`, with upper-case hexadecimal digits.
pub(super) fn encode(value: &str) -> String {
    percent::encode_except(value, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'\'' | b';' | b'=')
    })
}

/// Decodes; the result is ASCII without control characters.
pub(super) fn decode(text: &str) -> Result<String, DigitalLinkError> {
    let decoded = percent::decode(text, Plus::Itself).map_err(|_| DigitalLinkError::PercentEncoding)?;
    let printable = decoded.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if printable { Ok(decoded) } else { Err(DigitalLinkError::PercentEncoding) }
}
