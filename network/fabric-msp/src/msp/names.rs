//! What may name an organization.

/// Whether `id` may name a group of a channel configuration, and so an organization there: letters, digits, dots and
/// dashes, at most 249 bytes.
pub fn is_group_id(id: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    !id.is_empty() && id.len() <= 249 && id != "." && id != ".." && id.bytes().all(legal)
}
