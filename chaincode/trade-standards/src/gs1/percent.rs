//! Percent-encoding as the canonical form of GS1 Digital Link demands (standard 1.4, table 7-1).

use super::DigitalLinkError;

/// Encodes everything but letters, digits and `- . _ ' ; =`, with upper-case hexadecimal digits.
pub(super) fn encode(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'\'' | b';' | b'=') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Decodes; the result is ASCII without control characters.
pub(super) fn decode(text: &str) -> Result<String, DigitalLinkError> {
    let mut decoded = String::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'%' => {
                let high = bytes.next().and_then(hexadecimal).ok_or(DigitalLinkError::PercentEncoding)?;
                let low = bytes.next().and_then(hexadecimal).ok_or(DigitalLinkError::PercentEncoding)?;
                high << 4 | low
            }
            other => other,
        };
        if !byte.is_ascii_graphic() && byte != b' ' {
            return Err(DigitalLinkError::PercentEncoding);
        }
        decoded.push(char::from(byte));
    }
    Ok(decoded)
}

fn hexadecimal(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}
