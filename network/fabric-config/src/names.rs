//! What may name a channel (Fabric's `configtx` rules).

/// Whether `id` may name a channel: lower-case letters, digits, dots and dashes, a letter first, at most 249 bytes.
pub fn is_channel_id(id: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    id.len() <= 249 && id.as_bytes().first().is_some_and(u8::is_ascii_lowercase) && id.bytes().all(legal)
}
