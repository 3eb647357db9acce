//! Amounts as texts.

/// An amount in minor units: a whole number from 0 in decimal digits.
pub(super) fn minor_units(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}
