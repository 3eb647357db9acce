//! Percent-encoding of URIs (RFC 3986 §2.1): the one codec for all crates.

use std::fmt::Write;

/// A percent sign without two hexadecimal digits behind it, or bytes that are no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PercentError {
    /// Fewer than two hexadecimal digits follow a percent sign.
    #[error("two hexadecimal digits must follow the percent sign at byte {position}")]
    Digits {
        /// Byte position of the percent sign, counted from 0.
        position: usize,
    },
    /// What was encoded is not UTF-8.
    #[error("the percent-encoded bytes are not UTF-8")]
    NotUtf8,
}

/// What a plus sign stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plus {
    /// A plus sign, as everywhere in a URI.
    Itself,
    /// A blank, as in the query that an HTML form writes.
    Blank,
}

/// Encodes a part of a URI, such as one path segment: everything but letters, digits and `- . _ ~`.
pub fn encode(text: &str) -> String {
    encode_except(text, is_unreserved)
}

/// Encodes every byte that `stays` refuses, with upper-case hexadecimal digits.
pub fn encode_except(text: &str, stays: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii() && stays(byte) {
            encoded.push(char::from(byte));
        } else {
            push_encoded(&mut encoded, byte);
        }
    }
    encoded
}

/// Decodes to text.
///
/// # Errors
/// [`PercentError`].
pub fn decode(text: &str, plus: Plus) -> Result<String, PercentError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut position = 0;
    while let Some(&byte) = text.as_bytes().get(position) {
        match byte {
            b'%' => {
                decoded.push(encoded_at(text, position).ok_or(PercentError::Digits { position })?);
                position += 2;
            }
            b'+' if plus == Plus::Blank => decoded.push(b' '),
            other => decoded.push(other),
        }
        position += 1;
    }
    String::from_utf8(decoded).map_err(|_| PercentError::NotUtf8)
}

/// The text with unreserved characters decoded and all other encodings in upper case (RFC 3986 §6.2.2).
///
/// # Errors
/// [`PercentError::Digits`]: what encodes nothing has no normal form.
pub fn normal_form(text: &str) -> Result<String, PercentError> {
    let mut normal = String::with_capacity(text.len());
    let mut end = 0;
    while let Some(position) = text[end..].find('%').map(|found| end + found) {
        normal.push_str(&text[end..position]);
        match encoded_at(text, position).ok_or(PercentError::Digits { position })? {
            byte if is_unreserved(byte) => normal.push(char::from(byte)),
            byte => push_encoded(&mut normal, byte),
        }
        end = position + 3;
    }
    Ok(normal + &text[end..])
}

/// The byte that the percent sign at `position` encodes.
fn encoded_at(text: &str, position: usize) -> Option<u8> {
    let digit = |offset: usize| char::from(*text.as_bytes().get(position + offset)?).to_digit(16);
    u8::try_from(digit(1)? * 16 + digit(2)?).ok()
}

fn push_encoded(encoded: &mut String, byte: u8) {
    write!(encoded, "%{byte:02X}").expect("writing to a string does not fail");
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_again() {
        for text in ["", "a/b c", "100 %", "é😀", "-._~", "%41"] {
            assert_eq!(decode(&encode(text), Plus::Itself).as_deref(), Ok(text));
        }
        assert_eq!(encode("a/b c é"), "a%2Fb%20c%20%C3%A9");
        assert_eq!((decode("a+b", Plus::Itself), decode("a+b", Plus::Blank)), (Ok("a+b".into()), Ok("a b".into())));
    }

    #[test]
    fn a_lone_percent_sign_and_bytes_that_are_no_text_are_refused() {
        for (text, position) in [("%", 0), ("a%4", 1), ("%zz", 0), ("%41%é", 3), ("%+1", 0)] {
            assert_eq!(decode(text, Plus::Itself), Err(PercentError::Digits { position }), "{text}");
        }
        assert_eq!(decode("%FF", Plus::Itself), Err(PercentError::NotUtf8));
    }

    #[test]
    fn the_normal_form_decodes_what_needs_no_encoding() {
        for (text, normal) in [("%41%2f%7E", "A%2F~"), ("%25%34%31", "%2541"), ("é", "é")] {
            assert_eq!(normal_form(text).as_deref(), Ok(normal), "{text}");
        }
        // With the lone sign left alone, this would become %41 and then A.
        assert_eq!(normal_form("a%%341"), Err(PercentError::Digits { position: 1 }));
    }
}
